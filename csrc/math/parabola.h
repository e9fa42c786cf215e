/* Wilder's parabolic stop and reverse, and its step in vectors of series; sar.c has that of one series. */
#ifndef B3_MATH_PARABOLA_H
#define B3_MATH_PARABOLA_H

#include <stdint.h>

#include "real.h"

/* Seen with the trend upwards: in a falling trend all prices have their signs changed, and highs and lows change places. */
typedef struct b3_trend {
    real stop; /* for the next bar, its sign changed */
    real extreme;
    real factor;
    real rises; /* 1; -1: falls */
} b3_trend;

typedef struct b3_parabola {
    double step;
    double factor_max;
    double faster[2]; /* what a bar adds to the factor: nothing, or step if it goes further */
    double stop;      /* as b3_trend */
    double extreme;
    double factor;
    double rises;
    union {
        double bar[2]; /* the one before; high is NaN: none */
        struct {
            double high;
            double low;
        };
    };
    uint64_t started;
} b3_parabola;

/* The stop of this bar. Never inside the last two bars; turns where the price touches it. The order of operations is TA-Lib's, so that
 * ties turn where they do there. Below the price all is kept with its sign changed: so it stays what it is where the trend turns. */
static inline real b3_trend_push(b3_trend *t, real step, real factor_max, real high, real low, real high_before, real low_before) {
    const real_mask rises = real_greater(t->rises, real_of(0.0));
    const real under = real_negate(low);
    const real under_before = real_negate(low_before);
    const real ahead = real_pick(rises, high, under);
    const real behind = real_pick(rises, under, high);
    const real ahead_before = real_pick(rises, high_before, under_before);
    const real behind_before = real_pick(rises, under_before, high_before);
    const real_mask turns = real_at_most(t->stop, behind);
    const real reached = real_max(ahead, t->extreme);
    const real faster = real_pick(real_greater(ahead, t->extreme), real_min(real_add(t->factor, step), factor_max), t->factor);
    const real factor = real_pick(turns, step, faster);
    const real from = real_pick(turns, real_max(reached, ahead_before), t->stop);
    const real towards = real_pick(turns, behind, reached);
    const real outside = real_pick(turns, real_max(ahead, ahead_before), real_max(behind, behind_before));
    t->stop = real_max(real_sub(from, real_mul(factor, real_add(towards, from))), outside);
    t->extreme = towards;
    t->factor = factor;
    t->rises = real_pick(turns, real_negate(t->rises), t->rises);
    return real_negate(real_mul(t->rises, from));
}

#endif
