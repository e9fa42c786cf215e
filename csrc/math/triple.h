/* An EMA of an EMA of an EMA, each seeded from the outputs of the one before. */
#ifndef B3_MATH_TRIPLE_H
#define B3_MATH_TRIPLE_H

#include "smooth.h"

typedef struct b3_triple {
    b3_smooth first;
    b3_smooth second;
    b3_smooth third;
} b3_triple;

typedef struct b3_triple_value {
    double first;
    double second;
    double third;
} b3_triple_value;

static inline void b3_triple_init(b3_triple *t, uint32_t period, int seed) {
    b3_ema_init(&t->first, period, seed);
    b3_ema_init(&t->second, period, seed);
    b3_ema_init(&t->third, period, seed);
}

static inline b3_triple_value b3_triple_push(b3_triple *t, double x) {
    b3_triple_value value;
    value.first = b3_smooth_next(&t->first, x);
    value.second = b3_smooth_next(&t->second, value.first);
    value.third = b3_smooth_next(&t->third, value.second);
    if (b3_is_finite(value.third)) { /* so are the others */
        t->first.value = value.first;
        t->second.value = value.second;
        t->third.value = value.third;
        return value;
    }
    value.first = b3_smooth_any(&t->first, x);
    value.second = b3_smooth_any(&t->second, value.first);
    value.third = b3_smooth_any(&t->third, value.second);
    return value;
}

/* The first two of them, for dema. */
typedef struct b3_twice {
    b3_smooth first;
    b3_smooth second;
} b3_twice;

/* The third, and what it was before, for trix. */
typedef struct b3_triple_rate {
    b3_triple triple;
    double before;
} b3_triple_rate;

#endif
