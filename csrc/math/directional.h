/* Wilder's directional movement: sums of +DM, -DM and true range, each decaying by the gain of an average a bar. */
#ifndef B3_MATH_DIRECTIONAL_H
#define B3_MATH_DIRECTIONAL_H

#include <math.h>
#include <stdint.h>

#include "larger.h"
#include "true_range.h"
#include "two_lanes.h"

/* Two lanes lie at multiples of 16 bytes: where a cache line ends between them, an update that follows at once waits for their stores. */
typedef struct b3_directional {
    uint32_t period;
    uint32_t seen; /* movements since the start or a restart; stops at period */
    double keep;   /* 1 - gain: Wilder's 1 / period, or plain, 2 / (period + 1) */
    union {
        double bar[2]; /* the one before */
        struct {
            double high;
            double low;
        };
    };
    union {
        double moved[2];
        struct {
            double plus;
            double minus;
        };
    };
    double close;
    double range;
} b3_directional;

static inline void b3_directional_init(b3_directional *d, uint32_t period, int plain) {
    const double gain = plain ? 2.0 / (period + 1.0) : 1.0 / period;
    *d = (b3_directional){.period = period, .keep = 1.0 - gain, .high = NAN, .low = NAN, .close = NAN};
}

typedef struct b3_directional_sums {
    b3_lanes moved; /* plus, minus */
    double range;
} b3_directional_sums;

/* The sums with one more bar, of numbers; finite where it and the close before are, but for a low of infinity. */
static inline b3_directional_sums b3_directional_next(const b3_directional *d, double keep, double high, double low) {
    const b3_lanes to_low = {0.0, -0.0};
    const b3_lanes both = (b3_lanes)((b3_lane_bits)((b3_lanes){high, low} - b3_lanes_load(d->bar)) ^ (b3_lane_bits)to_low); /* up, down */
    /* The larger movement counts, if it is one; no branch on which that is, as nobody can foresee it. */
    const b3_lanes movement = b3_lanes_where(both > b3_lanes_larger(b3_lanes_exchanged(both), (b3_lanes){0.0, 0.0}), both);
    const double outside = b3_larger(fabs(high - d->close), fabs(low - d->close));
    const double range = b3_larger(outside, high - low);
    return (b3_directional_sums){b3_lanes_load(d->moved) * keep + movement, d->range * keep + range};
}

static inline void b3_directional_set(b3_directional *d, const b3_directional_sums *sums, double high, double low, double close) {
    b3_lanes_store(d->bar, (b3_lanes){high, low});
    d->close = close;
    b3_lanes_store(d->moved, sums->moved);
    d->range = sums->range;
}

/* As TA-Lib: the first period - 1 movements are summed, from the next on the sums decay. A NaN or infinity restarts them.
 * Whether there are sums of period movements. */
static inline int b3_directional_push(b3_directional *d, double high, double low, double close) {
    b3_directional_sums sums = {{0.0, 0.0}, 0.0};
    int warm = 0;
    if (isfinite(high - d->high + d->low - low + b3_true_range(high, low, d->close))) {
        if (d->seen < d->period) ++d->seen;
        warm = d->seen == d->period;
        sums = b3_directional_next(d, warm ? d->keep : 1.0, high, low);
    } else {
        d->seen = 0;
    }
    b3_directional_set(d, &sums, high, low, close);
    return warm;
}

/* moved of all in percent; 0 while nothing moved. */
static inline double b3_movement_percent(double moved, double all) {
    return all == 0.0 ? 0.0 : 100.0 * moved / all;
}

#endif
