/* Wilder's directional movement: sums of +DM, -DM and true range, each decaying by the gain of an average a bar. */
#ifndef B3_MATH_DIRECTIONAL_H
#define B3_MATH_DIRECTIONAL_H

#include <math.h>
#include <stdint.h>

#include "true_range.h"
#include "two_lanes.h"

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

static inline void b3_directional_init(b3_directional *d, uint32_t period, int plain) {
    const double gain = plain ? 2.0 / (period + 1.0) : 1.0 / period;
    *d = (b3_directional){.period = period, .keep = 1.0 - gain, .high = NAN, .low = NAN, .close = NAN};
}

/* As TA-Lib: the first period - 1 movements are summed, from the next on the sums decay. A NaN or infinity restarts them.
 * Whether there are sums of period movements. */
static inline int b3_directional_push(b3_directional *d, double high, double low, double close) {
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
        return 0;
    }
    double keep = d->keep;
    int warm = 1;
    if (d->seen < d->period) {
        warm = ++d->seen == d->period;
        if (!warm) keep = 1.0;
    }
    /* The larger movement counts, if it is one; no branch on which that is, as nobody can foresee it. */
    const b3_lanes both = {up, down};
    const b3_lanes to = b3_lanes_where(both > 0.0, both);
    const b3_lanes fro = {to[1], to[0]};
    const b3_lanes movement = b3_lanes_where(to > fro, to);
    d->plus = d->plus * keep + movement[0];
    d->minus = d->minus * keep + movement[1];
    d->range = d->range * keep + range;
    return warm;
}

/* moved of all in percent; 0 while nothing moved. */
static inline double b3_movement_percent(double moved, double all) {
    return all == 0.0 ? 0.0 : 100.0 * moved / all;
}

#endif
