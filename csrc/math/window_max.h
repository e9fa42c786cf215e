/* Maximum over the last `period` samples and its age, by two stacks (see window_sum.h). A NaN is the maximum of every window that holds
 * it. Of equal samples the newest counts. A minimum is the negated maximum of negated samples.
 */
#ifndef B3_MATH_WINDOW_MAX_H
#define B3_MATH_WINDOW_MAX_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct b3_window_max {
    uint32_t period;
    uint32_t k;
    uint32_t filled;
    uint32_t best_k; /* where the maximum of the block now is */
    double best;
    double data[]; /* sample[period], suffix maximum [period + 1], its position [period + 1] */
} b3_window_max;

typedef struct b3_extreme {
    double value;
    double age; /* samples since it: 0 is the newest; NaN where the window holds one */
} b3_extreme;

static inline size_t b3_window_max_size(uint32_t period) {
    return sizeof(b3_window_max) + (3 * (size_t)period + 2) * sizeof(double);
}

static inline void b3_window_max_init(b3_window_max *w, uint32_t period) {
    memset(w, 0, b3_window_max_size(period));
    w->period = period;
}

static inline b3_extreme b3_window_max_push(b3_window_max *w, double x) {
    const uint32_t period = w->period;
    const uint32_t k = w->k;
    double *sample = w->data;
    double *suffix = w->data + period;
    double *position = suffix + period + 1;
    if (k == 0) {
        double best = -INFINITY;
        double at = period;
        suffix[period] = best;
        position[period] = at;
        for (uint32_t j = period; j-- > 1;) {
            if (sample[j] > best || sample[j] != sample[j]) {
                best = sample[j];
                at = j;
            }
            suffix[j] = best;
            position[j] = at;
        }
    }
    sample[k] = x;
    if (k == 0 || x >= w->best || x != x) {
        w->best = x;
        w->best_k = k;
    }
    w->k = k + 1 == period ? 0 : k + 1;
    if (w->filled < period && ++w->filled < period) return (b3_extreme){NAN, NAN};
    const double before = suffix[k + 1];
    if (before != before || w->best != w->best) return (b3_extreme){NAN, NAN};
    if (before > w->best) return (b3_extreme){before, (double)k + (double)period - position[k + 1]};
    return (b3_extreme){w->best, (double)(k - w->best_k)};
}

#endif
