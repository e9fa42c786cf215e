/* Wilder's parabolic stop and reverse: one step, of one series or of eight. */
#ifndef B3_MATH_PARABOLA_H
#define B3_MATH_PARABOLA_H

#include <stdint.h>

#include "real.h"

/* Seen with the trend upwards: in a falling trend all prices have their signs changed, and highs and lows change places. */
typedef struct b3_trend {
    real sar; /* the stop for the next bar */
    real extreme;
    real factor;
    real rises; /* 1; -1: falls */
} b3_trend;

typedef struct b3_parabola {
    double step;
    double factor_max;
    double sar; /* as b3_trend */
    double extreme;
    double factor;
    double rises;
    double high; /* of the bar before; NaN: none */
    double low;
    uint64_t started;
} b3_parabola;

/* The stop of this bar. Never inside the last two bars; turns where the price touches it. The order of operations is TA-Lib's, so that
 * ties turn where they do there. */
static inline real b3_trend_push(b3_trend *t, real step, real factor_max, real high, real low, real high_before, real low_before) {
    const real_mask rises = real_greater(t->rises, real_of(0.0));
    const real top = real_pick(rises, high, real_negate(low));
    const real bottom = real_pick(rises, low, real_negate(high));
    const real top_before = real_pick(rises, high_before, real_negate(low_before));
    const real bottom_before = real_pick(rises, low_before, real_negate(high_before));
    const real_mask turns = real_at_most(bottom, t->sar);
    const real reached = real_max(top, t->extreme);
    const real shown = real_pick(turns, real_max(reached, top_before), t->sar);
    const real faster = real_pick(real_greater(top, t->extreme), real_min(real_add(t->factor, step), factor_max), t->factor);

    const real from = real_pick(turns, real_negate(shown), t->sar);
    const real towards = real_pick(turns, real_negate(bottom), reached);
    const real factor = real_pick(turns, step, faster);
    const real outside = real_pick(turns, real_negate(real_max(top, top_before)), real_min(bottom, bottom_before));
    t->sar = real_min(real_add(from, real_mul(factor, real_sub(towards, from))), outside);
    t->extreme = towards;
    t->factor = factor;
    t->rises = real_pick(turns, real_negate(t->rises), t->rises);
    return real_pick(rises, shown, real_negate(shown));
}

#endif
