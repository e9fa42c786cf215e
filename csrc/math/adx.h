/* Wilder's average directional movement index. */
#ifndef B3_MATH_ADX_H
#define B3_MATH_ADX_H

#include "directional.h"
#include "lag.h"
#include "smooth.h"

typedef struct b3_adx {
    b3_directional movement;
    b3_smooth average;
} b3_adx;

/* What adxr remembers. */
typedef struct b3_adx_rating {
    b3_adx adx;
    b3_lag lag;
} b3_adx_rating;

static inline void b3_adx_init(b3_adx *a, uint32_t period, int plain) {
    b3_directional_init(&a->movement, period, plain);
    b3_wilder_init(&a->average, period, B3_SEED_SMA);
    if (plain) b3_smooth_plain(&a->average, period);
}

/* Restarts, seeds, and bars after which nothing ever moved. */
__attribute__((noinline, cold, unused)) static double b3_adx_any(b3_adx *a, double high, double low, double close) {
    const b3_directional *d = &a->movement;
    if (!b3_directional_push(&a->movement, high, low, close)) return b3_smooth_push(&a->average, NAN);
    const double total = d->plus + d->minus;
    if (total == 0.0 || d->range == 0.0) { /* nothing moved: 0 in the seed, no change later */
        const int seeded = a->average.seen > a->average.lookback;
        return b3_smooth_push(&a->average, seeded ? a->average.value : 0.0);
    }
    return b3_smooth_push(&a->average, 100.0 * fabs(d->plus - d->minus) / total);
}

static inline double b3_adx_push(b3_adx *a, double high, double low, double close) {
    const b3_directional_sums sums = b3_directional_next(&a->movement, a->movement.keep, high, low);
    const double plus = sums.moved[0];
    const double minus = sums.moved[1];
    const double next = b3_smooth_next(&a->average, 100.0 * fabs(plus - minus) / (plus + minus));
    if (!(sums.range > 0.0)) return b3_adx_any(a, high, low, close);
    if (!b3_is_finite(next + sums.range + a->movement.close)) return b3_adx_any(a, high, low, close);
    b3_directional_set(&a->movement, &sums, high, low, close);
    return a->average.value = next;
}

#endif
