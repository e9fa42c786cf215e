/* Pre-trade checks: a request and what is known -> a decision. Fails closed: what cannot be judged is refused.
 *
 * Order of the checks; the first that refuses is the answer, and a refusal charges nothing. limit, value: what the decision then tells.
 *
 *   rule              refuses                                                                     limit, value
 *   MALFORMED         a field outside its enum, an unknown flag, quantity <= 0, a price that the  0, 0
 *                     type needs and that is not > 0, a stop price that it has no use for, order
 *                     id 0, MARKET or STOP with POST_ONLY, an instrument that is not the view's
 *   DUPLICATE_ID      an order id that is not above every id allowed before: ids grow             highest id, id
 *   UNKNOWN_ORDER     REPLACE of an order that holds no reservation in this instrument            0, that id
 *   KILLED            the standing says so (standing.h)                                           the standing's
 *   EXIT              a stop is taking this position out                                          0, 0
 *   HALTED            the view is halted, or its book is not synced                               SYNCED, flags
 *   NOT_TRADING       the venue takes no orders for the instrument                                1, 0
 *   NO_TOUCH          a side of the touch is missing                                              0, 0
 *   STALE             now - touch > stale_after_ns, or the touch has no time                      ns
 *   FEED_LATE         view->late_ns > late_after_ns; a feed without exchange time (0) passes      ns
 *   CROSSED           bid >= ask                                                                  ask, bid: price
 *   ORDER_RATE        token bucket, burst = rate; integer arithmetic on view->now_ns, a clock     orders a second
 *                     that steps back gives no tokens
 *   REDUCE_ONLY       with that flag: more than may be taken off the position, all open orders    quantity
 *                     of that side counted
 *   DAILY_LOSS, DRAWDOWN, BREAKER   the standing says so, and REDUCE_ONLY would refuse            the standing's
 *   QTY_MAX                                                                                       quantity
 *   PRICE_COLLAR      a buy that reaches further than the rate above the ask, a sell below the    price
 *                     bid; of a STOP_LIMIT the limit against the stop price, where it starts. A
 *                     stop price that the touch has reached already is refused, rate or not
 *   NOTIONAL_MAX                                                                                  reporting money
 *   OPEN_ORDERS       all instruments, in flight included; also when order_capacity is reached    orders
 *   POSITION_MAX      long = position + all open buys, short = position - all open sells; only    quantity, signed
 *                     the side that the order moves
 *   OPEN_POSITIONS    instruments held or that open orders may open; dust below the smallest lot  instruments
 *                     does not count; refused only when the order adds one
 *   EXPOSURE_MAX      sum over instruments of worst-case |position| x mark; refused only when     reporting money
 *                     the order makes the position's worst case larger
 *   NET_EXPOSURE_MAX  a buy: sum of the signed long exposures (worst_case.h); a sell: of the      reporting money,
 *                     short ones                                                                  signed
 *   SELF_CROSS        a price that meets an open or in-flight order of our own on the other side, price
 *                     any strategy's, one being cancelled included. Stops are neither judged nor
 *                     counted before they are triggered
 *   CASH              BUY: free quote >= notional + taker fee, both rounded up; SELL: free base   money of that
 *                     >= quantity, unless allow_short                                             currency
 *   LOTS              FIFO, LIFO: fewer lots are free than B3_LOTS_AN_ORDER for each open order  lots
 *                     and this one; what REDUCE_ONLY would let pass needs none
 *   the venue's filters                                                                           see filters.h
 *   OVERFLOW          wherever a number does not fit                                              INT64_MAX, quantity
 *
 * CANCEL is always allowed and charges nothing. A rule with limit 0 in the settings is off.
 *
 * B3_FLAG_EXIT: the engine takes a position out. What exists to stop new risk does not hold it up: of the list it meets MALFORMED,
 * DUPLICATE_ID, UNKNOWN_ORDER, REDUCE_ONLY (flag or not: it never flips a position), the filters and OVERFLOW, and OPEN_ORDERS only when
 * the slots kept for exits, one an instrument beyond order_capacity, are used up too. It is charged like any other order, an order-rate
 * token apart; its cash is locked even where it is not there.
 *
 * Prices: a LIMIT and STOP_LIMIT is valued at its limit, a STOP at its stop price, a MARKET buy at the worst displayed price that its
 * quantity reaches (the touch if that is enough, else the depth book; beyond the displayed depth, its last level), a MARKET sell at the
 * bid. What a price reaches, for PRICE_COLLAR and SELF_CROSS: the limit, or that worst displayed price. A market order may still cost
 * more than was locked when the market moves before it arrives, and each fill is rounded for itself: the balance then shows it, nothing
 * is hidden. The exposure limits value every instrument at its mark. Money limits are in the reporting currency: an instrument quoted in
 * another one is refused by them, when they are on, until a rate is known.
 *
 * Reservations: an allowed order reserves its quantity (worst case), an open-order count and its cash until the venue has told what
 * became of it: each fill gives back its part, the last update the rest, each exactly once (by the cumulative quantity, so that a
 * repeated update changes nothing). Both legs of a replace are held until then; an order that the venue has not told of stays reserved.
 */
#ifndef B3_RISK_LIMITS_H
#define B3_RISK_LIMITS_H

#include "bot3.h"
#include "risk/account.h"
#include "risk/standing.h"

typedef struct b3_risk b3_risk;

/* Everything is copied but instruments, account and standing, which are borrowed. Of an instrument trading and max_num_orders may change
 * while this lives, nothing else. */
typedef struct b3_risk_config {
    b3_limits limits;
    const b3_instrument_limits *per_instrument; /* instrument_count of them */
    const b3_instrument *instruments;
    b3_account *account; /* positions and balances are read there, locks are kept there */
    uint32_t instrument_count;
    uint32_t currency_count;
    uint32_t reporting_currency;
    uint32_t order_capacity; /* reservations at once, exits apart */
    int64_t taker_fee_rate_raw;
    const b3_standing *standing; /* NULL: nothing is blocked */
} b3_risk_config;

/* memory: zeroed, aligned to 64. NULL: order_capacity 0, or reporting_currency >= currency_count. */
size_t b3_risk_size(const b3_risk_config *config);
b3_risk *b3_risk_init(void *memory, const b3_risk_config *config);

/* Judges a request in the form the strategy gave it (ids already set). Writes *decision whole but for its header's times and number.
 * Allowed: everything that the order may become has been charged. Cost: see benches. */
void b3_risk_decide(b3_risk *risk, const b3_request *request, const b3_view *view, b3_decision *decision);
/* The same decision and the same charge without the fast way (quick.h): what it is tested against. */
void b3_risk_decide_exactly(b3_risk *risk, const b3_request *request, const b3_view *view, b3_decision *decision);

/* Every update passes here once, after b3_account_on_update has taken a fill into the position. */
void b3_risk_on_update(b3_risk *risk, const b3_update *update);

/* Latest mark of an instrument (mid of the touch), for exposure. An order's own instrument is marked at the view's mid when it is allowed.
 */
void b3_risk_on_mark(b3_risk *risk, uint32_t instrument, int64_t price_raw);

/* One unit of rate->base in rate->quote; used when quote is the reporting currency. O(instruments). */
void b3_risk_on_rate(b3_risk *risk, const b3_rate *rate);

/* Worst case of an instrument; open orders, positions and exposures over all (those 0 while no limit on them is set). */
typedef struct b3_risk_state {
    int64_t pending_buy_raw;
    int64_t pending_sell_raw;
    int64_t best_buy_raw; /* highest price of our own that can trade, 0 none */
    int64_t best_sell_raw;
    int64_t exposure_raw;  /* gross; reporting money, rounded up */
    int64_t net_long_raw;  /* rounded up */
    int64_t net_short_raw; /* rounded down */
    uint32_t instrument_orders;
    uint32_t open_orders;
    uint32_t open_positions;
    uint32_t reserved;
} b3_risk_state;
void b3_risk_read(const b3_risk *risk, uint32_t instrument, b3_risk_state *out);

#endif
