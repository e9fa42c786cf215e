#include "order_size.h"

#include <math.h>

#include "base/money.h"

int32_t b3_order_size_raw(const b3_instrument *instrument, double qty, int64_t *out) {
    const double raw = nearbyint(qty * (double)b3_pow10[instrument->qty_scale]);
    if (!(raw >= 0.0 && raw < 0x1p63)) return B3_ERR_ARGUMENT;
    *out = (int64_t)raw;
    return B3_OK;
}

int64_t b3_order_size_of_money(const b3_instrument *instrument, int64_t money_raw, int64_t price_raw) {
    if (money_raw <= 0 || price_raw <= 0) return 0;
    const int digits = instrument->price_scale + instrument->qty_scale - B3_MONEY_SCALE;
    const b3_uint128 money = (b3_uint128)money_raw * (digits > 0 ? (uint64_t)b3_pow10[digits] : 1);
    const b3_uint128 price = (b3_uint128)price_raw * (digits < 0 ? (uint64_t)b3_pow10[-digits] : 1);
    const b3_uint128 qty = money / price;
    return qty > INT64_MAX ? INT64_MAX : (int64_t)qty;
}

/* 0: below the least notional. */
static int64_t worth_it(const b3_instrument *instrument, int64_t price_raw, int64_t qty_raw) {
    int64_t notional_raw = 0;
    const int fits = b3_notional(instrument, price_raw, qty_raw, &notional_raw) == B3_OK;
    return fits && notional_raw < instrument->notional_min_raw ? 0 : qty_raw;
}

int64_t b3_order_size_market(const b3_instrument *instrument, const b3_touch *touch, int64_t qty_raw) {
    const int64_t lot = instrument->lot_step_raw;
    const int64_t market = instrument->market_lot_step_raw;
    if (lot > 0) qty_raw -= qty_raw % lot;
    if (market > 0) qty_raw -= qty_raw % market;
    const int off_lot = lot > 0 && qty_raw % lot != 0; /* neither step is a multiple of the other */
    if (qty_raw <= 0 || off_lot || qty_raw < instrument->lot_min_raw || qty_raw < instrument->market_lot_min_raw) return 0;
    return instrument->notional_min_on_market ? worth_it(instrument, touch->bid_price_raw, qty_raw) : qty_raw;
}

int64_t b3_order_size_limit(const b3_instrument *instrument, int64_t price_raw, int64_t qty_raw) {
    if (instrument->lot_step_raw > 0) qty_raw -= qty_raw % instrument->lot_step_raw;
    return qty_raw <= 0 || qty_raw < instrument->lot_min_raw ? 0 : worth_it(instrument, price_raw, qty_raw);
}
