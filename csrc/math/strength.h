/* Wilder's relative strength: averages of the rises and of all changes. */
#ifndef B3_MATH_STRENGTH_H
#define B3_MATH_STRENGTH_H

#include "smooth.h"

typedef struct b3_strength {
    double before; /* NaN: none since the start or a restart */
    b3_smooth gain;
    b3_smooth change; /* of |change|, which is gain + loss */
} b3_strength;

static inline void b3_strength_init(b3_strength *s, uint32_t period, int seed) {
    s->before = NAN;
    b3_wilder_init(&s->gain, period, seed);
    b3_wilder_init(&s->change, period, seed);
}

/* Averages of the rises and of all changes, x included; NaN until warm. */
typedef struct b3_strength_now {
    double gain;
    double total;
} b3_strength_now;

static inline b3_strength_now b3_strength_push(b3_strength *s, double x) {
    const double change = x - s->before;
    s->before = x;
    const double size = fabs(change);
    const double rise = 0.5 * (change + size); /* max(change, 0), without a branch on what nobody can foresee */
    const b3_smooth_values averages = b3_smooth_push_two(&s->gain, rise, &s->change, size);
    return (b3_strength_now){averages.first, averages.second};
}

/* The index, 0 .. 100; NaN until warm, 0 while nothing ever changed (TA-Lib). */
static inline double b3_rsi_push(b3_strength *s, double x) {
    const b3_strength_now now = b3_strength_push(s, x);
    return now.total == 0.0 ? 0.0 : 100.0 * now.gain / now.total;
}

#endif
