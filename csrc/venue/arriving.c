#include "venue/state.h"

/* ---------------------------------------------------------------- resting */

static b3_ladder *ladder_of(b3_paper *paper, const b3_paper_order *order) {
    b3_paper_market *market = &paper->markets[order->instrument];
    return b3_waits_for_trigger(order) ? &market->stops[b3_stop_side(order)] : &market->resting[b3_side_index(order->side)];
}

/* What the market displays at a price, as of *update_id: the touch there, nothing before it, the depth book behind it. */
static int64_t displayed_at(const b3_paper_market *market, const b3_view *view, uint8_t side, int64_t price_raw, int64_t *update_id) {
    const uint32_t index = b3_side_index(side);
    const b3_touch *touch = view->touch;
    const int64_t behind = b3_price_rank(index, price_raw) - b3_price_rank(index, b3_touch_price(touch, index));
    *update_id = touch->update_id;
    if (b3_touch_qty(touch, index) > 0 && behind <= 0) return behind == 0 ? b3_touch_qty(touch, index) : 0;
    *update_id = market->depth_id;
    if (view->qty_at == NULL || (view->flags & B3_VIEW_SYNCED) == 0) return 0;
    return view->qty_at(view->book, side, price_raw);
}

/* Behind all that is displayed there, and behind what of ours is there. */
static void join_queue(b3_paper *paper, const b3_view *view, uint32_t lane, b3_paper_order *order) {
    const b3_paper_market *market = &paper->markets[order->instrument];
    int64_t update_id = 0;
    if (paper->config.queue_model == B3_QUEUE_NONE) return;
    order->ahead_raw = displayed_at(market, view, order->side, order->price_raw, &update_id);
    if (paper->config.queue_model == B3_QUEUE_CONSERVATIVE) return;
    b3_queue *queue = &paper->lanes.lanes[lane].queue;
    if (paper->lanes.lanes[lane].first == B3_LANE_NONE) {
        queue->shown_raw = order->ahead_raw;
        queue->shown_id = update_id;
    } else {
        b3_queue_show(queue, order->ahead_raw, update_id, market->depth_ns, order->arrived_ns, order->arrived_no);
    }
}

static void rest(b3_paper *paper, const b3_view *view, b3_paper_order *order) {
    b3_ladder *ladder = ladder_of(paper, order);
    const int64_t price_raw = b3_waits_for_trigger(order) ? order->stop_price_raw : order->price_raw;
    const uint32_t lane = b3_lanes_get(&paper->lanes, ladder, b3_lane_key(ladder->side, price_raw));
    if (!b3_waits_for_trigger(order)) join_queue(paper, view, lane, order);
    const uint32_t slot = b3_lanes_append(&paper->lanes, lane, order);
    (void)b3_map_put(paper->by_id, order->order_id, slot); /* as many entries as slots: it cannot be full */
}

void b3_paper_take_out(b3_paper *paper, uint32_t slot) {
    const b3_paper_order *order = &paper->lanes.orders[slot];
    (void)b3_map_remove(paper->by_id, order->order_id); /* every order here is there */
    b3_lanes_remove(&paper->lanes, ladder_of(paper, order), slot);
}

/* ---------------------------------------------------------------- an arriving request, one answer a step */

void b3_paper_start_request(b3_paper *paper, const b3_request *request, const b3_view *view) {
    b3_task *task = &paper->task;
    const int market = request->order_type == B3_MARKET || request->order_type == B3_STOP;
    const int stop = request->order_type == B3_STOP || request->order_type == B3_STOP_LIMIT;
    const int sound = request->action >= B3_NEW && request->action <= B3_REPLACE && (stop || request->stop_price_raw == 0);
    task->refusal = sound ? B3_RULE_NONE : B3_RULE_MALFORMED;
    task->action = request->action;
    task->stage = request->action == B3_CANCEL || request->action == B3_REPLACE ? B3_STEP_CANCEL : B3_STEP_ARRIVE;
    task->after = B3_STEP_IDLE;
    task->orig_order_id = request->orig_order_id;
    task->order = (b3_paper_order){
        .order_id = request->order_id,
        .price_raw = market ? 0 : request->price_raw,
        .stop_price_raw = request->stop_price_raw,
        .qty_raw = request->qty_raw,
        .arrived_ns = view->now_ns,
        .arrived_no = paper->event_no,
        .instrument = request->hdr.instrument,
        .strategy = request->hdr.strategy,
        .account = request->hdr.account,
        .venue = request->hdr.venue,
        .side = request->side,
        .order_type = request->order_type,
        .tif = request->tif,
    };
}

int b3_paper_step_cancel(b3_paper *paper, b3_slot *out) {
    b3_task *task = &paper->task;
    uint64_t slot = 0;
    const int there =
        b3_map_get(paper->by_id, task->orig_order_id, &slot) == B3_OK && paper->lanes.orders[slot].instrument == task->order.instrument;
    if (there) {
        b3_paper_tell(out, &paper->lanes.orders[slot], B3_CANCELED, B3_RULE_NONE);
        b3_paper_take_out(paper, (uint32_t)slot);
    } else {
        b3_paper_order unknown = task->order; /* of the order that was meant only the id is known */
        unknown.order_id = task->orig_order_id;
        unknown.venue_order_id = 0;
        b3_update update = b3_paper_answer(&unknown, B3_UNKNOWN, B3_RULE_UNKNOWN_ORDER);
        update.hdr.flags = B3_FLAG_CANCEL_REJECT;
        b3_paper_write(out, &update);
        task->refusal = B3_RULE_UNKNOWN_ORDER;
    }
    task->stage = task->action == B3_REPLACE ? B3_STEP_ARRIVE : B3_STEP_IDLE;
    return 1;
}

static uint16_t refusal_of(const b3_paper *paper, const b3_touch *touch) {
    const b3_task *task = &paper->task;
    const b3_paper_order *order = &task->order;
    uint64_t slot = 0;
    if (task->refusal != B3_RULE_NONE) return task->refusal;
    if (order->order_id == 0 || order->qty_raw <= 0 || (order->side != B3_BUY && order->side != B3_SELL)) return B3_RULE_MALFORMED;
    if (order->order_type < B3_MARKET || order->order_type > B3_STOP_LIMIT || order->tif < B3_GTC || order->tif > B3_POST_ONLY)
        return B3_RULE_MALFORMED;
    if (order->tif == B3_POST_ONLY && order->order_type != B3_LIMIT) return B3_RULE_MALFORMED;
    if ((b3_has_limit(order) && order->price_raw <= 0) || (b3_is_stop(order) && order->stop_price_raw <= 0)) return B3_RULE_MALFORMED;
    if (b3_map_get(paper->by_id, order->order_id, &slot) == B3_OK) return B3_RULE_DUPLICATE_ID;
    if (!paper->instruments[order->instrument].trading) return B3_RULE_NOT_TRADING;
    if (b3_is_stop(order) && b3_stop_reached(order, touch)) return B3_RULE_WOULD_TRIGGER;
    if (b3_is_stop(order) && paper->lanes.free_order == B3_LANE_NONE) return B3_RULE_OPEN_ORDERS;
    return B3_RULE_NONE;
}

static int may_rest(const b3_paper_order *order) {
    return b3_has_limit(order) && (order->tif == B3_GTC || order->tif == B3_POST_ONLY);
}

uint16_t b3_paper_take(b3_paper *paper, const b3_view *view) {
    b3_task *task = &paper->task;
    const b3_paper_order *order = &task->order;
    const uint32_t opposite = 1 - b3_side_index(order->side);
    const int64_t best = b3_touch_price(view->touch, opposite);
    const int reached = b3_touch_qty(view->touch, opposite) > 0 &&
                        (!b3_has_limit(order) || b3_price_rank(opposite, best) <= b3_price_rank(opposite, order->price_raw));
    b3_shelf *shelf = &paper->markets[order->instrument].shelves[opposite];
    b3_shelf_look(shelf, view->touch);
    task->walk.count = 0;
    task->walked_at = 0;
    int64_t missing = order->qty_raw;
    if (order->tif == B3_POST_ONLY && reached) return B3_RULE_POST_ONLY;
    if (reached) missing = b3_shelf_walk(shelf, view, order->price_raw, order->qty_raw, &task->walk);
    if (may_rest(order) && missing > 0 && paper->lanes.free_order == B3_LANE_NONE) return B3_RULE_OPEN_ORDERS;
    if (order->tif == B3_FOK && missing > 0) return B3_RULE_FOK;
    b3_shelf_keep(shelf, &task->walk);
    return B3_RULE_NONE;
}

int b3_paper_step_arrive(b3_paper *paper, const b3_view *view, b3_slot *out) {
    b3_task *task = &paper->task;
    b3_paper_order *order = &task->order;
    uint16_t rule = refusal_of(paper, view->touch);
    const int waits = rule == B3_RULE_NONE && b3_waits_for_trigger(order);
    if (rule == B3_RULE_NONE && !waits) rule = b3_paper_take(paper, view);
    if (rule == B3_RULE_NONE || rule == B3_RULE_FOK) order->venue_order_id = ++paper->venue_order_id;
    const uint8_t state = rule == B3_RULE_NONE ? B3_WORKING : rule == B3_RULE_FOK ? B3_EXPIRED : B3_REJECTED;
    b3_paper_tell(out, order, state, rule);
    task->stage = rule != B3_RULE_NONE ? B3_STEP_IDLE : waits ? B3_STEP_SETTLE : B3_STEP_FILLS;
    return 1;
}

int b3_paper_step_take(b3_paper *paper, const b3_view *view, b3_slot *out) {
    b3_task *task = &paper->task;
    const uint16_t rule = b3_paper_take(paper, view);
    task->stage = B3_STEP_FILLS;
    if (rule == B3_RULE_NONE) return 0;
    b3_paper_tell(out, &task->order, B3_EXPIRED, rule);
    task->stage = task->after;
    return 1;
}

int b3_paper_step_fill(b3_paper *paper, b3_slot *out) {
    b3_task *task = &paper->task;
    while (task->walked_at < task->walk.count && task->walk.levels[task->walked_at].take_raw == 0) task->walked_at++;
    if (task->walked_at == task->walk.count) {
        task->stage = B3_STEP_SETTLE;
        return 0;
    }
    const b3_walked *walked = &task->walk.levels[task->walked_at++];
    if (b3_paper_fill(paper, out, &task->order, walked->before.price_raw, walked->take_raw, B3_TAKER)) task->stage = task->after;
    return 1;
}

/* What was not filled rests or expires. */
int b3_paper_step_settle(b3_paper *paper, const b3_view *view, b3_slot *out) {
    b3_paper_order *order = &paper->task.order;
    paper->task.stage = paper->task.after;
    if (b3_waits_for_trigger(order) || may_rest(order)) {
        rest(paper, view, order);
        return 0;
    }
    b3_paper_tell(out, order, B3_EXPIRED, !b3_has_limit(order) || order->cum_qty_raw == 0 ? B3_RULE_NO_LIQUIDITY : B3_RULE_NONE);
    return 1;
}
