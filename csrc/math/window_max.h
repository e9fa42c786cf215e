/* Maximum over the last `period` samples, by two stacks (see window_sum.h). A NaN is the maximum of every window that holds it. Of equal
 * samples (of two zeros) the newest counts. A minimum is the negated maximum of negated samples.
 *
 * Which sample is the largest nobody can foresee, so there is no branch on it. Comparisons pass over NaNs: windows that hold one are those
 * that are not full of numbers.
 */
#ifndef B3_MATH_WINDOW_MAX_H
#define B3_MATH_WINDOW_MAX_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

typedef struct b3_window_max {
    uint32_t period;
    uint32_t k;
    uint32_t numbers; /* samples since the start or the last NaN, at most period */
    uint32_t reserved;
    double prefix;
    double slot[]; /* as b3_window_sum, -INFINITY at the end */
} b3_window_max;

static inline size_t b3_window_max_size(uint32_t period) {
    return sizeof(b3_window_max) + ((size_t)period + 1) * sizeof(double);
}

static inline void b3_window_max_init(b3_window_max *w, uint32_t period) {
    *w = (b3_window_max){.period = period};
    for (uint32_t j = 0; j <= period; ++j) w->slot[j] = -INFINITY;
}

/* `older` where it is larger, else `newer`. */
static inline double b3_larger(double older, double newer) {
    return older > newer ? older : newer;
}

static inline double b3_smaller(double older, double newer) {
    return older < newer ? older : newer;
}

static inline void b3_window_max_turn(b3_window_max *w) {
    double best = -INFINITY;
    for (uint32_t j = w->period; j-- > 1;) w->slot[j] = best = b3_larger(w->slot[j], best);
    w->prefix = -INFINITY;
}

/* Counts x; whether the last period samples are numbers. */
static inline int b3_all_numbers(uint32_t *numbers, uint32_t period, double x) {
    if (*numbers == period && x == x) return 1;
    *numbers = x == x ? *numbers + 1 : 0;
    return *numbers == period;
}

static inline double b3_window_max_push(b3_window_max *w, double x) {
    const uint32_t k = w->k;
    if (k == 0) b3_window_max_turn(w);
    w->slot[k] = x;
    w->prefix = b3_larger(w->prefix, x);
    w->k = k + 1 == w->period ? 0 : k + 1;
    return b3_all_numbers(&w->numbers, w->period, x) ? b3_larger(w->slot[k + 1], w->prefix) : NAN;
}

#endif
