/* Where a market maker quotes: Avellaneda and Stoikov, "High-frequency trading in a limit order book", Quantitative Finance 8 (2008).
 *
 *   reservation price     r = s - q gamma sigma^2 (T - t)                                 (their equation 29)
 *   spread, both halves   ask - bid = gamma sigma^2 (T - t) + (2 / gamma) ln(1 + gamma / kappa)          (30)
 *
 * s mid, q inventory, gamma risk aversion, sigma volatility, kappa how fast the chance of a fill falls with distance. The unit of prices
 * is free; here it is the basis point of the mid, s = 0: parameters then fit any instrument. Of q it is the size of one quote.
 */
#ifndef B3_SIGNAL_AVELLANEDA_STOIKOV_H
#define B3_SIGNAL_AVELLANEDA_STOIKOV_H

#include "plain_math.h"

typedef struct b3_maker_prices {
    double reservation_bps; /* r - s */
    double half_spread_bps;
} b3_maker_prices;

/* variance_bps2: sigma^2 (T - t), of the mid over the horizon. arrival_bps: ln(1 + gamma / kappa) / gamma, from b3_maker_arrival. */
static inline b3_maker_prices b3_maker_quote(double q, double gamma, double variance_bps2, double arrival_bps) {
    const double risk_bps = gamma * variance_bps2;
    return (b3_maker_prices){.reservation_bps = -q * risk_bps, .half_spread_bps = 0.5 * risk_bps + arrival_bps};
}

static inline double b3_maker_arrival(double gamma, double kappa) {
    return b3_plain_log1p(gamma / kappa) / gamma;
}

#endif
