/* Sum over the last `period` samples, by two stacks: samples come in blocks of `period`; a window is the end of the block before plus
 * the beginning of the block now.
 *
 *      block before              block now
 *   | . . . [s s s s s s s s | p p p p] . . . |
 *            the `older` newest  prefix
 *
 * slot[older] has the sum of the `older` newest samples of the block before, slot[0] that of none. The samples of the block now take the
 * places of sums that no window needs any more, the newest in slot[older + 1]; when there is no place left they are summed, newest first.
 * Before the first sample there were NaNs: that is the warm-up.
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
    uint32_t older;
    double prefix;
    double slot[]; /* [period + 1] */
} b3_window_sum;

static inline size_t b3_window_sum_size(uint32_t period) {
    return sizeof(b3_window_sum) + ((size_t)period + 1) * sizeof(double);
}

static inline void b3_window_sum_init(b3_window_sum *w, uint32_t period) {
    *w = (b3_window_sum){.period = period};
    w->slot[0] = 0.0;
    for (uint32_t j = 1; j <= period; ++j) w->slot[j] = NAN;
}

static inline void b3_window_sum_turn(b3_window_sum *w) {
    double sum = 0.0;
    for (uint32_t j = 1; j < w->period; ++j) w->slot[j] = sum += w->slot[j];
    w->prefix = 0.0;
    w->older = w->period;
}

/* The sum of the last period samples, x included; NaN before there are so many. */
static inline double b3_window_sum_push(b3_window_sum *w, double x) {
    if (w->older == 0) b3_window_sum_turn(w);
    double *slot = w->slot + w->older--;
    slot[0] = x;
    w->prefix += x;
    return slot[-1] + w->prefix;
}

static inline double b3_window_mean_push(b3_window_sum *w, double x) {
    return b3_window_sum_push(w, x) / w->period;
}

#endif
