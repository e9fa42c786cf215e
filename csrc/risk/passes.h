/* The fast way itself: quick.h says what it is. In the order that makes it short; the order of the rules does not matter to a yes. */
#ifndef B3_RISK_PASSES_H
#define B3_RISK_PASSES_H

#include <string.h>

#include "risk/inside.h"

#define B3_IN_PLACE                                                                                                                        \
    __attribute__((always_inline)) static inline /* one caller, or made for each side: a call would put the case into memory */

B3_IN_PLACE int b3_is_within(int64_t number, int64_t min, uint64_t span) {
    return (uint64_t)number - (uint64_t)min <= span;
}

/* number >= 0 */
B3_IN_PLACE int b3_is_on(const b3_step *step, int64_t number) {
    const uint64_t quotient = (uint64_t)number * step->inverse;
    return (quotient >> step->twos | quotient << (-step->twos & 63)) <= step->most;
}

/* A NEW order of enumerators that start at 1: less 1 each, only these bits may be left. A byte of 0 borrows and leaves others. */
B3_IN_PLACE int b3_is_plain(const b3_request *request) {
    static const uint8_t ones[4] = {B3_NEW, B3_BUY, B3_MARKET, B3_GTC};
    static const uint8_t left[4] = {0, B3_SELL - B3_BUY, B3_LIMIT - B3_MARKET, B3_POST_ONLY - B3_GTC};
    _Static_assert(offsetof(b3_request, tif) == offsetof(b3_request, action) + 3, "the four lie in one word");
    uint32_t fields = 0;
    uint32_t one = 0;
    uint32_t may_be = 0;
    memcpy(&fields, &request->action, sizeof(fields));
    memcpy(&one, ones, sizeof(one));
    memcpy(&may_be, left, sizeof(may_be));
    return ((fields - one) & ~may_be) == 0 && request->hdr.flags == 0 && request->stop_price_raw == 0;
}

B3_IN_PLACE int b3_is_tradable(const b3_risk *risk, const b3_view *view) {
    const b3_touch *touch = view->touch;
    return (view->flags & (B3_VIEW_HALTED | B3_VIEW_SYNCED | B3_VIEW_CROSSED)) == B3_VIEW_SYNCED && touch->bid_price_raw > 0 &&
           touch->bid_qty_raw > 0 && touch->ask_qty_raw > 0 && touch->bid_price_raw < touch->ask_price_raw &&
           view->now_ns - touch->ts_recv_ns <= risk->most.age_ns && touch->ts_recv_ns >= risk->most.touch_ns_min &&
           view->late_ns <= risk->most.late_ns && view->instrument->trading;
}

B3_IN_PLACE int b3_fits_price(const b3_bounds *bounds, const b3_case *c, int sell) {
    const int64_t price = c->request->price_raw;
    const int64_t mid = c->mid_raw;
    return b3_is_within(price, bounds->price_min, bounds->price_span) && b3_is_on(&bounds->tick, price) &&
           price - mid <= mid >> bounds->up[sell] && mid - price <= mid >> bounds->down[sell];
}

/* A MARKET order that the touch covers. */
B3_IN_PLACE int b3_is_covered(const b3_case *c, int sell) {
    const b3_touch *touch = c->view->touch;
    return c->request->qty_raw <= (sell ? touch->bid_qty_raw : touch->ask_qty_raw) && c->request->tif != B3_POST_ONLY;
}

/* Worst-case position and open positions with the order in them. */
B3_IN_PLACE int b3_fits_position(const b3_risk *risk, const b3_bounds *bounds, const b3_case *c, int sell) {
    const b3_desk *desk = c->desk;
    const int64_t qty = c->request->qty_raw;
    int64_t after = 0;
    int64_t pending = 0;
    if (!desk->is_open && risk->worst.open_positions >= risk->most.positions) return 0;
    if (sell)
        return !__builtin_add_overflow(desk->pending_sell_raw, qty, &pending) && !__builtin_sub_overflow(desk->low_raw, qty, &after) &&
               after >= -bounds->position_max;
    return !__builtin_add_overflow(desk->pending_buy_raw, qty, &pending) && !__builtin_add_overflow(desk->high_raw, qty, &after) &&
           after <= bounds->position_max;
}

/* The locks of the order, and whether the account has them. product: of a buy's price and quantity, within bounds. */
B3_IN_PLACE int b3_fits_cash(const b3_risk *risk, const b3_bounds *bounds, b3_case *c, int sell, b3_int128 product) {
    const int64_t qty = c->request->qty_raw;
    const b3_purse *purse = c->purse = bounds->purses[sell];
    if (sell) {
        c->lock_raw = 0;
        if (risk->limits.allow_short) return 1;
        c->lock_raw = qty * bounds->base_unit;
        return c->lock_raw <= b3_purse_free(purse);
    }
    if (bounds->venue_position_max >= 0) { /* held + pending + qty, as money so that nothing is divided */
        const int64_t room = bounds->venue_position_max - c->desk->pending_buy_raw - qty;
        int64_t room_money = 0;
        if (room < 0 || __builtin_mul_overflow(room, bounds->base_unit, &room_money)) return 0;
        if (bounds->purses[1]->total_raw > room_money) return 0;
    }
    const uint64_t one = B3_MONEY_ONE; /* known to the compiler: multiplied by, not divided */
    uint64_t rest = 0;
    uint64_t notional = b3_div_fitting((b3_uint128)product, (uint64_t)bounds->notional_unit, &rest); /* product_max: it fits */
    notional += rest != 0;
    c->lock_raw = (int64_t)(notional + (notional * (uint64_t)risk->fee_rate_raw + one - 1) / one);
    return c->lock_raw <= b3_purse_free(purse);
}

/* Worst-case exposures with the order in it. That the gross sum is within its limit keeps every exposure below UNKNOWN. */
B3_IN_PLACE int b3_fits_exposure(b3_risk *risk, const b3_case *c, int sell) {
    b3_worst_case *worst = &risk->worst;
    b3_desk *desk = c->desk;
    if (!worst->counted) return 1;
    b3_worst_keep_apart(worst, desk);
    const int64_t high = desk->high_raw + (sell ? 0 : c->request->qty_raw);
    const int64_t low = desk->low_raw - (sell ? c->request->qty_raw : 0);
    const int64_t most = high > -low ? high : -low;
    if (worst->sums.gross + (b3_int128)c->mid_raw * most > risk->most.gross) return 0;
    if (sell) return worst->sums.of_sells + (b3_int128)c->mid_raw * low >= -risk->most.net;
    return worst->sums.of_buys + (b3_int128)c->mid_raw * high <= risk->most.net;
}

/* What depends on side and type: made once for each, so that nothing asks for them again. */
B3_IN_PLACE int b3_kind_passes(b3_risk *risk, const b3_bounds *bounds, b3_case *c, int sell, int market) {
    const b3_request *request = c->request;
    const b3_touch *touch = c->view->touch;
    const b3_kind_bounds *of_kind = &bounds->kinds[market];
    const int64_t qty = request->qty_raw;
    const int64_t lowest = market ? touch->bid_price_raw : request->price_raw; /* the checks value the order between these */
    const int64_t highest = market ? touch->ask_price_raw : request->price_raw;
    if (market ? !b3_is_covered(c, sell) : !b3_fits_price(bounds, c, sell)) return 0;
    if (!b3_is_within(qty, of_kind->qty_min, of_kind->qty_span) || !b3_is_on(&bounds->lot, qty)) return 0;
    c->reach_raw = sell ? lowest : highest;
    const b3_int128 product = (b3_int128)highest * qty;
    if (product > of_kind->product_max || (b3_int128)lowest * qty < of_kind->product_min) return 0;
    const int64_t own = b3_reservations_best(&risk->held, request->hdr.instrument, sell ? B3_BUY : B3_SELL);
    if (own != 0 && (sell ? own >= c->reach_raw : own <= c->reach_raw)) return 0;
    return b3_fits_position(risk, bounds, c, sell) && b3_fits_cash(risk, bounds, c, sell, product) && b3_fits_exposure(risk, c, sell);
}

/* 1: allowed, and *c says what is to be charged. Refills the order rate's bucket and sets the desk apart, else it changes nothing of risk.
 */
B3_IN_PLACE int b3_passes(b3_risk *risk, b3_case *c) {
    const b3_request *request = c->request;
    const b3_view *view = c->view;
    const uint32_t index = request->hdr.instrument;
    const b3_standing *standing = risk->standing;
    if (!b3_is_plain(request) || request->order_id <= risk->last_id) return 0;
    if (index >= risk->instrument_count) return 0;
    const b3_bounds *bounds = &risk->bounds[index];
    if (view->instrument != bounds->instrument) return 0;
    if (standing != NULL && (standing->rule != B3_RULE_NONE || standing->exiting[index])) return 0;
    if (!b3_is_tradable(risk, view)) return 0;
    c->instrument = view->instrument;
    c->desk = bounds->desk;
    c->mid_raw = b3_risk_mid(view->touch);

    if (risk->held.count >= risk->most.orders) return 0;
    if (c->instrument->max_num_orders != 0 && c->desk->orders >= c->instrument->max_num_orders) return 0;
    const uint64_t lots = risk->most.lots_an_order;
    if (lots != 0 && b3_account_lots_free(risk->account) < lots * (risk->held.count + 1)) return 0;
    const int market = request->order_type == B3_MARKET;
    int passes = 0;
    if (request->side == B3_SELL) passes = market ? b3_kind_passes(risk, bounds, c, 1, 1) : b3_kind_passes(risk, bounds, c, 1, 0);
    else passes = market ? b3_kind_passes(risk, bounds, c, 0, 1) : b3_kind_passes(risk, bounds, c, 0, 0);
    if (!passes) return 0;
    if (risk->limits.orders_per_second == 0) return 1;
    b3_risk_refill(risk, view->now_ns);
    return b3_risk_has_token(risk);
}

#endif
