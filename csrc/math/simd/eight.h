/* Eight doubles as one value, whatever the width of the registers: one of AVX-512, two of AVX2, four of NEON. The recursions are written
 * once, in these.
 */
#ifndef B3_MATH_SIMD_EIGHT_H
#define B3_MATH_SIMD_EIGHT_H

#include "wide.h"

#define EIGHT_REGISTERS (8 / WIDE_LANES)

typedef struct eight {
    wide part[EIGHT_REGISTERS];
} eight;

typedef struct eight_mask {
    wide_mask part[EIGHT_REGISTERS];
} eight_mask;

/* A statement for each register, i. Unlike a loop it never keeps them in memory. */
#define EIGHT_PART(k, ...)                                                                                                                 \
    {                                                                                                                                      \
        enum { i = k };                                                                                                                    \
        __VA_ARGS__;                                                                                                                       \
    }
#if EIGHT_REGISTERS == 1
#define EIGHT_PARTS(...) EIGHT_PART(0, __VA_ARGS__)
#elif EIGHT_REGISTERS == 2
#define EIGHT_PARTS(...) EIGHT_PART(0, __VA_ARGS__) EIGHT_PART(1, __VA_ARGS__)
#else
#define EIGHT_PARTS(...) EIGHT_PART(0, __VA_ARGS__) EIGHT_PART(1, __VA_ARGS__) EIGHT_PART(2, __VA_ARGS__) EIGHT_PART(3, __VA_ARGS__)
#endif

/* All registers the same one. */
static inline eight eight_repeat(wide one) {
    eight v;
    EIGHT_PARTS(v.part[i] = one)
    return v;
}

static inline eight eight_of(double x) {
    return eight_repeat(wide_of(x));
}

static inline eight eight_load(const double *x) {
    eight v;
    EIGHT_PARTS(v.part[i] = wide_load(x + i * WIDE_LANES))
    return v;
}

static inline void eight_store(double *y, eight v) {
    EIGHT_PARTS(wide_store(y + i * WIDE_LANES, v.part[i]))
}

/* A result. */
static inline void eight_put(double *x, eight v) {
    ahead_of_writing(x);
    eight_store(x, v);
}

static inline eight eight_add(eight a, eight b) {
    EIGHT_PARTS(a.part[i] += b.part[i])
    return a;
}

static inline eight eight_sub(eight a, eight b) {
    EIGHT_PARTS(a.part[i] -= b.part[i])
    return a;
}

static inline eight eight_mul(eight a, eight b) {
    EIGHT_PARTS(a.part[i] *= b.part[i])
    return a;
}

static inline eight eight_div(eight a, eight b) {
    EIGHT_PARTS(a.part[i] /= b.part[i])
    return a;
}

static inline eight eight_quotient(eight a, eight b) {
    EIGHT_PARTS(a.part[i] = wide_quotient(a.part[i], b.part[i]))
    return a;
}

/* a * b + c, rounded once. */
static inline eight eight_fma(eight a, eight b, eight c) {
    EIGHT_PARTS(c.part[i] = wide_fma(a.part[i], b.part[i], c.part[i]))
    return c;
}

/* The second where one of the two is NaN. */
static inline eight eight_max(eight a, eight b) {
    EIGHT_PARTS(a.part[i] = wide_max(b.part[i], a.part[i]))
    return a;
}

static inline eight eight_min(eight a, eight b) {
    EIGHT_PARTS(a.part[i] = wide_min(b.part[i], a.part[i]))
    return a;
}

static inline eight eight_abs(eight a) {
    EIGHT_PARTS(a.part[i] = wide_abs(a.part[i]))
    return a;
}

static inline eight eight_negate(eight a) {
    EIGHT_PARTS(a.part[i] = -a.part[i])
    return a;
}

/* 0 where any of the two is NaN. */
static inline eight_mask eight_greater(eight a, eight b) {
    eight_mask mask;
    EIGHT_PARTS(mask.part[i] = WIDE_IS(a.part[i], ABOVE, b.part[i]))
    return mask;
}

static inline eight_mask eight_at_most(eight a, eight b) {
    eight_mask mask;
    EIGHT_PARTS(mask.part[i] = WIDE_IS(a.part[i], AT_MOST, b.part[i]))
    return mask;
}

static inline eight_mask eight_equal(eight a, eight b) {
    eight_mask mask;
    EIGHT_PARTS(mask.part[i] = WIDE_IS(a.part[i], EQUAL_TO, b.part[i]))
    return mask;
}

static inline eight eight_pick(eight_mask mask, eight yes, eight no) {
    EIGHT_PARTS(no.part[i] = wide_pick(mask.part[i], yes.part[i], no.part[i]))
    return no;
}

static inline int eight_all(eight_mask mask) {
    wide_mask all = mask.part[0];
    EIGHT_PARTS(all = wide_both(all, mask.part[i]))
    return wide_all(all);
}

/* The last lane in all lanes of a register. */
static inline wide eight_last(eight v) {
    return wide_last(v.part[EIGHT_REGISTERS - 1]);
}

static inline double eight_first_lane(eight v) {
    return v.part[0][0];
}

/* Register i of v moved up by so many registers. */
#define EIGHT_MOVED(registers) (i >= (registers) ? v : fill).part[(i + 2 * EIGHT_REGISTERS - (registers)) % EIGHT_REGISTERS]

/* Lanes moved up by 1, 2, 4; the lowest lanes come from the top of `fill`. */
#define EIGHT_WHOLE(k) (((k) - 1) / WIDE_LANES)
#define EIGHT_UP(k)                                                                                                                        \
    static inline eight eight_up##k(eight v, eight fill) {                                                                                 \
        eight up;                                                                                                                          \
        EIGHT_PARTS(up.part[i] =                                                                                                           \
                        wide_later(EIGHT_MOVED(EIGHT_WHOLE(k)), EIGHT_MOVED(EIGHT_WHOLE(k) + 1), (k) - EIGHT_WHOLE(k) * WIDE_LANES))       \
        return up;                                                                                                                         \
    }

EIGHT_UP(1)
EIGHT_UP(2)
EIGHT_UP(4)

#undef EIGHT_UP
#undef EIGHT_WHOLE
#undef EIGHT_MOVED

/* Whole rows are loaded and squares of registers are stored: that way the compiler spills least.
 * Squares (i, j) and (j, i) change places. */
__attribute__((always_inline)) static inline void eight_transpose_squares(eight r[8], size_t i, size_t j) {
    wide a[WIDE_LANES];
    wide b[WIDE_LANES];
#pragma GCC unroll 8
    for (size_t k = 0; k < WIDE_LANES; ++k) {
        a[k] = r[i * WIDE_LANES + k].part[j];
        b[k] = r[j * WIDE_LANES + k].part[i];
    }
    wide_transpose(a);
    wide_transpose(b);
#pragma GCC unroll 8
    for (size_t k = 0; k < WIDE_LANES; ++k) {
        r[i * WIDE_LANES + k].part[j] = b[k];
        r[j * WIDE_LANES + k].part[i] = a[k];
    }
}

/* Row i of the eight becomes lane i of each. */
__attribute__((always_inline)) static inline void eight_transpose(eight r[8]) {
    eight_transpose_squares(r, 0, 0);
#if EIGHT_REGISTERS > 1
    eight_transpose_squares(r, 0, 1);
    eight_transpose_squares(r, 1, 1);
#endif
#if EIGHT_REGISTERS > 2
    eight_transpose_squares(r, 0, 2);
    eight_transpose_squares(r, 1, 2);
    eight_transpose_squares(r, 2, 2);
    eight_transpose_squares(r, 0, 3);
    eight_transpose_squares(r, 1, 3);
    eight_transpose_squares(r, 2, 3);
    eight_transpose_squares(r, 3, 3);
#endif
}

/* Square (i, j) of the rows. */
__attribute__((always_inline)) static inline void eight_store_square(const eight y[8], double *rows, size_t apart, size_t i, size_t j) {
    wide square[WIDE_LANES];
#pragma GCC unroll 8
    for (size_t k = 0; k < WIDE_LANES; ++k) square[k] = y[j * WIDE_LANES + k].part[i];
    wide_transpose(square);
#pragma GCC unroll 8
    for (size_t k = 0; k < WIDE_LANES; ++k) wide_store(rows + (i * WIDE_LANES + k) * apart + j * WIDE_LANES, square[k]);
}

#define LINES_AHEAD 64 /* doubles of a row: see AHEAD; there are eight rows on their way at once */

/* x[j], lane i: row i, column j. */
__attribute__((always_inline)) static inline void eight_load_columns(eight x[8], const double *rows, size_t apart) {
    for (size_t i = 0; i < 8; ++i) __builtin_prefetch(rows + i * apart + LINES_AHEAD); /* more rows than the hardware follows */
    for (size_t i = 0; i < 8; ++i) x[i] = eight_load(rows + i * apart);
    eight_transpose(x);
}

/* The other way. */
__attribute__((always_inline)) static inline void eight_store_columns(eight y[8], double *rows, size_t apart) {
    for (size_t i = 0; i < 8; ++i) __builtin_prefetch(rows + i * apart + LINES_AHEAD, 1);
    EIGHT_PARTS(eight_store_square(y, rows, apart, i, 0))
#if EIGHT_REGISTERS > 1
    EIGHT_PARTS(eight_store_square(y, rows, apart, i, 1))
#endif
#if EIGHT_REGISTERS > 2
    EIGHT_PARTS(eight_store_square(y, rows, apart, i, 2))
    EIGHT_PARTS(eight_store_square(y, rows, apart, i, 3))
#endif
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

#endif
