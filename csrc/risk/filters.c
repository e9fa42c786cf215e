#include "risk/filters.h"

#include "base/money.h"

static uint16_t refuse(uint16_t rule, int64_t bound, int64_t found, int64_t *limit, int64_t *value) {
    *limit = bound;
    *value = found;
    return rule;
}

/* min <= value <= max, value on the step; each off at 0. */
static uint16_t check_range(uint16_t rule, int64_t number, int64_t min, int64_t max, int64_t step, int64_t *limit, int64_t *value) {
    if (number < min) return refuse(rule, min, number, limit, value);
    if (max != 0 && number > max) return refuse(rule, max, number, limit, value);
    if (step != 0 && number % step != 0) return refuse(rule, step, number % step, limit, value);
    return B3_RULE_NONE;
}

/* price within reference x multiplier / 10^8, exactly. */
static uint16_t check_percent(const b3_instrument *instrument, const b3_request *request, int64_t reference, int64_t *limit,
                              int64_t *value) {
    const int buy = request->side == B3_BUY;
    const int64_t up = buy ? instrument->bid_multiplier_up_raw : instrument->ask_multiplier_up_raw;
    const int64_t down = buy ? instrument->bid_multiplier_down_raw : instrument->ask_multiplier_down_raw;
    const b3_int128 price = (b3_int128)request->price_raw * b3_pow10[B3_MONEY_SCALE];
    int64_t multiplier = 0;
    if (up != 0 && price > (b3_int128)reference * up) multiplier = up;
    else if (down != 0 && price < (b3_int128)reference * down) multiplier = down;
    else return B3_RULE_NONE;
    int64_t bound = INT64_MAX; /* told rounded */
    (void)b3_mul_div(reference, multiplier, b3_pow10[B3_MONEY_SCALE], &bound);
    return refuse(B3_RULE_PERCENT_PRICE, bound, request->price_raw, limit, value);
}

/* price x quantity against the bounds, which are brought to the product's digits: nothing is rounded. */
static uint16_t check_notional(const b3_instrument *instrument, int64_t price, int64_t qty, int min_on, int max_on, int64_t *limit,
                               int64_t *value) {
    if (!min_on && !max_on) return B3_RULE_NONE;
    const int digits = instrument->price_scale + instrument->qty_scale - B3_MONEY_SCALE;
    const b3_int128 product = (b3_int128)price * qty;
    b3_int128 min = instrument->notional_min_raw;
    b3_int128 max = instrument->notional_max_raw;
    if (digits >= 0) {
        min *= b3_pow10[digits];
        max *= b3_pow10[digits];
    } else { /* a product of fewer digits: the smallest and the largest one within */
        min = (instrument->notional_min_raw - 1) / b3_pow10[-digits] + 1;
        max = instrument->notional_max_raw / b3_pow10[-digits];
    }
    uint16_t rule = B3_RULE_NONE;
    if (min_on && product < min) rule = B3_RULE_MIN_NOTIONAL;
    else if (max_on && product > max) rule = B3_RULE_MAX_NOTIONAL;
    if (rule == B3_RULE_NONE) return rule;
    int64_t notional = INT64_MAX; /* told rounded */
    (void)b3_notional(instrument, price, qty, &notional);
    return refuse(rule, rule == B3_RULE_MIN_NOTIONAL ? instrument->notional_min_raw : instrument->notional_max_raw, notional, limit, value);
}

uint16_t b3_filters_check(const b3_instrument *instrument, const b3_request *request, int64_t reference_price_raw, int64_t position_raw,
                          uint32_t open_orders, int64_t *limit, int64_t *value) {
    const int market = request->order_type == B3_MARKET || request->order_type == B3_STOP;
    uint16_t rule = B3_RULE_NONE;
    if (request->stop_price_raw != 0) {
        rule = check_range(B3_RULE_PRICE_FILTER, request->stop_price_raw, instrument->price_min_raw, instrument->price_max_raw,
                           instrument->price_step_raw, limit, value);
        if (rule != B3_RULE_NONE) return rule;
    }
    if (!market) {
        rule = check_range(B3_RULE_PRICE_FILTER, request->price_raw, instrument->price_min_raw, instrument->price_max_raw,
                           instrument->price_step_raw, limit, value);
        if (rule != B3_RULE_NONE) return rule;
        if (reference_price_raw != 0) {
            rule = check_percent(instrument, request, reference_price_raw, limit, value);
            if (rule != B3_RULE_NONE) return rule;
        }
    }
    rule = check_range(B3_RULE_LOT_SIZE, request->qty_raw, instrument->lot_min_raw, instrument->lot_max_raw, instrument->lot_step_raw,
                       limit, value);
    if (rule != B3_RULE_NONE) return rule;
    if (market) {
        rule = check_range(B3_RULE_MARKET_LOT_SIZE, request->qty_raw, instrument->market_lot_min_raw, instrument->market_lot_max_raw,
                           instrument->market_lot_step_raw, limit, value);
        if (rule != B3_RULE_NONE) return rule;
    }
    const int64_t at_market = request->order_type == B3_STOP ? request->stop_price_raw : reference_price_raw;
    const int64_t price = market ? at_market : request->price_raw;
    if (price != 0) {
        const int min_on = instrument->notional_min_raw != 0 && (!market || instrument->notional_min_on_market);
        const int max_on = instrument->notional_max_raw != 0 && (!market || instrument->notional_max_on_market);
        rule = check_notional(instrument, price, request->qty_raw, min_on, max_on, limit, value);
        if (rule != B3_RULE_NONE) return rule;
    }
    if (instrument->position_max_raw != 0 && request->side == B3_BUY) {
        int64_t after = 0;
        if (__builtin_add_overflow(position_raw, request->qty_raw, &after)) after = INT64_MAX;
        if (after > instrument->position_max_raw) return refuse(B3_RULE_MAX_POSITION, instrument->position_max_raw, after, limit, value);
    }
    if (instrument->max_num_orders != 0 && open_orders >= instrument->max_num_orders)
        return refuse(B3_RULE_MAX_NUM_ORDERS, instrument->max_num_orders, (int64_t)open_orders + 1, limit, value);
    return B3_RULE_NONE;
}
