#include "risk/stops.h"

#include "base/money.h"

static const int64_t ONE = 100000000; /* a rate of 100 % */

/* Price that a stop of this rate puts below (long) or above (short) a price of numerator / denominator. 0: none that a quote can have. */
static int64_t trigger(int side, int64_t rate, b3_int128 numerator, b3_int128 denominator) {
    if (rate == 0 || numerator <= 0) return 0;
    const b3_int128 scaled = numerator * (side > 0 ? ONE - rate : ONE + rate);
    const b3_int128 price = side > 0 ? scaled / denominator : (scaled + denominator - 1) / denominator;
    return price > 0 && price <= INT64_MAX ? (int64_t)price : 0;
}

static int64_t loss_trigger(int side, int64_t rate, const b3_instrument *instrument, int64_t qty, int64_t cost) {
    /* cost x 10^(scales - 8) / qty is the entry price; a rate divides by 10^8 more. At most 63 + 28 + 14 bits above the line, 63 + 54
     * below. */
    const int digits = instrument->price_scale + instrument->qty_scale - 2 * B3_MONEY_SCALE;
    const b3_int128 up = digits > 0 ? b3_pow10[digits] : 1;
    const b3_int128 down = digits < 0 ? b3_pow10[-digits] : 1;
    return trigger(side, rate, (side > 0 ? cost : -(b3_int128)cost) * up, (side > 0 ? qty : -(b3_int128)qty) * down);
}

static void choose(b3_stop *stop, const b3_guard_config *config) {
    const int64_t trailing = trigger(stop->side, config->trailing_stop_rate_raw, stop->best_raw, ONE);
    const int64_t loss = stop->loss_raw;
    stop->trailing = loss == 0 || (trailing != 0 && (stop->side > 0 ? trailing > loss : trailing < loss));
    stop->trigger_raw = stop->trailing ? trailing : loss;
}

/* What meets the trigger, 0 when the touch cannot tell. */
static int64_t trigger_side(int side, const b3_touch *touch) {
    const int bid = touch->bid_qty_raw > 0;
    const int ask = touch->ask_qty_raw > 0;
    if (bid && ask && touch->bid_price_raw >= touch->ask_price_raw) return 0;
    if (side > 0) return bid ? touch->bid_price_raw : 0;
    return ask ? touch->ask_price_raw : 0;
}

void b3_stop_on_position(b3_stop *stop, const b3_guard_config *config, const b3_instrument *instrument, int64_t qty_raw, int64_t cost_raw,
                         const b3_touch *touch) {
    const int side = (qty_raw > 0) - (qty_raw < 0);
    if (side != stop->side) *stop = (b3_stop){.side = side, .best_raw = side == 0 ? 0 : trigger_side(side, touch)};
    if (side == 0) return;
    stop->loss_raw = loss_trigger(side, config->stop_loss_rate_raw, instrument, qty_raw, cost_raw);
    choose(stop, config);
}

int b3_stop_on_touch(b3_stop *stop, const b3_guard_config *config, const b3_touch *touch) {
    if (stop->side == 0) return 0;
    const int64_t price = trigger_side(stop->side, touch);
    if (price == 0) return 0;
    if (stop->best_raw == 0 || (stop->side > 0 ? price > stop->best_raw : price < stop->best_raw)) {
        stop->best_raw = price;
        choose(stop, config);
    }
    if (stop->trigger_raw == 0) return 0;
    return stop->side > 0 ? price <= stop->trigger_raw : price >= stop->trigger_raw;
}
