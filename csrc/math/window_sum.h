/* Sum over the last `period` samples, by two stacks: samples come in blocks of `period`; a window is a suffix of the block before plus
 * a prefix of the block now.
 *
 *      block before              block now
 *   | . . . [s s s s s s s s | p p p p] . . . |
 *            suffix[k+1]       prefix up to k
 *
 * Nothing is ever subtracted: no drift over any length, and a NaN or infinity is seen by exactly the windows that hold it.
 * Cost: O(1) amortised; the first update of each block also sums the block before (period additions).
 * Memory: the caller's, b3_window_sum_size(period) bytes, aligned to 8; no pointers inside, so it may be copied and saved as bytes.
 */
#ifndef B3_MATH_WINDOW_SUM_H
#define B3_MATH_WINDOW_SUM_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct b3_window_sum {
    uint32_t period;
    uint32_t k;      /* position in the block now */
    uint32_t filled; /* samples seen, at most period */
    uint32_t reserved;
    double prefix;
    double data[]; /* sample[period], suffix[period + 1] */
} b3_window_sum;

static inline size_t b3_window_sum_size(uint32_t period) {
    return sizeof(b3_window_sum) + (2 * (size_t)period + 1) * sizeof(double);
}

static inline void b3_window_sum_init(b3_window_sum *w, uint32_t period) {
    memset(w, 0, b3_window_sum_size(period));
    w->period = period;
}

/* The sum of the last period samples, x included; NaN before there are so many. */
static inline double b3_window_sum_push(b3_window_sum *w, double x) {
    const uint32_t period = w->period;
    const uint32_t k = w->k;
    double *sample = w->data;
    double *suffix = w->data + period;
    if (k == 0) {
        double sum = 0.0;
        for (uint32_t j = period; j-- > 1;) suffix[j] = sum += sample[j];
        w->prefix = 0.0;
    }
    sample[k] = x;
    w->prefix += x;
    w->k = k + 1 == period ? 0 : k + 1;
    if (w->filled < period && ++w->filled < period) return NAN;
    return suffix[k + 1] + w->prefix;
}

#endif
