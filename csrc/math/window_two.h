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
    uint32_t k;
    b3_two prefix;
    b3_two slot[]; /* as b3_window_sum */
} b3_window_two;

static inline size_t b3_window_two_size(uint32_t period) {
    return sizeof(b3_window_two) + ((size_t)period + 1) * sizeof(b3_two);
}

static inline void b3_window_two_init(b3_window_two *w, uint32_t period) {
    *w = (b3_window_two){.period = period};
    for (uint32_t j = 0; j < period; ++j) w->slot[j] = (b3_two){NAN, NAN};
    w->slot[period] = (b3_two){0.0, 0.0};
}

static inline void b3_window_two_turn(b3_window_two *w) {
    b3_two sum = {0.0, 0.0};
    for (uint32_t j = w->period; j-- > 1;) {
        sum.first += w->slot[j].first;
        sum.second += w->slot[j].second;
        w->slot[j] = sum;
    }
    w->prefix = (b3_two){0.0, 0.0};
}

/* The sums of the last period samples, these included; NaN before there are so many. */
static inline b3_two b3_window_two_push(b3_window_two *w, double first, double second) {
    const uint32_t k = w->k;
    if (k == 0) b3_window_two_turn(w);
    w->slot[k] = (b3_two){first, second};
    w->prefix.first += first;
    w->prefix.second += second;
    w->k = k + 1 == w->period ? 0 : k + 1;
    return (b3_two){w->slot[k + 1].first + w->prefix.first, w->slot[k + 1].second + w->prefix.second};
}

#endif
