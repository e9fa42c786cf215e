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
    eight power1; /* in all lanes */
    eight power2;
    eight power4;
    eight power8;
    eight powers; /* keep, keep^2, ..., keep^8 */
} filter;

static inline filter filter_of(double keep) {
    double powers[8];
    double power = 1.0;
    for (size_t i = 0; i < 8; ++i) powers[i] = power *= keep;
    return (filter){.power1 = eight_of(powers[0]),
                    .power2 = eight_of(powers[1]),
                    .power4 = eight_of(powers[3]),
                    .power8 = eight_of(powers[7]),
                    .powers = eight_load(powers)};
}

/* The part of the outputs that comes from the eight samples themselves. */
#if defined(__AVX512F__)

static inline eight filter_own(const filter *f, eight v) {
    const eight zero = eight_of(0.0);
    v = eight_fma(f->power1, eight_up1(v, zero), v);
    v = eight_fma(f->power2, eight_up2(v, zero), v);
    return eight_fma(f->power4, eight_up4(v, zero), v);
}

#else

static inline __m256d filter_four(const filter *f, __m256d v) {
    const __m256d zero = _mm256_setzero_pd();
    v = _mm256_fmadd_pd(f->power1.low, four_up1(v, zero), v);
    return _mm256_fmadd_pd(f->power2.low, _mm256_permute2f128_pd(v, v, 0x08), v);
}

static inline eight filter_own(const filter *f, eight v) {
    const __m256d low = filter_four(f, v.low);
    return (eight){low, _mm256_fmadd_pd(f->powers.low, _mm256_permute4x64_pd(low, 0xff), filter_four(f, v.high))};
}

#endif

/* carry: the last output before, in all lanes; becomes that of these eight. */
static inline eight filter_push(const filter *f, eight *carry, eight x) {
    const eight own = filter_own(f, x);
    const eight y = eight_fma(f->powers, *carry, own);
    *carry = eight_fma(f->power8, *carry, eight_last(own));
    return y;
}

/* Sums from a beginning on. The samples are also summed lane by lane with their rounding errors (Knuth's two-sum), so that what goes on
 * into the next run does not depend on how the blocks were rounded. */
typedef struct sums {
    eight carry;
    eight lane;
    eight lost;
} sums;

static inline sums sums_of(double before) {
    return (sums){.carry = eight_of(before), .lane = eight_of(0.0), .lost = eight_of(0.0)};
}

static inline eight sums_push(sums *s, eight x) {
    const eight zero = eight_of(0.0);
    eight v = eight_add(x, eight_up1(x, zero));
    v = eight_add(v, eight_up2(v, zero));
    v = eight_add(v, eight_up4(v, zero));
    const eight y = eight_add(v, s->carry);
    s->carry = eight_add(s->carry, eight_last(v));
    const eight lane = eight_add(s->lane, x);
    const eight added = eight_sub(lane, s->lane);
    s->lost = eight_add(s->lost, eight_add(eight_sub(s->lane, eight_sub(lane, added)), eight_sub(x, added)));
    s->lane = lane;
    return y;
}

#endif
