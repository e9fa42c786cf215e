/* Sums of two series over the last `period` samples, as window_sum.h. */
#ifndef B3_MATH_WINDOW_TWO_H
#define B3_MATH_WINDOW_TWO_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

typedef struct b3_two {
    double first;
    double second;
} b3_two;

typedef struct b3_window_two {
    uint32_t period;
    uint32_t older;
    b3_two prefix;
    b3_two slot[];
} b3_window_two;

static inline size_t b3_window_two_size(uint32_t period) {
    return sizeof(b3_window_two) + ((size_t)period + 1) * sizeof(b3_two);
}

static inline void b3_window_two_init(b3_window_two *w, uint32_t period) {
    *w = (b3_window_two){.period = period};
    w->slot[0] = (b3_two){0.0, 0.0};
    for (uint32_t j = 1; j <= period; ++j) w->slot[j] = (b3_two){NAN, NAN};
}

static inline void b3_window_two_turn(b3_window_two *w) {
    b3_two sum = {0.0, 0.0};
    for (uint32_t j = 1; j < w->period; ++j) {
        sum.first += w->slot[j].first;
        sum.second += w->slot[j].second;
        w->slot[j] = sum;
    }
    w->prefix = (b3_two){0.0, 0.0};
    w->older = w->period;
}

/* The sums of the last period samples, these included; NaN before there are so many. */
static inline b3_two b3_window_two_push(b3_window_two *w, double first, double second) {
    if (w->older == 0) b3_window_two_turn(w);
    const uint32_t older = w->older - 1;
    const b3_two before = w->slot[older];
    w->older = older;
    w->slot[older + 1] = (b3_two){first, second};
    w->prefix.first += first;
    w->prefix.second += second;
    return (b3_two){before.first + w->prefix.first, before.second + w->prefix.second};
}

#endif
