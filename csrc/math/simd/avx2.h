/* AVX2's part of wide.h. */
#ifndef B3_MATH_SIMD_AVX2_H
#define B3_MATH_SIMD_AVX2_H

#include <stddef.h>

#include "x86.h"

#define WIDE_LANES 4
typedef __m256d wide;
typedef __m256d wide_mask;

static inline __m256i wide_first(size_t count) {
    return _mm256_cmpgt_epi64(_mm256_set1_epi64x((long long)count), _mm256_set_epi64x(3, 2, 1, 0));
}

static inline wide wide_load_first(const double *x, size_t count) {
    return _mm256_maskload_pd(x, wide_first(count));
}

static inline wide wide_load_from(const double *x, size_t skip) {
    return _mm256_maskload_pd(x, _mm256_xor_si256(wide_first(skip), _mm256_set1_epi64x(-1)));
}

static inline void wide_store_first(double *x, wide v, size_t count) {
    _mm256_maskstore_pd(x, wide_first(count), v);
}

static inline wide wide_fma(wide a, wide b, wide c) {
    return _mm256_fmadd_pd(a, b, c);
}

static inline __attribute__((always_inline)) wide wide_later(wide now, wide before, int k) {
    const wide across = _mm256_permute2f128_pd(before, now, 0x21);
    switch (k) {
    case 1: return _mm256_shuffle_pd(across, now, 0x5);
    case 2: return across;
    case 3: return _mm256_shuffle_pd(before, across, 0x5);
    default: return before;
    }
}

static inline wide wide_reversed(wide v) {
    return _mm256_permute4x64_pd(v, 0x1b);
}

static inline wide wide_last(wide v) {
    return _mm256_permute4x64_pd(v, 0xff);
}

static inline wide wide_max(wide newer, wide older) {
    return _mm256_max_pd(older, newer);
}

static inline wide wide_min(wide newer, wide older) {
    return _mm256_min_pd(older, newer);
}

static inline wide wide_quotient(wide a, wide b) {
    return a / b;
}

static inline wide wide_sqrt(wide v) {
    return _mm256_sqrt_pd(v);
}

static inline wide wide_abs(wide v) {
    return _mm256_andnot_pd(_mm256_set1_pd(-0.0), v);
}

#define WIDE_IS(a, relation, b) _mm256_cmp_pd(a, b, WIDE_##relation)

static inline wide wide_pick(wide_mask yes, wide then, wide otherwise) {
    return _mm256_blendv_pd(otherwise, then, yes);
}

static inline wide_mask wide_either(wide_mask a, wide_mask b) {
    return _mm256_or_pd(a, b);
}

static inline wide_mask wide_both(wide_mask a, wide_mask b) {
    return _mm256_and_pd(a, b);
}

static inline int wide_any(wide_mask mask) {
    return _mm256_movemask_pd(mask) != 0;
}

static inline int wide_all(wide_mask mask) {
    return _mm256_movemask_pd(mask) == 0xf;
}

static inline __attribute__((always_inline)) void wide_transpose(wide r[WIDE_LANES]) {
    const wide a0 = _mm256_unpacklo_pd(r[0], r[1]);
    const wide a1 = _mm256_unpackhi_pd(r[0], r[1]);
    const wide b0 = _mm256_unpacklo_pd(r[2], r[3]);
    const wide b1 = _mm256_unpackhi_pd(r[2], r[3]);
    r[0] = _mm256_permute2f128_pd(a0, b0, 0x20);
    r[1] = _mm256_permute2f128_pd(a1, b1, 0x20);
    r[2] = _mm256_permute2f128_pd(a0, b0, 0x31);
    r[3] = _mm256_permute2f128_pd(a1, b1, 0x31);
}

#endif
