#include "venue/state.h"

/* ---------------------------------------------------------------- queues */

/* A cancel moves everyone who was here when it was seen. */
static void apply_cancel(const b3_paper *paper, const b3_lane *lane, const b3_reduction *cancel) {
    for (uint32_t at = lane->first; at != B3_LANE_NONE; at = paper->lanes.orders[at].next) {
        b3_paper_order *order = &paper->lanes.orders[at];
        if (order->arrived_no >= cancel->seen_no) return; /* it and all behind it came later, to what was displayed then */
        order->ahead_raw = b3_queue_after_cancel(order->ahead_raw, cancel);
    }
}

/* Before a trade eats from a lane's queue: what can no longer be a trade was cancelled, and the trade is taken note of. */
static void settle_lane(const b3_paper *paper, b3_lane *lane, const b3_task *task) {
    b3_queue *queue = &lane->queue;
    b3_reduction cancel;
    if (paper->config.queue_model != B3_QUEUE_PROPORTIONAL || lane->first == B3_LANE_NONE) return;
    if (paper->lanes.orders[lane->first].arrived_ns >= task->happened_ns) return; /* over before anyone of ours came */
    while (b3_queue_settle(queue, task->happened_ns, &cancel)) apply_cancel(paper, lane, &cancel);
    const int64_t bound = b3_queue_bound(queue);
    for (uint32_t at = lane->first; at != B3_LANE_NONE; at = paper->lanes.orders[at].next)
        if (paper->lanes.orders[at].ahead_raw > bound) paper->lanes.orders[at].ahead_raw = bound;
    b3_queue_trade(queue, task->trade.qty_raw, task->market->depth_ns, task->trade.hdr.ts_exchange_ns);
}

static void show(b3_paper *paper, const b3_paper_market *market, b3_lane *lane, int64_t qty_raw, int64_t update_id, int64_t now_ns) {
    b3_queue_show(&lane->queue, qty_raw, update_id, market->depth_ns, now_ns, paper->event_no);
}

/* The touch shows what is at its price, and that nothing is before it. */
static void show_touch(b3_paper *paper, const b3_paper_market *market, uint32_t side, const b3_view *view) {
    const b3_ladder *ladder = &market->resting[side];
    const b3_touch *touch = view->touch;
    if (ladder->first == B3_LANE_NONE || b3_touch_qty(touch, side) <= 0) return;
    const uint64_t key = b3_lane_key(side, b3_touch_price(touch, side));
    uint32_t at = ladder->first;
    for (; at != B3_LANE_NONE && paper->lanes.lanes[at].key < key; at = paper->lanes.lanes[at].next)
        show(paper, market, &paper->lanes.lanes[at], 0, touch->update_id, view->now_ns);
    if (at != B3_LANE_NONE && paper->lanes.lanes[at].key == key)
        show(paper, market, &paper->lanes.lanes[at], b3_touch_qty(touch, side), touch->update_id, view->now_ns);
}

void b3_paper_on_levels(b3_paper *paper, const b3_level *levels, uint32_t count, int64_t now_ns) {
    b3_paper_market *market = &paper->markets[levels->hdr.instrument];
    const int watched = market->resting[0].first != B3_LANE_NONE || market->resting[1].first != B3_LANE_NONE;
    paper->event_no++;
    for (uint32_t i = 0; watched && paper->config.queue_model == B3_QUEUE_PROPORTIONAL && i < count; i++) {
        const uint32_t side = (levels[i].hdr.flags & B3_FLAG_ASK) != 0;
        if ((levels[i].hdr.flags & B3_FLAG_NO_LEVEL) != 0) continue;
        const uint32_t lane = b3_lanes_find(&paper->lanes, &market->resting[side], b3_lane_key(side, levels[i].price_raw));
        if (lane != B3_LANE_NONE) show(paper, market, &paper->lanes.lanes[lane], levels[i].qty_raw, levels[i].last_update_id, now_ns);
    }
    market->depth_id = levels[count - 1].last_update_id;
    if (levels->hdr.ts_exchange_ns > market->depth_ns) market->depth_ns = levels->hdr.ts_exchange_ns;
}

/* ---------------------------------------------------------------- starting */

static void start_sweep(b3_paper *paper, b3_paper_market *market) {
    b3_task *task = &paper->task;
    task->stage = B3_STEP_SWEEP;
    task->market = market;
    task->side = 0;
    task->lane = market->resting[0].first;
    task->at = B3_LANE_ENTER;
}

static int nothing_rests(const b3_paper_market *market) {
    return market->resting[0].first == B3_LANE_NONE && market->resting[1].first == B3_LANE_NONE;
}

void b3_paper_start_trade(b3_paper *paper, const b3_trade *trade, const b3_view *view) {
    b3_task *task = &paper->task;
    b3_paper_market *market = &paper->markets[trade->hdr.instrument];
    if (nothing_rests(market) || trade->price_raw <= 0 || trade->qty_raw <= 0) return;
    start_sweep(paper, market);
    task->by_trade = 1;
    task->trade = *trade;
    const uint32_t hit = (trade->hdr.flags & B3_FLAG_BUYER_MAKER) != 0 ? 0 : 1; /* the side whose queue it ate from */
    for (uint32_t side = 0; side < 2; side++) {
        task->reached[side] = b3_lane_key(side, trade->price_raw);
        task->level[side] = side == hit ? task->reached[side] : UINT64_MAX;
        task->left[side] = trade->qty_raw;
    }
    task->happened_ns = trade->hdr.ts_exchange_ns == 0 ? INT64_MAX : view->now_ns - view->late_ns - B3_CLOCK_SLACK_NS;
}

void b3_paper_start_quote(b3_paper *paper, uint32_t instrument, const b3_view *view) {
    b3_task *task = &paper->task;
    b3_paper_market *market = &paper->markets[instrument];
    for (uint32_t side = 0; side < 2; side++)
        if (market->shelves[side].count > 0) b3_shelf_look(&market->shelves[side], view->touch);
    task->market = market;
    if (nothing_rests(market)) {
        const int waits = market->stops[0].first != B3_LANE_NONE || market->stops[1].first != B3_LANE_NONE;
        task->stage = waits ? B3_STEP_TRIGGER : B3_STEP_IDLE;
        return;
    }
    if (paper->config.queue_model == B3_QUEUE_PROPORTIONAL)
        for (uint32_t side = 0; side < 2; side++) show_touch(paper, market, side, view);
    start_sweep(paper, market);
    task->by_trade = 0;
    task->touch = *view->touch;
    task->happened_ns = INT64_MAX;
    for (uint32_t side = 0; side < 2; side++) {
        const int shown = b3_touch_qty(view->touch, 1 - side) > 0;
        task->reached[side] = shown ? b3_lane_key(side, b3_touch_price(view->touch, 1 - side)) + 1 : 0; /* a price that it equals too */
        task->level[side] = UINT64_MAX;
        task->left[side] = b3_shelf_left(&market->shelves[1 - side], view->touch);
    }
}

/* ---------------------------------------------------------------- sweeping, one fill a step */

/* What the order at hand gets. A lane that is reached has nobody left but us; in one that is traded at, others eat first. */
static int64_t turn(b3_task *task, b3_paper_order *order, int traded_at) {
    int64_t *left = &task->left[task->side];
    int64_t before = 0;
    if (traded_at) {
        const int64_t others = order->ahead_raw > task->eaten ? order->ahead_raw - task->eaten : 0;
        const int64_t eats = others < *left ? others : *left;
        task->eaten += eats;
        *left -= eats;
        before = others - eats;
    }
    order->ahead_raw = before;
    const int64_t open = order->qty_raw - order->cum_qty_raw;
    return before > 0 ? 0 : open < *left ? open : *left;
}

/* The next order to fill, in price-time order, and what it gets; B3_LANE_NONE at the end. The cursor stands behind it then. */
static uint32_t next_fill(b3_paper *paper, int64_t *qty_raw) {
    b3_task *task = &paper->task;
    for (; task->side < 2; task->side++) {
        while (task->lane != B3_LANE_NONE) {
            b3_lane *lane = &paper->lanes.lanes[task->lane];
            const int traded_at = lane->key == task->level[task->side];
            if (!traded_at && lane->key >= task->reached[task->side]) break;
            if (task->at == B3_LANE_ENTER) {
                if (traded_at) settle_lane(paper, lane, task);
                task->eaten = 0;
                task->at = lane->first;
            }
            while (task->at != B3_LANE_NONE) {
                const uint32_t slot = task->at;
                b3_paper_order *order = &paper->lanes.orders[slot];
                task->at = order->arrived_ns < task->happened_ns ? order->next : B3_LANE_NONE;
                if (order->arrived_ns >= task->happened_ns) break; /* the rest of the lane came later still */
                *qty_raw = turn(task, order, traded_at);
                if (*qty_raw == 0) continue;
                if (task->at == B3_LANE_NONE) {
                    task->lane = lane->next; /* now: the lane may go with the order */
                    task->at = B3_LANE_ENTER;
                }
                return slot;
            }
            task->lane = lane->next;
            task->at = B3_LANE_ENTER;
        }
        if (task->side == 1) continue;
        if (task->by_trade) task->left[1] = task->left[0]; /* one print, whichever side it meets */
        task->lane = task->market->resting[1].first;
        task->at = B3_LANE_ENTER;
    }
    return B3_LANE_NONE;
}

int b3_paper_step_sweep(b3_paper *paper, b3_slot *out) {
    b3_task *task = &paper->task;
    int64_t qty_raw = 0;
    const uint32_t slot = next_fill(paper, &qty_raw);
    if (slot == B3_LANE_NONE) {
        task->stage = task->by_trade ? B3_STEP_IDLE : B3_STEP_TRIGGER;
        return 0;
    }
    b3_paper_order *order = &paper->lanes.orders[slot];
    const uint32_t side = b3_side_index(order->side);
    task->left[side] -= qty_raw;
    if (!task->by_trade) b3_shelf_take(&task->market->shelves[1 - side], &task->touch, qty_raw);
    if (b3_paper_fill(paper, out, order, order->price_raw, qty_raw, B3_MAKER)) b3_paper_take_out(paper, slot);
    return 1;
}
