#include "sizing.h"

#include <math.h>

#include "base/money.h"
#include "order_size.h"

/* Quote currency -> 8 digits, to the nearest. The parameters' bounds keep it within int64. */
static int64_t money_raw(double money) {
    return (int64_t)nearbyint(money * (double)b3_pow10[B3_MONEY_SCALE]);
}

int32_t b3_sizing_init(b3_sizing *sizing, const double *params, const b3_instrument *instrument) {
    *sizing = (b3_sizing){.mode = (uint32_t)params[B3_SIZING_MODE],
                          .notional_raw = money_raw(params[B3_SIZING_MONEY]),
                          .risk_raw = money_raw(params[B3_SIZING_RISK]),
                          .atr_raw = -1};
    if (b3_stream_init(&b3_indicator_atr, &params[B3_SIZING_PERIOD], 1, &sizing->range, sizeof sizing->range) != B3_OK)
        return B3_ERR_ARGUMENT;
    return b3_order_size_raw(instrument, params[B3_SIZING_QTY], &sizing->qty_raw);
}

void b3_sizing_on_bar(b3_sizing *sizing, const b3_bar *bar, const b3_instrument *instrument) {
    if (sizing->mode != B3_SIZING_VOLATILITY) return;
    const double unit = (double)b3_pow10[instrument->price_scale];
    const double in[] = {(double)bar->high_raw / unit, (double)bar->low_raw / unit, (double)bar->close_raw / unit};
    double atr = NAN;
    b3_indicator_atr.update(&sizing->range, in, &atr);
    sizing->atr_raw = isnan(atr) ? -1 : (int64_t)nearbyint(atr * unit);
}

int64_t b3_sizing_qty_raw(const b3_sizing *sizing, const b3_view *view, uint8_t side) {
    if (sizing->mode == B3_SIZING_FIXED) return sizing->qty_raw;
    const int64_t price_raw = side == B3_BUY ? view->touch->ask_price_raw : view->touch->bid_price_raw;
    const int64_t most_raw = b3_order_size_of_money(view->instrument, sizing->notional_raw, price_raw);
    if (sizing->mode == B3_SIZING_NOTIONAL || sizing->atr_raw == 0) return most_raw;
    const int64_t qty_raw = b3_order_size_of_money(view->instrument, sizing->risk_raw, sizing->atr_raw);
    return qty_raw < most_raw ? qty_raw : most_raw;
}
