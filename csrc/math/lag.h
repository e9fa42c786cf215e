/* The sample of `period` updates ago. */
#ifndef B3_MATH_LAG_H
#define B3_MATH_LAG_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef struct b3_lag {
    uint32_t period;
    uint32_t k;
    double sample[];
} b3_lag;

static inline size_t b3_lag_size(uint32_t period) {
    return sizeof(b3_lag) + (size_t)period * sizeof(double);
}

static inline void b3_lag_init(b3_lag *lag, uint32_t period) {
    lag->period = period;
    lag->k = 0;
    for (uint32_t i = 0; i < period; ++i) lag->sample[i] = NAN;
}

/* NaN before there are so many. */
static inline double b3_lag_push(b3_lag *lag, double x) {
    const double old = lag->sample[lag->k];
    lag->sample[lag->k] = x;
    lag->k = lag->k + 1 == lag->period ? 0 : lag->k + 1;
    return old;
}

#endif
