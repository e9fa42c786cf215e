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
#include <string.h>

typedef struct b3_window_var {
    uint32_t period;
    uint32_t k;
    uint32_t filled;
    uint32_t reserved;
    double anchor;
    double sum;    /* of d, block now */
    double sum2;   /* of d^2 */
    double data[]; /* sample[period], suffix of d [period + 1], suffix of d^2 [period + 1] */
} b3_window_var;

typedef struct b3_moments {
    double mean;
    double newest; /* newest sample - mean, with all its digits */
    double m2;     /* sum of squared deviations from the mean, >= 0 */
} b3_moments;

static inline size_t b3_window_var_size(uint32_t period) {
    return sizeof(b3_window_var) + (3 * (size_t)period + 2) * sizeof(double);
}

static inline void b3_window_var_init(b3_window_var *w, uint32_t period) {
    memset(w, 0, b3_window_var_size(period));
    w->period = period;
}

/* Moments of the last period samples, x included; NaN before there are so many. */
static inline b3_moments b3_window_var_push(b3_window_var *w, double x) {
    const uint32_t period = w->period;
    const uint32_t k = w->k;
    double *sample = w->data;
    double *suffix = w->data + period;
    double *suffix2 = suffix + period + 1;
    if (k == 0) {
        double sum = 0.0;
        double sum2 = 0.0;
        for (uint32_t j = period; j-- > 1;) {
            const double d = sample[j] - x;
            suffix[j] = sum += d;
            suffix2[j] = sum2 += d * d;
        }
        w->anchor = x;
        w->sum = w->sum2 = 0.0;
    }
    const double d = x - w->anchor;
    sample[k] = x;
    w->sum += d;
    w->sum2 += d * d;
    w->k = k + 1 == period ? 0 : k + 1;
    if (w->filled < period && ++w->filled < period) return (b3_moments){NAN, NAN, NAN};
    const double sum = suffix[k + 1] + w->sum;
    const double mean = sum / period;
    const double m2 = suffix2[k + 1] + w->sum2 - sum * mean;
    return (b3_moments){w->anchor + mean, d - mean, m2 < 0.0 ? 0.0 : m2};
}

#endif
