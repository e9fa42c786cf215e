/* One register of doubles as wide as the instruction set of the file that includes this: eight with AVX-512, four with AVX2, two with NEON.
 * What an instruction set says in its own words is in its file:
 *
 *   WIDE_LANES, wide, wide_mask
 *   wide_load_first(x, count)       the first count lanes, zeros behind them; wide_store_first likewise
 *   wide_load_from(x, skip)         the lanes from `skip` on, zeros before them; x points where lane 0 would be
 *   wide_fma(a, b, c)               a * b + c, rounded once
 *   wide_quotient(a, b)             a / b, of a denormal a to 41 bits, and 0 of -0. With AVX-512, whose divider takes 16 cycles, in half
 *                                   the time where there is little else to do, and in more where there is
 *   wide_later(now, before, k)      now moved k lanes later, 0 < k <= WIDE_LANES; what comes in at the front is the end of before
 *   wide_later_by(now, before, k)   the same for a k that is not known when compiling, 0 < k < WIDE_LANES; AVX-512 alone
 *   wide_reversed(v)
 *   wide_last(v)                    the last lane in all of them
 *   wide_max(newer, older), _min    of two equal numbers (0 and -0), and where one of the two is a NaN, the newer
 *   wide_sqrt(v), wide_abs(v)
 *   WIDE_IS(a, relation, b)         EQUAL_TO ABOVE BELOW AT_MOST NOT_AT_LEAST UNORDERED_WITH: only the last two hold of a NaN
 *   wide_pick(yes, then, otherwise), wide_either(a, b), wide_both(a, b), wide_any(mask), wide_all(mask)
 *   wide_transpose(r)               lane j of r[i] becomes lane i of r[j]
 */
#ifndef B3_MATH_SIMD_WIDE_H
#define B3_MATH_SIMD_WIDE_H

#include <stddef.h>

#if defined(__AVX512F__)
#include "avx512.h"
#elif defined(__AVX2__)
#include "avx2.h"
#else
#include "neon.h"
#endif

static const double WIDE_NUMBERS[8] = {0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0};

static inline wide wide_of(double x) {
    return x - (wide){0};
}

/* Doubles may begin anywhere. By memcpy the compiler would not see that a load and what uses it are one instruction. */
typedef double wide_in_memory __attribute__((vector_size(WIDE_LANES * sizeof(double)), aligned(sizeof(double)), may_alias));

static inline wide wide_load(const double *x) {
    return *(const wide_in_memory *)x;
}

static inline void wide_store(double *x, wide v) {
    *(wide_in_memory *)x = v;
}

/* Values that a run takes at once, at most: what is made of them stays in the first cache. */
#define CHUNK_MAX 2048

/* Doubles that a run asks for ahead of its time, results above all: a store waits for the line that it goes to, and what comes after it for
 * the store. From the third cache or memory a window's worth of arithmetic hides nothing of that. Not a page, 512, or what is asked for
 * would share a set of the cache with what is in use. */
#define AHEAD 352

static inline void ahead_of_reading(const double *x) {
    __builtin_prefetch(x + AHEAD);
}

static inline void ahead_of_writing(double *x) {
    __builtin_prefetch(x + AHEAD, 1);
}

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

/* A result; count: those that there is room for. */
static inline void wide_put(double *x, wide v, size_t count) {
    ahead_of_writing(x);
    if (count >= WIDE_LANES) wide_store(x, v);
    else wide_store_first(x, v, count);
}

#endif
