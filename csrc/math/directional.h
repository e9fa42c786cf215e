/* Wilder's directional movement: sums of +DM, -DM and true range, each decaying by the gain of an average a bar. */
#ifndef B3_MATH_DIRECTIONAL_H
#define B3_MATH_DIRECTIONAL_H

#include <math.h>
#include <stdint.h>

#include "true_range.h"

typedef struct b3_directional {
    uint32_t period;
    uint32_t seen; /* movements since the start or a restart; stops at period */
    double keep;   /* 1 - gain: Wilder's 1 / period, or plain, 2 / (period + 1) */
    double high;
    double low;
    double close;
    double plus;
    double minus;
    double range;
} b3_directional;

typedef struct b3_indices {
    double plus; /* +DI, -DI in percent; NaN until period movements are seen, and 0 while nothing moved */
    double minus;
} b3_indices;

static inline void b3_directional_init(b3_directional *d, uint32_t period, int plain) {
    const double gain = plain ? 2.0 / (period + 1.0) : 1.0 / period;
    *d = (b3_directional){.period = period, .keep = 1.0 - gain, .high = NAN, .low = NAN, .close = NAN};
}

/* to where it is larger than fro and above 0, else 0; in arithmetic, as compilers make a branch of it that nobody can foresee. */
static inline double b3_movement(double to, double fro) {
    const double is_larger = 0.5 - copysign(0.5, fro - to);
    return 0.5 * (to + fabs(to)) * is_larger;
}

/* As TA-Lib: the first period - 1 movements are summed, from the next on the sums decay. A NaN or infinity restarts them. */
static inline b3_indices b3_directional_push(b3_directional *d, double high, double low, double close) {
    const double up = high - d->high;
    const double down = d->low - low;
    const double range = b3_true_range(high, low, d->close);
    d->high = high;
    d->low = low;
    d->close = close;
    const double sum = up + down + range;
    if (sum - sum != 0.0) {
        d->seen = 0;
        d->plus = d->minus = d->range = 0.0;
        return (b3_indices){NAN, NAN};
    }
    const double keep = d->seen + 1 < d->period ? 1.0 : d->keep;
    if (d->seen < d->period) ++d->seen;
    d->plus = d->plus * keep + b3_movement(up, down);
    d->minus = d->minus * keep + b3_movement(down, up);
    d->range = d->range * keep + range;
    if (d->seen < d->period) return (b3_indices){NAN, NAN};
    if (d->range == 0.0) return (b3_indices){0.0, 0.0};
    return (b3_indices){100.0 * d->plus / d->range, 100.0 * d->minus / d->range};
}

#endif
