/* Sum and time-weighted sum over the last `period` samples, by two stacks (see window_sum.h), for weighted averages and least squares.
 *
 * Sums are of d = x - anchor as in window_var.h; time t counts from the first sample of the block now (older samples: negative).
 */
#ifndef B3_MATH_WINDOW_TREND_H
#define B3_MATH_WINDOW_TREND_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

typedef struct b3_trend_sums {
    double d;
    double td;
} b3_trend_sums;

typedef struct b3_window_trend {
    uint32_t period;
    uint32_t k;
    double scale; /* of the result: the caller's */
    double anchor;
    b3_trend_sums prefix;
    b3_trend_sums slot[]; /* as b3_window_sum; a sample is in d */
} b3_window_trend;

typedef struct b3_trend {
    double anchor;
    double sum;  /* of d = x - anchor */
    double sumt; /* of t * d, t = 0 for the newest sample, -1 for the one before, ... */
} b3_trend;

static inline size_t b3_window_trend_size(uint32_t period) {
    return sizeof(b3_window_trend) + ((size_t)period + 1) * sizeof(b3_trend_sums);
}

static inline void b3_window_trend_init(b3_window_trend *w, uint32_t period, double scale) {
    *w = (b3_window_trend){.period = period, .scale = scale};
    for (uint32_t j = 0; j < period; ++j) w->slot[j].d = NAN;
    w->slot[period] = (b3_trend_sums){0.0, 0.0};
}

static inline void b3_window_trend_turn(b3_window_trend *w, double anchor) {
    b3_trend_sums sum = {0.0, 0.0};
    double t = 0.0;
    for (uint32_t j = w->period; j-- > 1;) {
        const double d = w->slot[j].d - anchor;
        t -= 1.0;
        sum.d += d;
        sum.td += t * d;
        w->slot[j] = sum;
    }
    w->anchor = anchor;
    w->prefix = (b3_trend_sums){0.0, 0.0};
}

/* Sums over the last period samples, x included; NaN before there are so many. */
static inline b3_trend b3_window_trend_push(b3_window_trend *w, double x) {
    const uint32_t k = w->k;
    if (k == 0) b3_window_trend_turn(w, x);
    const double t = k;
    const double d = x - w->anchor;
    w->slot[k].d = x;
    w->prefix.d += d;
    w->prefix.td += t * d;
    w->k = k + 1 == w->period ? 0 : k + 1;
    const double sum = w->slot[k + 1].d + w->prefix.d;
    return (b3_trend){w->anchor, sum, w->slot[k + 1].td + w->prefix.td - t * sum};
}

static inline void b3_wma_init(b3_window_trend *w, uint32_t period) {
    b3_window_trend_init(w, period, 2.0 / ((double)period * ((double)period + 1.0)));
}

/* Weighted moving average, weights 1 (oldest) to period (newest). */
static inline double b3_wma_push(b3_window_trend *w, double x) {
    const b3_trend trend = b3_window_trend_push(w, x);
    return trend.anchor + (trend.sumt + w->period * trend.sum) * w->scale;
}

#endif
