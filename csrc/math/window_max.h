/* Maximum over the last `period` samples, by two stacks (see window_sum.h). A NaN is the maximum of every window that holds it. Of equal
 * samples (of two zeros) the newest counts. A minimum is the negated maximum of negated samples.
 *
 * Which sample is the larger one nobody can foresee, so there is no branch on it. Comparisons pass over NaNs: how long a window has to
 * wait for the last one to leave is counted.
 */
#ifndef B3_MATH_WINDOW_MAX_H
#define B3_MATH_WINDOW_MAX_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

#include "larger.h"

typedef struct b3_window_max {
    uint32_t period;
    uint32_t older;
    uint32_t wait; /* samples to come until the window holds numbers alone */
    uint32_t reserved;
    double prefix;
    double slot[]; /* as in b3_window_sum */
} b3_window_max;

static inline size_t b3_window_max_size(uint32_t period) {
    return sizeof(b3_window_max) + ((size_t)period + 1) * sizeof(double);
}

static inline void b3_window_max_init(b3_window_max *w, uint32_t period) {
    *w = (b3_window_max){.period = period, .wait = period};
    for (uint32_t j = 0; j <= period; ++j) w->slot[j] = -INFINITY;
}

static inline void b3_window_max_turn(b3_window_max *w) {
    double best = -INFINITY;
    for (uint32_t j = 1; j < w->period; ++j) w->slot[j] = best = b3_larger(w->slot[j], best);
    w->prefix = -INFINITY;
    w->older = w->period;
}

/* NaN as long as there is something to wait for once x has come, else value. */
static inline double b3_unless_waiting(uint32_t *wait, uint32_t period, double x, double value) {
    *wait = x != x ? period : *wait - (*wait != 0);
    return *wait != 0 ? NAN : value;
}

static inline double b3_window_max_push(b3_window_max *w, double x) {
    if (w->older == 0) b3_window_max_turn(w);
    double *slot = w->slot + w->older--;
    const double prefix = b3_larger(w->prefix, x);
    const double best = b3_larger(slot[-1], prefix);
    slot[0] = x;
    w->prefix = prefix;
    return w->wait == 0 && x == x ? best : b3_unless_waiting(&w->wait, w->period, x, best);
}

#endif
