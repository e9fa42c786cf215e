#include "features.h"

#include "signal/avellaneda_stoikov.h"
#include "signal/imbalance.h"
#include "signal/sizing.h"

double b3t_imbalance(const b3_book_level *bids, uint32_t bid_count, const b3_book_level *asks, uint32_t ask_count) {
    return b3_imbalance(bids, bid_count, asks, ask_count);
}

double b3t_microprice_deviation(const b3_touch *touch) {
    return b3_microprice_deviation(touch);
}

int64_t b3t_sizing_qty(const double *params, const b3_instrument *instrument, const b3_bar *bars, uint32_t bar_count, const b3_view *view,
                       uint8_t side) {
    b3_sizing sizing;
    const int32_t status = b3_sizing_init(&sizing, params, instrument);
    if (status != B3_OK) return status;
    for (uint32_t i = 0; i < bar_count; ++i) b3_sizing_on_bar(&sizing, &bars[i], instrument);
    return b3_sizing_qty_raw(&sizing, view, side);
}

void b3t_maker_quote(double q, double gamma, double kappa, double variance_bps2, double *out) {
    const b3_maker_prices prices = b3_maker_quote(q, gamma, variance_bps2, b3_maker_arrival(gamma, kappa));
    out[0] = prices.reservation_bps;
    out[1] = prices.half_spread_bps;
}

double b3t_plain_log1p(double x) {
    return b3_plain_log1p(x);
}

void b3t_plain_turn(double turn, double *sine, double *cosine) {
    b3_plain_turn(turn, sine, cosine);
}
