#include "order_size.h"

#include <math.h>

#include "base/money.h"

int32_t b3_order_size_raw(const b3_instrument *instrument, double qty, int64_t *out) {
    const double raw = nearbyint(qty * (double)b3_pow10[instrument->qty_scale]);
    if (!(raw >= 0.0 && raw < 0x1p63)) return B3_ERR_ARGUMENT;
    *out = (int64_t)raw;
    return B3_OK;
}

int64_t b3_order_size_market(const b3_instrument *instrument, const b3_touch *touch, int64_t qty_raw) {
    const int64_t lot = instrument->lot_step_raw;
    const int64_t market = instrument->market_lot_step_raw;
    if (lot > 0) qty_raw -= qty_raw % lot;
    if (market > 0) qty_raw -= qty_raw % market;
    const int off_lot = lot > 0 && qty_raw % lot != 0; /* neither step is a multiple of the other */
    if (qty_raw <= 0 || off_lot || qty_raw < instrument->lot_min_raw || qty_raw < instrument->market_lot_min_raw) return 0;
    if (!instrument->notional_min_on_market) return qty_raw;
    int64_t notional_raw = 0;
    const int fits = b3_notional(instrument, touch->bid_price_raw, qty_raw, &notional_raw) == B3_OK;
    return fits && notional_raw < instrument->notional_min_raw ? 0 : qty_raw;
}
