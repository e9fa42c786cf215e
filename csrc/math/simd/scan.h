/* Recursions by blocks of eight: the part of the outputs that comes from the eight samples themselves takes three shifted steps (distance
 * 1, 2, 4), then comes what was before. The chain from block to block is one operation.
 *
 * They differ from one sample at a time by rounding: a few units in the last place of the largest recent |y|.
 * A NaN or infinity stays in the carry: a run that ends with a finite carry saw none.
 */
#ifndef B3_MATH_SIMD_SCAN_H
#define B3_MATH_SIMD_SCAN_H

#include "eight.h"

/* Powers of keep, for y[i] = keep * y[i-1] + x[i]. */
typedef struct filter {
    wide power1; /* in all lanes */
    wide power2;
    wide power4;
    wide power8;
    eight powers; /* keep, keep^2, ..., keep^8 */
} filter;

static inline filter filter_of(double keep) {
    double powers[8];
    double power = 1.0;
    for (size_t i = 0; i < 8; ++i) powers[i] = power *= keep;
    return (filter){.power1 = wide_of(powers[0]),
                    .power2 = wide_of(powers[1]),
                    .power4 = wide_of(powers[3]),
                    .power8 = wide_of(powers[7]),
                    .powers = eight_load(powers)};
}

/* The part of the outputs that comes from the samples of the register themselves. */
static inline wide filter_register(const filter *f, wide v) {
    const wide zero = wide_of(0.0);
    v = wide_fma(f->power1, wide_later(v, zero, 1), v);
    if (WIDE_LANES > 2) v = wide_fma(f->power2, wide_later(v, zero, 2), v);
    if (WIDE_LANES > 4) v = wide_fma(f->power4, wide_later(v, zero, 4), v);
    return v;
}

/* From the eight samples themselves. */
static inline eight filter_own(const filter *f, eight v) {
    EIGHT_PARTS(v.part[i] = filter_register(f, v.part[i]))
    EIGHT_PARTS(if (i > 0) v.part[i] =
                    wide_fma(f->powers.part[0], wide_last(v.part[(i + EIGHT_REGISTERS - 1) % EIGHT_REGISTERS]), v.part[i]))
    return v;
}

/* carry: the last output before, in all lanes; becomes that of these eight. */
static inline eight filter_push(const filter *f, eight *carry, eight x) {
    const wide before = carry->part[0];
    eight y = filter_own(f, x);
    *carry = eight_repeat(wide_fma(f->power8, before, eight_last(y)));
    EIGHT_PARTS(y.part[i] = wide_fma(f->powers.part[i], before, y.part[i]))
    return y;
}

/* Sums from a beginning on. The samples are also summed lane by lane with their rounding errors (Knuth's two-sum), so that what goes on
 * into the next run does not depend on how the blocks were rounded. */
typedef struct totals {
    eight carry;
    eight lane;
    eight lost;
} totals;

static inline totals totals_of(double before) {
    return (totals){.carry = eight_of(before), .lane = eight_of(0.0), .lost = eight_of(0.0)};
}

static inline eight totals_push(totals *s, eight x) {
    const eight zero = eight_of(0.0);
    eight v = eight_add(x, eight_up1(x, zero));
    v = eight_add(v, eight_up2(v, zero));
    v = eight_add(v, eight_up4(v, zero));
    const eight y = eight_add(v, eight_repeat(s->carry.part[0]));
    s->carry = eight_repeat(s->carry.part[0] + eight_last(v));
    const eight lane = eight_add(s->lane, x);
    const eight added = eight_sub(lane, s->lane);
    s->lost = eight_add(s->lost, eight_add(eight_sub(s->lane, eight_sub(lane, added)), eight_sub(x, added)));
    s->lane = lane;
    return y;
}

#endif
