/* Exponentially weighted mean with a given decay. */
#ifndef B3_MATH_EWMA_H
#define B3_MATH_EWMA_H

#include <math.h>
#include <stdint.h>

#include "finite.h"

typedef struct b3_weighted_mean {
    double decay;
    double value;
    double weight; /* adjust: sum of decay^j so far; 0: nothing seen since the start or a restart */
    uint64_t adjust;
} b3_weighted_mean;

static inline void b3_weighted_mean_init(b3_weighted_mean *w, double decay, int adjust) {
    *w = (b3_weighted_mean){.decay = decay, .adjust = adjust != 0};
}

/* The mean with x; a NaN or infinite x gives NaN and starts it anew. */
static inline double b3_weighted_mean_push(b3_weighted_mean *w, double x) {
    if (!b3_is_finite(x)) {
        w->weight = 0.0;
        return NAN;
    }
    if (w->weight == 0.0) w->value = x;
    w->weight = w->adjust ? w->decay * w->weight + 1.0 : 1.0;
    const double gain = w->adjust ? 1.0 / w->weight : 1.0 - w->decay;
    return w->value += gain * (x - w->value);
}

#endif
