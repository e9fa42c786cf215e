/* One register of doubles as wide as the instruction set of the file that includes this: eight with AVX-512, four with AVX2. */
#ifndef B3_MATH_SIMD_WIDE_H
#define B3_MATH_SIMD_WIDE_H

#include <immintrin.h>
#include <stddef.h>

/* Relations of WIDE_IS. Only NOT_AT_LEAST and UNORDERED_WITH hold of a NaN. */
#define WIDE_EQUAL_TO _CMP_EQ_OQ
#define WIDE_ABOVE _CMP_GT_OQ
#define WIDE_BELOW _CMP_LT_OQ
#define WIDE_AT_MOST _CMP_LE_OQ
#define WIDE_NOT_AT_LEAST _CMP_NGE_UQ
#define WIDE_UNORDERED_WITH _CMP_UNORD_Q

#if defined(__AVX512F__)

#define WIDE_LANES 8
typedef __m512d wide;

static inline __mmask8 wide_first(size_t count) {
    return count >= WIDE_LANES ? (__mmask8)0xff : (__mmask8)((1U << count) - 1U);
}

static inline wide wide_of(double x) {
    return _mm512_set1_pd(x);
}

static inline wide wide_load(const double *x) {
    return _mm512_loadu_pd(x);
}

/* The first count lanes, zeros behind them. */
static inline wide wide_load_first(const double *x, size_t count) {
    return _mm512_maskz_loadu_pd(wide_first(count), x);
}

/* The lanes from `skip` on, zeros before them; x points where lane 0 would be. */
static inline wide wide_load_from(const double *x, size_t skip) {
    return _mm512_maskz_loadu_pd((__mmask8) ~(unsigned)wide_first(skip), x);
}

static inline void wide_store(double *x, wide v) {
    _mm512_storeu_pd(x, v);
}

static inline void wide_store_first(double *x, wide v, size_t count) {
    _mm512_mask_storeu_pd(x, wide_first(count), v);
}

static inline wide wide_fma(wide a, wide b, wide c) {
    return _mm512_fmadd_pd(a, b, c);
}

/* now moved k lanes later, 0 < k < WIDE_LANES; what comes in at the front is the end of before. */
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
    default: return _mm512_castsi512_pd(_mm512_alignr_epi64(high, low, 1));
    }
}

/* The same for a k that is not known when compiling. */
static inline wide wide_later_by(wide now, wide before, size_t k) {
    const __m512i lanes = _mm512_set_epi64(7, 6, 5, 4, 3, 2, 1, 0);
    const __m512i from = _mm512_add_epi64(lanes, _mm512_set1_epi64((long long)(WIDE_LANES - k)));
    return _mm512_permutex2var_pd(before, from, now);
}

static inline wide wide_reversed(wide v) {
    return _mm512_permutexvar_pd(_mm512_set_epi64(0, 1, 2, 3, 4, 5, 6, 7), v);
}

/* The last lane in all of them. */
static inline wide wide_last(wide v) {
    return _mm512_permutexvar_pd(_mm512_set1_epi64(7), v);
}

/* Of two equal numbers (0 and -0), and where one of the two is a NaN, the newer. */
static inline wide wide_max(wide newer, wide older) {
    return _mm512_max_pd(older, newer);
}

static inline wide wide_min(wide newer, wide older) {
    return _mm512_min_pd(older, newer);
}

static inline wide wide_sqrt(wide v) {
    return _mm512_sqrt_pd(v);
}

static inline wide wide_abs(wide v) {
    return _mm512_abs_pd(v);
}

typedef __mmask8 wide_mask;

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

static const double WIDE_NUMBERS[WIDE_LANES] = {0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0};

#else

#define WIDE_LANES 4
typedef __m256d wide;

static inline __m256i wide_first(size_t count) {
    return _mm256_cmpgt_epi64(_mm256_set1_epi64x((long long)count), _mm256_set_epi64x(3, 2, 1, 0));
}

static inline wide wide_of(double x) {
    return _mm256_set1_pd(x);
}

static inline wide wide_load(const double *x) {
    return _mm256_loadu_pd(x);
}

static inline wide wide_load_first(const double *x, size_t count) {
    return _mm256_maskload_pd(x, wide_first(count));
}

static inline wide wide_load_from(const double *x, size_t skip) {
    return _mm256_maskload_pd(x, _mm256_xor_si256(wide_first(skip), _mm256_set1_epi64x(-1)));
}

static inline void wide_store(double *x, wide v) {
    _mm256_storeu_pd(x, v);
}

static inline void wide_store_first(double *x, wide v, size_t count) {
    _mm256_maskstore_pd(x, wide_first(count), v);
}

static inline wide wide_fma(wide a, wide b, wide c) {
    return _mm256_fmadd_pd(a, b, c);
}

static inline __attribute__((always_inline)) wide wide_later(wide now, wide before, int k) {
    const __m256d across = _mm256_permute2f128_pd(before, now, 0x21);
    switch (k) {
    case 1: return _mm256_shuffle_pd(across, now, 0x5);
    case 2: return across;
    default: return _mm256_shuffle_pd(before, across, 0x5);
    }
}

static inline wide wide_later_by(wide now, wide before, size_t k) {
    if (k == 1) return wide_later(now, before, 1);
    return k == 2 ? wide_later(now, before, 2) : wide_later(now, before, 3);
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

static inline wide wide_sqrt(wide v) {
    return _mm256_sqrt_pd(v);
}

static inline wide wide_abs(wide v) {
    return _mm256_andnot_pd(_mm256_set1_pd(-0.0), v);
}

typedef __m256d wide_mask;

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

static const double WIDE_NUMBERS[WIDE_LANES] = {0.0, 1.0, 2.0, 3.0};

#endif

/* The first count of a place that may hold fewer than a register. */
static inline wide wide_get(const double *x, size_t count) {
    return count >= WIDE_LANES ? wide_load(x) : wide_load_first(x, count);
}

static inline double wide_lowest(wide v) {
    double x[WIDE_LANES];
    wide_store(x, v);
    double lowest = x[0];
    for (size_t i = 1; i < WIDE_LANES; ++i) lowest = x[i] < lowest ? x[i] : lowest;
    return lowest;
}

static inline double wide_highest(wide v) {
    return -wide_lowest(-v);
}

static inline void wide_put(double *x, wide v, size_t count) {
    if (count >= WIDE_LANES) wide_store(x, v);
    else wide_store_first(x, v, count);
}

#endif
