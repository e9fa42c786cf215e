/* Eight doubles as one value, whatever the width of the registers: one of AVX-512, two of AVX2. The runs are written once, in these. */
#ifndef B3_MATH_SIMD_EIGHT_H
#define B3_MATH_SIMD_EIGHT_H

#include <immintrin.h>
#include <stddef.h>

#if defined(__AVX512F__)

#define EIGHT_REGISTERS 1
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

static inline eight eight_negate(eight a) {
    return _mm512_xor_pd(a, _mm512_set1_pd(-0.0));
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

/* Row i of the eight becomes lane i of each. */
__attribute__((always_inline)) static inline void eight_transpose(eight r[8]) {
    const eight a0 = _mm512_unpacklo_pd(r[0], r[1]);
    const eight a1 = _mm512_unpackhi_pd(r[0], r[1]);
    const eight a2 = _mm512_unpacklo_pd(r[2], r[3]);
    const eight a3 = _mm512_unpackhi_pd(r[2], r[3]);
    const eight a4 = _mm512_unpacklo_pd(r[4], r[5]);
    const eight a5 = _mm512_unpackhi_pd(r[4], r[5]);
    const eight a6 = _mm512_unpacklo_pd(r[6], r[7]);
    const eight a7 = _mm512_unpackhi_pd(r[6], r[7]);
    const eight b0 = _mm512_shuffle_f64x2(a0, a2, 0x88);
    const eight b1 = _mm512_shuffle_f64x2(a1, a3, 0x88);
    const eight b2 = _mm512_shuffle_f64x2(a0, a2, 0xdd);
    const eight b3 = _mm512_shuffle_f64x2(a1, a3, 0xdd);
    const eight b4 = _mm512_shuffle_f64x2(a4, a6, 0x88);
    const eight b5 = _mm512_shuffle_f64x2(a5, a7, 0x88);
    const eight b6 = _mm512_shuffle_f64x2(a4, a6, 0xdd);
    const eight b7 = _mm512_shuffle_f64x2(a5, a7, 0xdd);
    r[0] = _mm512_shuffle_f64x2(b0, b4, 0x88);
    r[1] = _mm512_shuffle_f64x2(b1, b5, 0x88);
    r[2] = _mm512_shuffle_f64x2(b2, b6, 0x88);
    r[3] = _mm512_shuffle_f64x2(b3, b7, 0x88);
    r[4] = _mm512_shuffle_f64x2(b0, b4, 0xdd);
    r[5] = _mm512_shuffle_f64x2(b1, b5, 0xdd);
    r[6] = _mm512_shuffle_f64x2(b2, b6, 0xdd);
    r[7] = _mm512_shuffle_f64x2(b3, b7, 0xdd);
}

#else

#define EIGHT_REGISTERS 2
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

static inline eight eight_negate(eight a) {
    const __m256d sign = _mm256_set1_pd(-0.0);
    return (eight){_mm256_xor_pd(a.low, sign), _mm256_xor_pd(a.high, sign)};
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

static inline void four_transpose(__m256d *a, __m256d *b, __m256d *c, __m256d *d) {
    const __m256d ab0 = _mm256_unpacklo_pd(*a, *b);
    const __m256d ab1 = _mm256_unpackhi_pd(*a, *b);
    const __m256d cd0 = _mm256_unpacklo_pd(*c, *d);
    const __m256d cd1 = _mm256_unpackhi_pd(*c, *d);
    *a = _mm256_permute2f128_pd(ab0, cd0, 0x20);
    *b = _mm256_permute2f128_pd(ab1, cd1, 0x20);
    *c = _mm256_permute2f128_pd(ab0, cd0, 0x31);
    *d = _mm256_permute2f128_pd(ab1, cd1, 0x31);
}

static inline void four_exchange(__m256d *a, __m256d *b) {
    const __m256d kept = *a;
    *a = *b;
    *b = kept;
}

__attribute__((always_inline)) static inline void eight_transpose(eight r[8]) {
    four_transpose(&r[0].low, &r[1].low, &r[2].low, &r[3].low);
    four_transpose(&r[0].high, &r[1].high, &r[2].high, &r[3].high);
    four_transpose(&r[4].low, &r[5].low, &r[6].low, &r[7].low);
    four_transpose(&r[4].high, &r[5].high, &r[6].high, &r[7].high);
    four_exchange(&r[0].high, &r[4].low);
    four_exchange(&r[1].high, &r[5].low);
    four_exchange(&r[2].high, &r[6].low);
    four_exchange(&r[3].high, &r[7].low);
}

#undef EIGHT_OF_TWO

#endif

/* x[j], lane i: row i, column j. */
__attribute__((always_inline)) static inline void eight_load_columns(eight x[8], const double *rows, size_t apart) {
    for (size_t i = 0; i < 8; ++i) __builtin_prefetch(rows + i * apart + 64); /* more rows than the hardware follows */
    for (size_t i = 0; i < 8; ++i) x[i] = eight_load(rows + i * apart);
    eight_transpose(x);
}

/* The other way. */
__attribute__((always_inline)) static inline void eight_store_columns(eight y[8], double *rows, size_t apart) {
    eight_transpose(y);
    for (size_t i = 0; i < 8; ++i) eight_store(rows + i * apart, y[i]);
}

/* Lane i: x[i * apart]. */
static inline eight eight_gather(const double *x, size_t apart) {
    double lane[8];
    for (size_t i = 0; i < 8; ++i) lane[i] = x[i * apart];
    return eight_load(lane);
}

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

/* In a file of vectors a step (math/real.h) is one of eight series. */
#define B3_MATH_REAL_H
typedef eight real;
typedef eight_mask real_mask;
#define real_of eight_of
#define real_add eight_add
#define real_sub eight_sub
#define real_mul eight_mul
#define real_negate eight_negate
#define real_max eight_max
#define real_min eight_min
#define real_greater eight_greater
#define real_at_most eight_at_most
#define real_pick eight_pick

#endif
