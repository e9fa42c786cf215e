/* Eight doubles as one value, whatever the width of the registers: one of AVX-512, two of AVX2. The runs are written once, in these. */
#ifndef B3_MATH_SIMD_EIGHT_H
#define B3_MATH_SIMD_EIGHT_H

#include <immintrin.h>
#include <stddef.h>

#if defined(__AVX512F__)

typedef __m512d eight;
typedef __mmask8 eight_mask;

static inline eight eight_of(double x) {
    return _mm512_set1_pd(x);
}

static inline eight eight_load(const double *x) {
    return _mm512_loadu_pd(x);
}

static inline void eight_store(double *y, eight v) {
    _mm512_storeu_pd(y, v);
}

static inline eight eight_add(eight a, eight b) {
    return _mm512_add_pd(a, b);
}

static inline eight eight_sub(eight a, eight b) {
    return _mm512_sub_pd(a, b);
}

static inline eight eight_mul(eight a, eight b) {
    return _mm512_mul_pd(a, b);
}

static inline eight eight_div(eight a, eight b) {
    return _mm512_div_pd(a, b);
}

/* a * b + c, rounded once. */
static inline eight eight_fma(eight a, eight b, eight c) {
    return _mm512_fmadd_pd(a, b, c);
}

/* The second where one of the two is NaN. */
static inline eight eight_max(eight a, eight b) {
    return _mm512_max_pd(a, b);
}

static inline eight eight_min(eight a, eight b) {
    return _mm512_min_pd(a, b);
}

static inline eight eight_abs(eight a) {
    return _mm512_abs_pd(a);
}

/* 0 where any of the two is NaN. */
static inline eight_mask eight_greater(eight a, eight b) {
    return _mm512_cmp_pd_mask(a, b, _CMP_GT_OQ);
}

static inline eight_mask eight_at_most(eight a, eight b) {
    return _mm512_cmp_pd_mask(a, b, _CMP_LE_OQ);
}

static inline eight_mask eight_equal(eight a, eight b) {
    return _mm512_cmp_pd_mask(a, b, _CMP_EQ_OQ);
}

static inline eight eight_pick(eight_mask mask, eight yes, eight no) {
    return _mm512_mask_blend_pd(mask, no, yes);
}

static inline int eight_all(eight_mask mask) {
    return mask == 0xff;
}

/* All lanes the last one. */
static inline eight eight_last(eight v) {
    return _mm512_permutexvar_pd(_mm512_set1_epi64(7), v);
}

static inline double eight_first_lane(eight v) {
    return _mm512_cvtsd_f64(v);
}

/* Lanes moved up by 1, 2, 4; the lowest lanes come from the top of `fill`. */
static inline eight eight_up1(eight v, eight fill) {
    return _mm512_castsi512_pd(_mm512_alignr_epi64(_mm512_castpd_si512(v), _mm512_castpd_si512(fill), 7));
}

static inline eight eight_up2(eight v, eight fill) {
    return _mm512_castsi512_pd(_mm512_alignr_epi64(_mm512_castpd_si512(v), _mm512_castpd_si512(fill), 6));
}

static inline eight eight_up4(eight v, eight fill) {
    return _mm512_castsi512_pd(_mm512_alignr_epi64(_mm512_castpd_si512(v), _mm512_castpd_si512(fill), 4));
}

#else

typedef struct eight {
    __m256d low;
    __m256d high;
} eight;

typedef eight eight_mask;

#define EIGHT_OF_TWO(name, operation)                                                                                                      \
    static inline eight name(eight a, eight b) {                                                                                           \
        return (eight){operation(a.low, b.low), operation(a.high, b.high)};                                                                \
    }

static inline eight eight_of(double x) {
    return (eight){_mm256_set1_pd(x), _mm256_set1_pd(x)};
}

static inline eight eight_load(const double *x) {
    return (eight){_mm256_loadu_pd(x), _mm256_loadu_pd(x + 4)};
}

static inline void eight_store(double *y, eight v) {
    _mm256_storeu_pd(y, v.low);
    _mm256_storeu_pd(y + 4, v.high);
}

EIGHT_OF_TWO(eight_add, _mm256_add_pd)
EIGHT_OF_TWO(eight_sub, _mm256_sub_pd)
EIGHT_OF_TWO(eight_mul, _mm256_mul_pd)
EIGHT_OF_TWO(eight_div, _mm256_div_pd)
EIGHT_OF_TWO(eight_max, _mm256_max_pd)
EIGHT_OF_TWO(eight_min, _mm256_min_pd)

static inline eight eight_fma(eight a, eight b, eight c) {
    return (eight){_mm256_fmadd_pd(a.low, b.low, c.low), _mm256_fmadd_pd(a.high, b.high, c.high)};
}

static inline eight eight_abs(eight a) {
    const __m256d sign = _mm256_set1_pd(-0.0);
    return (eight){_mm256_andnot_pd(sign, a.low), _mm256_andnot_pd(sign, a.high)};
}

static inline eight_mask eight_greater(eight a, eight b) {
    return (eight){_mm256_cmp_pd(a.low, b.low, _CMP_GT_OQ), _mm256_cmp_pd(a.high, b.high, _CMP_GT_OQ)};
}

static inline eight_mask eight_at_most(eight a, eight b) {
    return (eight){_mm256_cmp_pd(a.low, b.low, _CMP_LE_OQ), _mm256_cmp_pd(a.high, b.high, _CMP_LE_OQ)};
}

static inline eight_mask eight_equal(eight a, eight b) {
    return (eight){_mm256_cmp_pd(a.low, b.low, _CMP_EQ_OQ), _mm256_cmp_pd(a.high, b.high, _CMP_EQ_OQ)};
}

static inline eight eight_pick(eight_mask mask, eight yes, eight no) {
    return (eight){_mm256_blendv_pd(no.low, yes.low, mask.low), _mm256_blendv_pd(no.high, yes.high, mask.high)};
}

static inline int eight_all(eight_mask mask) {
    return _mm256_movemask_pd(_mm256_and_pd(mask.low, mask.high)) == 0xf;
}

static inline eight eight_last(eight v) {
    const __m256d last = _mm256_permute4x64_pd(v.high, 0xff);
    return (eight){last, last};
}

static inline double eight_first_lane(eight v) {
    return _mm256_cvtsd_f64(v.low);
}

static inline __m256d four_up1(__m256d v, __m256d fill) {
    return _mm256_blend_pd(_mm256_permute4x64_pd(v, 0x90), _mm256_permute4x64_pd(fill, 0xff), 1);
}

static inline eight eight_up1(eight v, eight fill) {
    return (eight){four_up1(v.low, fill.high), four_up1(v.high, v.low)};
}

static inline eight eight_up2(eight v, eight fill) {
    return (eight){_mm256_permute2f128_pd(fill.high, v.low, 0x21), _mm256_permute2f128_pd(v.low, v.high, 0x21)};
}

static inline eight eight_up4(eight v, eight fill) {
    return (eight){fill.high, v.low};
}

#undef EIGHT_OF_TWO

#endif

/* Stays 0 while all that it is shown is finite; is NaN ever after where it was not. */
static inline eight eight_taint(eight taint, eight x) {
    return eight_fma(eight_of(0.0), x, taint);
}

static inline int eight_is_clean(eight taint) {
    return eight_all(eight_equal(taint, taint));
}

/* a / b; 0 where b is 0. */
static inline eight eight_ratio(eight a, eight b) {
    return eight_pick(eight_equal(b, eight_of(0.0)), eight_of(0.0), eight_div(a, b));
}

#endif
