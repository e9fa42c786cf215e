#include "goal.h"

#include "order_size.h"
#include "strategies.h"

static void ask_for(b3_goal *goal, int8_t side) {
    goal->side = side;
    goal->entry_due = side != 0;
}

void b3_goal_on_cross(b3_goal *goal, double a, double b) {
    const int8_t above = a > b ? 1 : a < b ? -1 : goal->above;
    if (goal->above != 0 && above != goal->above) ask_for(goal, above > 0 ? 1 : goal->allow_short ? -1 : 0);
    goal->above = above;
}

void b3_goal_on_score(b3_goal *goal, double score, double enter, double leave) {
    const double kept = goal->side < 0 ? -score : score;
    if (goal->side != 0 && kept <= leave) ask_for(goal, 0);
    if (goal->side <= 0 && score >= enter) ask_for(goal, 1);
    else if (goal->side >= 0 && goal->allow_short && -score >= enter) ask_for(goal, -1);
}

int32_t b3_goal_trade(b3_goal *goal, const b3_sizing *sizing, const b3_view *view, b3_slot *out) {
    const int64_t held_raw = view->position->qty_raw;
    const int leaves = (held_raw > 0 && goal->side <= 0) || (held_raw < 0 && goal->side >= 0);
    if (view->open_orders > 0 || (view->flags & B3_VIEW_HALTED) != 0 || (!leaves && !goal->entry_due)) return 0;
    int64_t missing_raw = -held_raw;
    if (goal->entry_due) {
        const int64_t entry_raw = b3_sizing_qty_raw(sizing, view, goal->side < 0 ? B3_SELL : B3_BUY);
        if (__builtin_add_overflow(missing_raw, goal->side * entry_raw, &missing_raw)) return 0;
    }
    const int64_t qty_raw = b3_order_size_market(view->instrument, view->touch, missing_raw < 0 ? -missing_raw : missing_raw);
    goal->entry_due = 0;
    return qty_raw == 0 ? 0 : b3_strategy_put_market(out, missing_raw < 0 ? B3_SELL : B3_BUY, qty_raw);
}
