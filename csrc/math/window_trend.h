/* Sum and time-weighted sum over the last `period` samples, by two stacks (see window_sum.h), for weighted averages and least squares.
 *
 * Sums are of d = x - anchor as in window_var.h; time t counts from the first sample of the block now (older samples: negative).
 */
#ifndef B3_MATH_WINDOW_TREND_H
#define B3_MATH_WINDOW_TREND_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct b3_window_trend {
    uint32_t period;
    uint32_t k;
    uint32_t filled;
    uint32_t reserved;
    double anchor;
    double sum;    /* of d, block now */
    double sumt;   /* of t * d */
    double data[]; /* sample[period], suffix of d [period + 1], suffix of t * d [period + 1] */
} b3_window_trend;

typedef struct b3_trend {
    double anchor;
    double sum;  /* of d = x - anchor */
    double sumt; /* of t * d, t = 0 for the newest sample, -1 for the one before, ... */
} b3_trend;

static inline size_t b3_window_trend_size(uint32_t period) {
    return sizeof(b3_window_trend) + (3 * (size_t)period + 2) * sizeof(double);
}

static inline void b3_window_trend_init(b3_window_trend *w, uint32_t period) {
    memset(w, 0, b3_window_trend_size(period));
    w->period = period;
}

/* Sums over the last period samples, x included; NaN before there are so many. */
static inline b3_trend b3_window_trend_push(b3_window_trend *w, double x) {
    const uint32_t period = w->period;
    const uint32_t k = w->k;
    double *sample = w->data;
    double *suffix = w->data + period;
    double *suffixt = suffix + period + 1;
    if (k == 0) {
        double sum = 0.0;
        double sumt = 0.0;
        for (uint32_t j = period; j-- > 1;) {
            const double d = sample[j] - x;
            suffix[j] = sum += d;
            suffixt[j] = sumt += ((double)j - (double)period) * d;
        }
        w->anchor = x;
        w->sum = w->sumt = 0.0;
    }
    const double d = x - w->anchor;
    sample[k] = x;
    w->sum += d;
    w->sumt += (double)k * d;
    w->k = k + 1 == period ? 0 : k + 1;
    if (w->filled < period && ++w->filled < period) return (b3_trend){NAN, NAN, NAN};
    const double sum = suffix[k + 1] + w->sum;
    return (b3_trend){w->anchor, sum, suffixt[k + 1] + w->sumt - (double)k * sum};
}

/* Weighted moving average, weights 1 (oldest) to period (newest). */
static inline double b3_wma_push(b3_window_trend *w, double x) {
    const b3_trend trend = b3_window_trend_push(w, x);
    const double period = w->period;
    return trend.anchor + (trend.sumt + period * trend.sum) / (period * (period + 1.0) * 0.5);
}

#endif
