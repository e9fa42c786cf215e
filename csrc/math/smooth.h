/* Exponential averages, one sample at a time: y += gain * (x - y), after a seed.
 *
 * EMA: gain 2 / (period + 1). Wilder: gain 1 / period. Seed: mean of the first `period` samples (TA-Lib's), or the first sample.
 * A NaN or infinite sample gives NaN and restarts the recursion: the seed is taken anew from the samples after it.
 * In this form a constant input leaves y exactly where it is, so two averages of a flat price do not cross by rounding.
 */
#ifndef B3_MATH_SMOOTH_H
#define B3_MATH_SMOOTH_H

#include <math.h>
#include <stdint.h>

#include "finite.h"

enum b3_seed { B3_SEED_SMA = 0, B3_SEED_FIRST = 1 };

typedef struct b3_smooth {
    uint32_t seed_len; /* samples in the seed */
    uint32_t lookback; /* samples before the first output */
    uint32_t seen;     /* since the start or the last restart; stops at lookback + 1 */
    uint32_t reserved;
    double gain;  /* NaN until there is an output: then what would be the next value shows that it is none */
    double value; /* sum while seeding */
    double warm_gain;
} b3_smooth;

static inline void b3_smooth_init(b3_smooth *s, uint32_t period, double gain, int seed) {
    *s = (b3_smooth){.seed_len = seed == B3_SEED_FIRST ? 1 : period, .lookback = period - 1, .gain = NAN, .warm_gain = gain};
}

static inline void b3_ema_init(b3_smooth *s, uint32_t period, int seed) {
    b3_smooth_init(s, period, 2.0 / ((double)period + 1.0), seed);
}

static inline void b3_wilder_init(b3_smooth *s, uint32_t period, int seed) {
    b3_smooth_init(s, period, 1.0 / (double)period, seed);
}

/* Between init and the first sample: an EMA's gain in the place of Wilder's. */
static inline void b3_smooth_plain(b3_smooth *s, uint32_t period) {
    s->warm_gain = 2.0 / ((double)period + 1.0);
}

/* The next value; finite where x and the average are, and the average is warm. It is left to the caller to remember it. */
static inline double b3_smooth_next(const b3_smooth *s, double x) {
    return s->value + s->gain * (x - s->value);
}

static inline double b3_smooth_any(b3_smooth *s, double x) {
    if (!isfinite(x)) {
        s->seen = 0;
        s->value = 0.0;
        s->gain = NAN;
        return NAN;
    }
    if (s->seen > s->lookback) return s->value = b3_smooth_next(s, x);
    ++s->seen;
    if (s->seen <= s->seed_len) {
        s->value += x;
        if (s->seen == s->seed_len) s->value /= s->seed_len;
    } else {
        s->value += s->warm_gain * (x - s->value);
    }
    if (s->seen <= s->lookback) return NAN;
    s->gain = s->warm_gain;
    return s->value;
}

/* The average with x; NaN before period samples are seen. */
static inline double b3_smooth_push(b3_smooth *s, double x) {
    const double value = b3_smooth_next(s, x);
    if (!b3_is_finite(value)) return b3_smooth_any(s, x);
    return s->value = value;
}

typedef struct b3_smooth_values {
    double first;
    double second;
} b3_smooth_values;

/* The same for two averages, of x and of y. */
static inline b3_smooth_values b3_smooth_push_two(b3_smooth *first, double x, b3_smooth *second, double y) {
    const b3_smooth_values next = {b3_smooth_next(first, x), b3_smooth_next(second, y)};
    if (!b3_is_finite(next.first + next.second)) return (b3_smooth_values){b3_smooth_any(first, x), b3_smooth_any(second, y)};
    first->value = next.first;
    second->value = next.second;
    return next;
}

#endif
