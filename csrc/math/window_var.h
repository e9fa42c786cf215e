/* Mean and sum of squared deviations over the last `period` samples, by two stacks (see window_sum.h).
 *
 * Both sums are of d = x - anchor, where anchor is the first sample of the block now. It lies in every window that ends in the block, so
 * |d| never exceeds the window's own range and sum(d^2) is at most 2 * period times the result: no digits are lost at large prices,
 * whatever happened before the window.
 */
#ifndef B3_MATH_WINDOW_VAR_H
#define B3_MATH_WINDOW_VAR_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

typedef struct b3_var_sums {
    double d;
    double dd;
} b3_var_sums;

typedef struct b3_window_var {
    uint32_t period;
    uint32_t older;
    double per_period;
    double anchor;
    b3_var_sums prefix;
    b3_var_sums slot[]; /* as in b3_window_sum; a sample is in d */
} b3_window_var;

typedef struct b3_moments {
    double mean;
    double newest; /* newest sample - mean, with all its digits */
    double m2;     /* sum of squared deviations from the mean, >= 0 */
} b3_moments;

static inline size_t b3_window_var_size(uint32_t period) {
    return sizeof(b3_window_var) + ((size_t)period + 1) * sizeof(b3_var_sums);
}

static inline void b3_window_var_init(b3_window_var *w, uint32_t period) {
    *w = (b3_window_var){.period = period, .per_period = 1.0 / period};
    w->slot[0] = (b3_var_sums){0.0, 0.0};
    for (uint32_t j = 1; j <= period; ++j) w->slot[j].d = NAN;
}

static inline void b3_window_var_turn(b3_window_var *w, double anchor) {
    b3_var_sums sum = {0.0, 0.0};
    for (uint32_t j = 1; j < w->period; ++j) {
        const double d = w->slot[j].d - anchor;
        sum.d += d;
        sum.dd += d * d;
        w->slot[j] = sum;
    }
    w->anchor = anchor;
    w->prefix = (b3_var_sums){0.0, 0.0};
    w->older = w->period;
}

/* Moments of the last period samples, x included; NaN before there are so many. */
static inline b3_moments b3_window_var_push(b3_window_var *w, double x) {
    if (w->older == 0) b3_window_var_turn(w, x);
    b3_var_sums *slot = w->slot + w->older--;
    const b3_var_sums before = slot[-1];
    const double d = x - w->anchor;
    slot->d = x;
    w->prefix.d += d;
    w->prefix.dd += d * d;
    const double sum = before.d + w->prefix.d;
    const double mean = sum * w->per_period;
    const double m2 = before.dd + w->prefix.dd - sum * mean;
    return (b3_moments){w->anchor + mean, d - mean, m2 < 0.0 ? 0.0 : m2};
}

#endif
