#include "venue/state.h"

int b3_stop_reached(const b3_paper_order *order, const b3_touch *touch) {
    const uint32_t side = b3_stop_side(order);
    return b3_touch_qty(touch, side) > 0 && b3_lane_key(side, order->stop_price_raw) <= b3_lane_key(side, b3_touch_price(touch, side));
}

int b3_paper_step_trigger(b3_paper *paper, const b3_view *view, b3_slot *out) {
    b3_task *task = &paper->task;
    task->stage = B3_STEP_IDLE;
    for (uint32_t side = 0; side < 2; side++) {
        const uint32_t lane = task->market->stops[side].first;
        if (lane == B3_LANE_NONE) continue;
        const uint32_t slot = paper->lanes.lanes[lane].first;
        if (!b3_stop_reached(&paper->lanes.orders[slot], view->touch)) continue;
        b3_paper_take_out(paper, slot);
        task->order = paper->lanes.orders[slot];
        task->order.triggered = 1;
        task->order.arrived_ns = view->now_ns;
        task->order.arrived_no = paper->event_no;
        task->after = B3_STEP_TRIGGER;
        b3_update update = b3_paper_answer(&task->order, B3_WORKING, B3_RULE_NONE);
        update.hdr.flags = B3_FLAG_TRIGGERED;
        b3_paper_write(out, &update);
        task->stage = B3_STEP_TAKE;
        return 1;
    }
    return 0;
}
