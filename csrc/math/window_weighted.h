/* Weighted average over the last `period` samples, weights 1 (oldest) to period (newest), by two stacks (see window_sum.h).
 *
 * Sums are of d = x - anchor as in window_var.h. slot[older] has the weighted sum of the `older` newest samples of the block before: the
 * sum of their sums. The weights of the block now fall by 1 with each sample, so its weighted sum falls by its sum.
 */
#ifndef B3_MATH_WINDOW_WEIGHTED_H
#define B3_MATH_WINDOW_WEIGHTED_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

typedef struct b3_window_weighted {
    uint32_t period;
    uint32_t older;
    double newest; /* weight of it: period */
    double scale;  /* 1 / sum of the weights */
    double anchor;
    double sum;
    double moment; /* weighted sum */
    double slot[]; /* as in b3_window_sum */
} b3_window_weighted;

static inline size_t b3_window_weighted_size(uint32_t period) {
    return sizeof(b3_window_weighted) + ((size_t)period + 1) * sizeof(double);
}

static inline void b3_window_weighted_init(b3_window_weighted *w, uint32_t period) {
    *w = (b3_window_weighted){.period = period, .newest = period, .scale = 2.0 / ((double)period * ((double)period + 1.0))};
    w->slot[0] = 0.0;
    for (uint32_t j = 1; j <= period; ++j) w->slot[j] = NAN;
}

static inline void b3_window_weighted_turn(b3_window_weighted *w, double anchor) {
    double sum = 0.0;
    double moment = 0.0;
    const double *end = w->slot + w->period;
    for (double *slot = w->slot + 1; slot < end; ++slot) {
        sum += *slot - anchor;
        *slot = moment += sum;
    }
    w->anchor = anchor;
    w->sum = 0.0;
    w->moment = 0.0;
    w->older = w->period;
}

/* The average of the last period samples, x included; NaN before there are so many. */
static inline double b3_window_weighted_push(b3_window_weighted *w, double x) {
    if (w->older == 0) b3_window_weighted_turn(w, x);
    double *slot = w->slot + w->older--;
    const double d = x - w->anchor;
    const double moment = w->moment - w->sum + w->newest * d;
    slot[0] = x;
    w->moment = moment;
    w->sum += d;
    return w->anchor + w->scale * (slot[-1] + moment);
}

#endif
