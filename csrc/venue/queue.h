/* How far ahead of us others stand at a price: an estimate, since the market shows only the sum there.
 *
 * When an order comes, all that is displayed at its price is ahead of it. What happens then depends on the model:
 *
 *   none           ahead = 0 always
 *   conservative   only trades at the price advance it: ahead -= traded. Cancels never do, not even when less is displayed than is ahead.
 *   proportional   a decrease of what is displayed that trades do not explain was cancelled by everyone alike:
 *                      ahead' = ahead - floor(ahead x cancelled / displayed before),   at most what is displayed after
 *                  an increase stands behind. This is hftbacktest's ProbQueueModel with f(x) = x, which is power_prob_queue_model(1): the
 *                  share of those behind is back / (front + back), see rigtorp.se/2013/06/08/estimating-order-queue-position.html. Two
 *                  things differ: it takes trades off the decrease but not off "displayed before", and it forgets the trades that are
 *                  not displayed yet at every change of the price's quantity.
 *
 * One reduction counts once. A trade and the display that shows it come in either order (on Binance the ticker is ahead of the trade in
 * 60 % of the recorded session). So two amounts are kept a price:
 *
 *   traded     printed here, and no display has shown it yet
 *   reductions displayed decreases that no trade has explained yet, with the time when they were seen
 *
 *   display falls by d:  x = min(d, traded);  traded -= x;  what is left, d - x, becomes a reduction: it does not move the queue yet
 *   trade of q:          reductions that were seen before the trade can have been seen are cancels for good: their share moves the queue;
 *                        x = min(q, reductions left);  reductions -= x, oldest first;  traded += q - x;  then q eats from the front
 *
 * When a trade can have been seen: its exchange time + the smallest receive time - exchange time so far, less B3_CLOCK_SLACK_NS, for
 * exchange time counts in milliseconds and clocks drift (5 us a second in the session). A trade that no display will ever show (somebody
 * refilled the price in the same message) is forgotten with the first depth message whose time is after it: that one has it in.
 * For the same reason a trade that happened before an order came is not for that order, whenever it arrives.
 *
 * At most B3_REDUCTIONS are kept apart; of more the two oldest become one, with the younger's time.
 */
#ifndef B3_VENUE_QUEUE_H
#define B3_VENUE_QUEUE_H

#include "bot3.h"

#define B3_REDUCTIONS 8
#define B3_CLOCK_SLACK_NS 2000000

typedef struct b3_reduction {
    int64_t qty_raw;
    int64_t before_raw; /* displayed before it */
    int64_t seen_ns;    /* receive time */
    uint64_t seen_no;   /* of the venue's events */
} b3_reduction;

typedef struct b3_queue {
    int64_t shown_raw;
    int64_t shown_id; /* update id of that display */
    int64_t traded_raw;
    int64_t traded_ns; /* exchange time of the newest of it */
    uint32_t count;
    uint32_t reserved;
    b3_reduction reductions[B3_REDUCTIONS]; /* oldest first */
} b3_queue;

/* A display of the price, newer than the last one by its update id; older ones change nothing. depth_ns: exchange time of the newest
 * depth message before it. seen_ns, seen_no: now. */
void b3_queue_show(b3_queue *queue, int64_t qty_raw, int64_t update_id, int64_t depth_ns, int64_t seen_ns, uint64_t seen_no);
/* A trade at the price, after its reductions from before it were taken out. traded_ns: its exchange time. */
void b3_queue_trade(b3_queue *queue, int64_t qty_raw, int64_t depth_ns, int64_t traded_ns);
/* Takes out the oldest reduction if it was seen before happened_ns. 1: *out is it. */
int b3_queue_settle(b3_queue *queue, int64_t happened_ns, b3_reduction *out);
/* Most that can be ahead of anyone: what is displayed, less what was traded since, and what may still turn out to be a trade. */
int64_t b3_queue_bound(const b3_queue *queue);
/* ahead after a cancel. */
int64_t b3_queue_after_cancel(int64_t ahead_raw, const b3_reduction *cancel);

#endif
