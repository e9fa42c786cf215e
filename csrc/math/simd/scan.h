/* Recursive filter y[i] = keep * y[i-1] + gain * x[i], eight samples a step: three shifted multiply-adds give the part of y that comes
 * from the eight samples themselves, powers of keep add what came before. The chain from step to step is one multiply-add.
 *
 * Differs from one sample at a time by rounding: a few units in the last place of the largest recent |y|.
 */
#ifndef B3_MATH_SIMD_SCAN_H
#define B3_MATH_SIMD_SCAN_H

#include <immintrin.h>
#include <stddef.h>

typedef struct filter {
    double keep;
    double gain;
    double power[8]; /* keep, keep^2, ..., keep^8 */
} filter;

static inline filter filter_of(double keep, double gain) {
    filter f = {.keep = keep, .gain = gain};
    double power = 1.0;
    for (size_t i = 0; i < 8; ++i) f.power[i] = power *= keep;
    return f;
}

#if defined(__AVX512F__)

static inline double filter_eights(const filter *f, const double *x, double *y, size_t count, double before) {
    const __m512d gain = _mm512_set1_pd(f->gain);
    const __m512d power1 = _mm512_set1_pd(f->power[0]);
    const __m512d power2 = _mm512_set1_pd(f->power[1]);
    const __m512d power4 = _mm512_set1_pd(f->power[3]);
    const __m512d power8 = _mm512_set1_pd(f->power[7]);
    const __m512d powers = _mm512_loadu_pd(f->power);
    const __m512i zero = _mm512_setzero_si512();
    const __m512i last = _mm512_set1_epi64(7);
    __m512d carry = _mm512_set1_pd(before);
    for (size_t i = 0; i < count; i += 8) {
        __m512d v = _mm512_mul_pd(gain, _mm512_loadu_pd(x + i));
        v = _mm512_fmadd_pd(power1, _mm512_castsi512_pd(_mm512_alignr_epi64(_mm512_castpd_si512(v), zero, 7)), v);
        v = _mm512_fmadd_pd(power2, _mm512_castsi512_pd(_mm512_alignr_epi64(_mm512_castpd_si512(v), zero, 6)), v);
        v = _mm512_fmadd_pd(power4, _mm512_castsi512_pd(_mm512_alignr_epi64(_mm512_castpd_si512(v), zero, 4)), v);
        _mm512_storeu_pd(y + i, _mm512_fmadd_pd(powers, carry, v));
        carry = _mm512_fmadd_pd(power8, carry, _mm512_permutexvar_pd(last, v));
    }
    return _mm512_cvtsd_f64(carry);
}

#else

/* The part of four outputs that comes from the four samples themselves. */
static inline __m256d filter_four(__m256d v, __m256d power1, __m256d power2) {
    const __m256d zero = _mm256_setzero_pd();
    v = _mm256_fmadd_pd(power1, _mm256_blend_pd(_mm256_permute4x64_pd(v, 0x90), zero, 1), v);
    return _mm256_fmadd_pd(power2, _mm256_permute2f128_pd(v, v, 0x08), v);
}

static inline double filter_eights(const filter *f, const double *x, double *y, size_t count, double before) {
    const __m256d gain = _mm256_set1_pd(f->gain);
    const __m256d power1 = _mm256_set1_pd(f->power[0]);
    const __m256d power2 = _mm256_set1_pd(f->power[1]);
    const __m256d power8 = _mm256_set1_pd(f->power[7]);
    const __m256d powers = _mm256_loadu_pd(f->power);
    const __m256d powers_high = _mm256_loadu_pd(f->power + 4);
    __m256d carry = _mm256_set1_pd(before);
    for (size_t i = 0; i < count; i += 8) {
        const __m256d low = filter_four(_mm256_mul_pd(gain, _mm256_loadu_pd(x + i)), power1, power2);
        __m256d high = filter_four(_mm256_mul_pd(gain, _mm256_loadu_pd(x + i + 4)), power1, power2);
        high = _mm256_fmadd_pd(powers, _mm256_permute4x64_pd(low, 0xff), high);
        _mm256_storeu_pd(y + i, _mm256_fmadd_pd(powers, carry, low));
        _mm256_storeu_pd(y + i + 4, _mm256_fmadd_pd(powers_high, carry, high));
        carry = _mm256_fmadd_pd(power8, carry, _mm256_permute4x64_pd(high, 0xff));
    }
    return _mm256_cvtsd_f64(carry);
}

#endif

/* y may be x. before: y[-1]. Returns the last y. */
__attribute__((noinline)) static double filter_run(const filter *f, const double *x, double *y, size_t count, double before) {
    const size_t eights = count & ~(size_t)7;
    double value = filter_eights(f, x, y, eights, before);
    for (size_t i = eights; i < count; ++i) y[i] = value = f->keep * value + f->gain * x[i];
    return value;
}

#endif
