/* Sum and time-weighted sum over the last `period` samples, by two stacks (see window_sum.h), for least squares.
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
    uint32_t older;
    double offset;
    double scale; /* of the result: the caller's */
    double per_period;
    double anchor;
    double t; /* of the next sample */
    b3_trend_sums prefix;
    b3_trend_sums slot[]; /* as in b3_window_sum; a sample is in d */
} b3_window_trend;

typedef struct b3_trend {
    double anchor;
    double sum;    /* of d = x - anchor */
    double moment; /* of w * d: w is offset for the newest sample, offset - 1 for the one before, ... */
} b3_trend;

static inline size_t b3_window_trend_size(uint32_t period) {
    return sizeof(b3_window_trend) + ((size_t)period + 1) * sizeof(b3_trend_sums);
}

static inline void b3_window_trend_init(b3_window_trend *w, uint32_t period, double offset, double scale) {
    *w = (b3_window_trend){.period = period, .offset = offset, .scale = scale, .per_period = 1.0 / period};
    w->slot[0] = (b3_trend_sums){0.0, 0.0};
    for (uint32_t j = 1; j <= period; ++j) w->slot[j].d = NAN;
}

static inline void b3_window_trend_turn(b3_window_trend *w, double anchor) {
    b3_trend_sums sum = {0.0, 0.0};
    double t = 0.0;
    for (uint32_t j = 1; j < w->period; ++j) {
        const double d = w->slot[j].d - anchor;
        t -= 1.0;
        sum.d += d;
        sum.td += t * d;
        w->slot[j] = sum;
    }
    w->anchor = anchor;
    w->t = 0.0;
    w->prefix = (b3_trend_sums){0.0, 0.0};
    w->older = w->period;
}

/* Sums over the last period samples, x included; NaN before there are so many. */
static inline b3_trend b3_window_trend_push(b3_window_trend *w, double x) {
    if (w->older == 0) b3_window_trend_turn(w, x);
    b3_trend_sums *slot = w->slot + w->older--;
    const b3_trend_sums before = slot[-1];
    const double t = w->t;
    const double d = x - w->anchor;
    w->t = t + 1.0;
    slot->d = x;
    w->prefix.d += d;
    w->prefix.td += t * d;
    const double sum = before.d + w->prefix.d;
    return (b3_trend){w->anchor, sum, before.td + w->prefix.td + (w->offset - t) * sum};
}

#endif
