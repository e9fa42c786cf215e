/* AVX-512's part of wide.h. */
#ifndef B3_MATH_SIMD_AVX512_H
#define B3_MATH_SIMD_AVX512_H

#include <stddef.h>

#include "x86.h"

#define WIDE_LANES 8
typedef __m512d wide;
typedef __mmask8 wide_mask;

static inline __mmask8 wide_first(size_t count) {
    return count >= WIDE_LANES ? (__mmask8)0xff : (__mmask8)((1U << count) - 1U);
}

static inline wide wide_load_first(const double *x, size_t count) {
    return _mm512_maskz_loadu_pd(wide_first(count), x);
}

static inline wide wide_load_from(const double *x, size_t skip) {
    return _mm512_maskz_loadu_pd((__mmask8) ~(unsigned)wide_first(skip), x);
}

static inline void wide_store_first(double *x, wide v, size_t count) {
    _mm512_mask_storeu_pd(x, wide_first(count), v);
}

static inline wide wide_fma(wide a, wide b, wide c) {
    return _mm512_fmadd_pd(a, b, c);
}

static inline __attribute__((always_inline)) wide wide_later(wide now, wide before, int k) {
    const __m512i high = _mm512_castpd_si512(now);
    const __m512i low = _mm512_castpd_si512(before);
    switch (k) {
    case 1: return _mm512_castsi512_pd(_mm512_alignr_epi64(high, low, 7));
    case 2: return _mm512_castsi512_pd(_mm512_alignr_epi64(high, low, 6));
    case 3: return _mm512_castsi512_pd(_mm512_alignr_epi64(high, low, 5));
    case 4: return _mm512_castsi512_pd(_mm512_alignr_epi64(high, low, 4));
    case 5: return _mm512_castsi512_pd(_mm512_alignr_epi64(high, low, 3));
    case 6: return _mm512_castsi512_pd(_mm512_alignr_epi64(high, low, 2));
    case 7: return _mm512_castsi512_pd(_mm512_alignr_epi64(high, low, 1));
    default: return before;
    }
}

static inline wide wide_later_by(wide now, wide before, size_t k) {
    const __m512i lanes = _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0);
    const __m512i from = _mm512_add_epi64(lanes, _mm512_set1_epi64((long long)(WIDE_LANES - k)));
    return _mm512_permutex2var_pd(before, from, now);
}

static inline wide wide_reversed(wide v) {
    return _mm512_permutexvar_pd(_mm512_set_epi64(0, 1, 2, 3, 4, 5, 6, 7), v);
}

static inline wide wide_last(wide v) {
    return _mm512_permutexvar_pd(_mm512_set1_epi64(7), v);
}

static inline wide wide_max(wide newer, wide older) {
    return _mm512_max_pd(older, newer);
}

static inline wide wide_min(wide newer, wide older) {
    return _mm512_min_pd(older, newer);
}

static inline wide wide_quotient(wide a, wide b) {
    const wide estimate = _mm512_rcp14_pd(b);
    const wide off = _mm512_fnmadd_pd(b, estimate, _mm512_set1_pd(1.0));
    const wide inverse = _mm512_fmadd_pd(estimate, _mm512_fmadd_pd(off, off, off), estimate); /* to 42 bits: Newton's step, cubic */
    const wide first = a * inverse;
    const wide whole = _mm512_fmadd_pd(_mm512_fnmadd_pd(first, b, a), inverse, first); /* what is left to divide is exact */
    if (__builtin_expect(_mm512_fpclass_pd_mask(b, 0x20) != 0, 0)) return a / b;       /* denormal: its inverse is not a number */
    return _mm512_mask_mul_pd(whole, _mm512_cmp_pd_mask(whole, whole, _CMP_UNORD_Q), a, estimate); /* b is 0 or infinite, or a is */
}

static inline wide wide_sqrt(wide v) {
    return _mm512_sqrt_pd(v);
}

static inline wide wide_abs(wide v) {
    return _mm512_abs_pd(v);
}

#define WIDE_IS(a, relation, b) _mm512_cmp_pd_mask(a, b, WIDE_##relation)

static inline wide wide_pick(wide_mask yes, wide then, wide otherwise) {
    return _mm512_mask_blend_pd(yes, otherwise, then);
}

static inline wide_mask wide_either(wide_mask a, wide_mask b) {
    return a | b;
}

static inline wide_mask wide_both(wide_mask a, wide_mask b) {
    return a & b;
}

static inline int wide_any(wide_mask mask) {
    return mask != 0;
}

static inline int wide_all(wide_mask mask) {
    return mask == 0xff;
}

static inline __attribute__((always_inline)) void wide_transpose(wide r[WIDE_LANES]) {
    const wide a0 = _mm512_unpacklo_pd(r[0], r[1]);
    const wide a1 = _mm512_unpackhi_pd(r[0], r[1]);
    const wide a2 = _mm512_unpacklo_pd(r[2], r[3]);
    const wide a3 = _mm512_unpackhi_pd(r[2], r[3]);
    const wide a4 = _mm512_unpacklo_pd(r[4], r[5]);
    const wide a5 = _mm512_unpackhi_pd(r[4], r[5]);
    const wide a6 = _mm512_unpacklo_pd(r[6], r[7]);
    const wide a7 = _mm512_unpackhi_pd(r[6], r[7]);
    const wide b0 = _mm512_shuffle_f64x2(a0, a2, 0x88);
    const wide b1 = _mm512_shuffle_f64x2(a1, a3, 0x88);
    const wide b2 = _mm512_shuffle_f64x2(a0, a2, 0xdd);
    const wide b3 = _mm512_shuffle_f64x2(a1, a3, 0xdd);
    const wide b4 = _mm512_shuffle_f64x2(a4, a6, 0x88);
    const wide b5 = _mm512_shuffle_f64x2(a5, a7, 0x88);
    const wide b6 = _mm512_shuffle_f64x2(a4, a6, 0xdd);
    const wide b7 = _mm512_shuffle_f64x2(a5, a7, 0xdd);
    r[0] = _mm512_shuffle_f64x2(b0, b4, 0x88);
    r[1] = _mm512_shuffle_f64x2(b1, b5, 0x88);
    r[2] = _mm512_shuffle_f64x2(b2, b6, 0x88);
    r[3] = _mm512_shuffle_f64x2(b3, b7, 0x88);
    r[4] = _mm512_shuffle_f64x2(b0, b4, 0xdd);
    r[5] = _mm512_shuffle_f64x2(b1, b5, 0xdd);
    r[6] = _mm512_shuffle_f64x2(b2, b6, 0xdd);
    r[7] = _mm512_shuffle_f64x2(b3, b7, 0xdd);
}

#endif
