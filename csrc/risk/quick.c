#include "risk/quick.h"

#include "risk/inside.h"

/* ---------------------------------------------------------------- bounds */

static b3_step step_of(uint64_t divisor) {
    b3_step step = {.inverse = 1, .most = UINT64_MAX};
    if (divisor == 0) return step; /* off: every number is on it */
    step.most = UINT64_MAX / divisor;
    step.twos = (uint32_t)__builtin_ctzll(divisor);
    const uint64_t odd = divisor >> step.twos;
    step.inverse = odd; /* right in its lowest 3 bits; each round doubles them */
    for (int i = 0; i < 5; i++) step.inverse *= 2 - odd * step.inverse;
    return step;
}

/* The smallest shift by which a number becomes at most its share of rate / 10^8, rate >= 0. */
static uint8_t shift_within(int64_t rate) {
    uint8_t shift = 0;
    while (shift < 63 && (b3_int128)rate << shift < b3_pow10[B3_MONEY_SCALE]) shift++;
    return shift; /* a price has 63 bits: nothing is left of it by then */
}

/* An empty range: no quantity is the largest number there is. */
static void rule_out(b3_kind_bounds *kind) {
    kind->qty_min = INT64_MAX;
    kind->qty_span = 0;
    kind->product_max = -1;
}

static uint8_t larger_shift(uint8_t a, uint8_t b) {
    return a > b ? a : b;
}

/* How far a limit price may be from the mid. With no rule: as far again, or down to 0. A bid is below the mid and an ask above it, so
 * that a price within a share of the mid is within the same share of the touch. */
static void find_band(const b3_limits *limits, const b3_instrument *instrument, b3_bounds *bounds) {
    const int64_t one = b3_pow10[B3_MONEY_SCALE];
    const int64_t ups[2] = {instrument->bid_multiplier_up_raw, instrument->ask_multiplier_up_raw};
    const int64_t downs[2] = {instrument->bid_multiplier_down_raw, instrument->ask_multiplier_down_raw};
    const uint8_t collar = limits->price_collar_rate_raw == 0 ? 0 : shift_within(limits->price_collar_rate_raw);
    for (int side = 0; side < 2; side++) {
        if ((ups[side] != 0 && ups[side] < one) || downs[side] > one) rule_out(&bounds->kinds[0]); /* not even the mid */
        else bounds->up[side] = ups[side] == 0 ? 0 : shift_within(ups[side] - one);
        bounds->down[side] = downs[side] == 0 ? 0 : shift_within(one - downs[side]);
    }
    bounds->up[0] = larger_shift(bounds->up[0], collar);
    bounds->down[1] = larger_shift(bounds->down[1], collar);
}

static int64_t smaller_bound(int64_t a, int64_t b) {
    return b != 0 && b < a ? b : a;
}

static int64_t larger_bound(int64_t a, int64_t b) {
    return a > b ? a : b;
}

static void find_quantities(const b3_instrument *instrument, const b3_instrument_limits *own, b3_bounds *bounds) {
    int64_t most = INT64_MAX / bounds->base_unit; /* so that its base amount fits */
    most = smaller_bound(smaller_bound(most, own->order_qty_max_raw), instrument->lot_max_raw);
    const int64_t least = larger_bound(instrument->lot_min_raw, 1);
    const int64_t mins[2] = {least, larger_bound(least, instrument->market_lot_min_raw)};
    const int64_t maxs[2] = {most, smaller_bound(most, instrument->market_lot_max_raw)};
    for (int market = 0; market < 2; market++) {
        bounds->kinds[market].qty_min = mins[market];
        bounds->kinds[market].qty_span = (uint64_t)maxs[market] - (uint64_t)mins[market];
        if (mins[market] > maxs[market]) rule_out(&bounds->kinds[market]);
    }
    const int64_t step = instrument->lot_step_raw;
    const int64_t market_step = instrument->market_lot_step_raw;
    bounds->lot = step_of((uint64_t)step);
    if (market_step != 0 && (step == 0 || step % market_step != 0)) rule_out(&bounds->kinds[1]); /* the lot's would not do for both */
}

/* Money bounds as bounds on price x quantity. A notional that fits 64 bits when it is multiplied by the fee rate keeps the lock short. */
static void find_products(const b3_risk *risk, const b3_instrument *instrument, b3_bounds *bounds) {
    const int64_t short_enough = INT64_MAX / larger_bound(risk->fee_rate_raw, 2); /* notional + fee fits too */
    const int64_t most = smaller_bound(short_enough, risk->limits.order_notional_max_raw);
    const int on_market[2] = {1, instrument->notional_max_on_market};
    const int min_on_market[2] = {1, instrument->notional_min_on_market};
    for (int market = 0; market < 2; market++) {
        const int64_t max = on_market[market] ? smaller_bound(most, instrument->notional_max_raw) : most;
        bounds->kinds[market].product_min = min_on_market[market] ? (b3_int128)instrument->notional_min_raw * bounds->notional_unit : 0;
        bounds->kinds[market].product_max = (b3_int128)max * bounds->notional_unit;
    }
}

static void find_bounds(const b3_risk *risk, uint32_t index) {
    const b3_instrument *instrument = &risk->instruments[index];
    const b3_instrument_limits *own = &risk->worst.desks[index].limits;
    const int digits = instrument->price_scale + instrument->qty_scale - B3_MONEY_SCALE;
    b3_bounds *bounds = &risk->bounds[index];
    bounds->instrument = instrument;
    bounds->desk = &risk->worst.desks[index];
    bounds->purses[0] = b3_account_purse(risk->account, instrument->quote_currency);
    bounds->purses[1] = b3_account_purse(risk->account, instrument->base_currency);
    rule_out(&bounds->kinds[0]);
    rule_out(&bounds->kinds[1]);
    if (digits < 0 || instrument->qty_scale > B3_MONEY_SCALE || instrument->quote_currency != risk->reporting_currency) return;
    if (risk->worst.desks[index].factor != 1) return;
    bounds->base_unit = b3_pow10[B3_MONEY_SCALE - instrument->qty_scale];
    bounds->notional_unit = b3_pow10[digits];
    bounds->position_max = own->position_max_raw != 0 ? own->position_max_raw : INT64_MAX;
    bounds->venue_position_max = instrument->position_max_raw != 0 ? instrument->position_max_raw : -1;
    bounds->price_min = larger_bound(instrument->price_min_raw, 1);
    const int64_t price_max = instrument->price_max_raw != 0 ? instrument->price_max_raw : INT64_MAX;
    bounds->price_span = (uint64_t)price_max - (uint64_t)bounds->price_min;
    bounds->tick = step_of((uint64_t)instrument->price_step_raw);
    find_quantities(instrument, own, bounds);
    find_products(risk, instrument, bounds);
    find_band(&risk->limits, instrument, bounds);
    if (price_max < bounds->price_min) rule_out(&bounds->kinds[0]);
}

/* What is off becomes what nothing passes. */
static void find_most(b3_risk *risk) {
    const b3_limits *limits = &risk->limits;
    const b3_int128 known = B3_EXPOSURE_UNKNOWN - 1; /* so that whatever passes is known */
    b3_most *most = &risk->most;
    most->gross = limits->exposure_max_raw != 0 ? (b3_int128)limits->exposure_max_raw * risk->worst.per_money : known;
    most->net = limits->net_exposure_max_raw != 0 ? (b3_int128)limits->net_exposure_max_raw * risk->worst.per_money : known;
    most->age_ns = limits->stale_after_ns != 0 ? limits->stale_after_ns : INT64_MAX;
    most->late_ns = limits->late_after_ns != 0 ? limits->late_after_ns : INT64_MAX;
    most->orders = risk->order_capacity;
    if (limits->open_orders_max != 0 && limits->open_orders_max < most->orders) most->orders = limits->open_orders_max;
    most->lots_an_order = b3_account_lots_free(risk->account) == UINT32_MAX ? 0 : B3_LOTS_AN_ORDER;
    most->positions = limits->open_positions_max != 0 ? limits->open_positions_max : UINT32_MAX;
    most->touch_ns_min = limits->stale_after_ns != 0; /* a touch without time is then too old */
}

void b3_quick_init(b3_risk *risk) {
    find_most(risk);
    for (uint32_t i = 0; i < risk->instrument_count; i++) find_bounds(risk, i);
}
