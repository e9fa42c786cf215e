/* Sum over the last `period` samples, by two stacks: samples come in blocks of `period`; a window is a suffix of the block before plus
 * a prefix of the block now.
 *
 *      block before              block now
 *   | . . . [s s s s s s s s | p p p p] . . . |
 *            suffix[k+1]       prefix up to k
 *
 * The suffixes lie where the samples of the block before lay, and the samples of the block now take the places of those that no window
 * needs any more. Before the first sample there were NaNs: that is the warm-up.
 * Nothing is ever subtracted: no drift over any length, and a NaN or infinity is seen by exactly the windows that hold it.
 * Cost: O(1) amortised; the first update of each block also sums the block before (period additions).
 * Memory: the caller's, b3_window_sum_size(period) bytes, aligned to 8; no pointers inside, so it may be copied and saved as bytes.
 */
#ifndef B3_MATH_WINDOW_SUM_H
#define B3_MATH_WINDOW_SUM_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

typedef struct b3_window_sum {
    uint32_t period;
    uint32_t k; /* position in the block now */
    double prefix;
    double slot[]; /* [period + 1]: samples below k, suffixes above, 0 at the end */
} b3_window_sum;

static inline size_t b3_window_sum_size(uint32_t period) {
    return sizeof(b3_window_sum) + ((size_t)period + 1) * sizeof(double);
}

static inline void b3_window_sum_init(b3_window_sum *w, uint32_t period) {
    *w = (b3_window_sum){.period = period};
    for (uint32_t j = 0; j < period; ++j) w->slot[j] = NAN;
    w->slot[period] = 0.0;
}

static inline void b3_window_sum_turn(b3_window_sum *w) {
    double sum = 0.0;
    for (uint32_t j = w->period; j-- > 1;) w->slot[j] = sum += w->slot[j];
    w->prefix = 0.0;
}

/* The sum of the last period samples, x included; NaN before there are so many. */
static inline double b3_window_sum_push(b3_window_sum *w, double x) {
    const uint32_t k = w->k;
    if (k == 0) b3_window_sum_turn(w);
    w->slot[k] = x;
    w->prefix += x;
    w->k = k + 1 == w->period ? 0 : k + 1;
    return w->slot[k + 1] + w->prefix;
}

static inline double b3_window_mean_push(b3_window_sum *w, double x) {
    return b3_window_sum_push(w, x) / w->period;
}

#endif
