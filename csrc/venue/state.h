/* The paper venue's inside: what it holds, and the calls between its files.
 *
 *   paper.c      memory, one event in, steps until it is done
 *   answers.c    what the venue says of an order; a fill with its fee
 *   arriving.c   a request at the venue: cancel leg, refusals, taking, resting
 *   market.c     trades and quotes against what of ours rests
 *   stops.c      stops that a quote has reached
 *   lanes, queue our resting orders by price and time; others ahead of them
 *   displayed    what the market displays, taken once
 *   fees, latency
 *
 * Each step writes at most one answer, and what is left to do lies in the task: a full out is no loss.
 */
#ifndef B3_VENUE_STATE_H
#define B3_VENUE_STATE_H

#include "base/map.h"
#include "venue/displayed.h"
#include "venue/fees.h"
#include "venue/lanes.h"
#include "venue/paper.h"

/* One instrument here. Sides by index: 0 bids, 1 asks. */
typedef struct b3_paper_market {
    b3_ladder resting[2];
    b3_ladder stops[2]; /* by the side of the touch that reaches them: 0 sells that wait for the bid, 1 buys that wait for the ask */
    int64_t depth_id;   /* update id and exchange time of the newest depth message */
    int64_t depth_ns;
    b3_shelf shelves[2]; /* what is displayed */
} b3_paper_market;

enum b3_paper_stage {
    B3_STEP_IDLE,
    B3_STEP_CANCEL,
    B3_STEP_ARRIVE,
    B3_STEP_TAKE,
    B3_STEP_FILLS,
    B3_STEP_SETTLE,
    B3_STEP_SWEEP,
    B3_STEP_TRIGGER
};

#define B3_LANE_ENTER (UINT32_MAX - 1) /* b3_task.at: the lane's first order, once its queue is up to date */

typedef struct b3_task {
    enum b3_paper_stage stage;
    enum b3_paper_stage after; /* an order's end: IDLE, or TRIGGER when it was a stop */
    uint8_t refusal;           /* b3_rule: known before the order arrives */
    uint8_t action;
    uint8_t by_trade; /* SWEEP */
    uint8_t reserved[5];
    uint64_t orig_order_id;
    b3_paper_order order; /* the one at hand */
    uint32_t walked_at;
    b3_walk walk;
    /* SWEEP: side by side, lane by lane, order by order */
    b3_paper_market *market;
    uint32_t side; /* of our orders; 2: done */
    uint32_t lane;
    uint32_t at;
    uint64_t reached[2]; /* lanes before this key are reached: the queue does not matter there */
    uint64_t level[2];   /* the lane of this key is traded at: its queue is eaten from the front; no key: UINT64_MAX */
    int64_t left[2];     /* that can still fill ours */
    int64_t eaten;       /* of others in the lane at hand */
    int64_t happened_ns; /* only orders that came before it are concerned */
    b3_trade trade;
    b3_touch touch;
} b3_task;

struct b3_paper {
    b3_paper_config config;
    const b3_instrument *instruments;
    b3_paper_market *markets;
    b3_lanes lanes;
    b3_map *by_id;
    b3_fees fees;
    uint64_t venue_order_id; /* the last one given */
    uint64_t exec_id;
    uint64_t event_no;
    uint32_t instrument_count;
    uint32_t reserved;
    b3_task task;
};

/* ---------------------------------------------------------------- answers.c */

b3_update b3_paper_answer(const b3_paper_order *order, uint8_t state, uint16_t rule);
void b3_paper_write(b3_slot *out, const b3_update *update);
void b3_paper_tell(b3_slot *out, const b3_paper_order *order, uint8_t state, uint16_t rule);
/* Fills the order, or expires it when the money does not fit; returns 1 when the order is done. */
int b3_paper_fill(b3_paper *paper, b3_slot *out, b3_paper_order *order, int64_t price_raw, int64_t qty_raw, uint8_t liquidity);

/* ---------------------------------------------------------------- arriving.c */

void b3_paper_start_request(b3_paper *paper, const b3_request *request, const b3_view *view);
/* What an order takes at once goes to the task's walk. Returns a rule that ends it instead: POST_ONLY, FOK, or OPEN_ORDERS. */
uint16_t b3_paper_take(b3_paper *paper, const b3_view *view);
int b3_paper_step_cancel(b3_paper *paper, b3_slot *out);
int b3_paper_step_arrive(b3_paper *paper, const b3_view *view, b3_slot *out);
/* Of a stop that was triggered. */
int b3_paper_step_take(b3_paper *paper, const b3_view *view, b3_slot *out);
int b3_paper_step_fill(b3_paper *paper, b3_slot *out);
int b3_paper_step_settle(b3_paper *paper, const b3_view *view, b3_slot *out);
/* Takes an order of ours out of its lane; the slot is free then, and readable until the next order comes. */
void b3_paper_take_out(b3_paper *paper, uint32_t slot);

/* ---------------------------------------------------------------- market.c */

void b3_paper_start_trade(b3_paper *paper, const b3_trade *trade, const b3_view *view);
void b3_paper_start_quote(b3_paper *paper, uint32_t instrument, const b3_view *view);
int b3_paper_step_sweep(b3_paper *paper, b3_slot *out);

/* ---------------------------------------------------------------- stops.c */

/* 1: the touch is where the stop waits for it. */
int b3_stop_reached(const b3_paper_order *order, const b3_touch *touch);
/* Takes the first stop that the touch has reached, if there is one. */
int b3_paper_step_trigger(b3_paper *paper, const b3_view *view, b3_slot *out);

/* ---------------------------------------------------------------- an order of ours */

static inline int b3_is_stop(const b3_paper_order *order) {
    return order->order_type == B3_STOP || order->order_type == B3_STOP_LIMIT;
}

/* 1: it has a limit price, and may rest at it. */
static inline int b3_has_limit(const b3_paper_order *order) {
    return order->order_type == B3_LIMIT || order->order_type == B3_STOP_LIMIT;
}

static inline int b3_waits_for_trigger(const b3_paper_order *order) {
    return b3_is_stop(order) && !order->triggered;
}

/* The side of the touch that reaches a stop: a sell's the bids, a buy's the asks. */
static inline uint32_t b3_stop_side(const b3_paper_order *order) {
    return order->side == B3_SELL ? 0 : 1;
}

#endif
