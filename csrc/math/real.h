/* What a step is written in where one text serves single updates and vectors of series: here one double; in a file of vectors, which
 * includes simd/eight.h before, eight of them.
 */
#ifndef B3_MATH_REAL_H
#define B3_MATH_REAL_H

#ifdef B3_MATH_SIMD_EIGHT_H

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

#else

typedef double real;
typedef int real_mask;

static inline real real_of(double x) {
    return x;
}

static inline real real_add(real a, real b) {
    return a + b;
}

static inline real real_sub(real a, real b) {
    return a - b;
}

static inline real real_mul(real a, real b) {
    return a * b;
}

static inline real real_negate(real a) {
    return -a;
}

static inline real real_max(real a, real b) {
    return a > b ? a : b;
}

static inline real real_min(real a, real b) {
    return a < b ? a : b;
}

static inline real_mask real_greater(real a, real b) {
    return a > b;
}

static inline real_mask real_at_most(real a, real b) {
    return a <= b;
}

static inline real real_pick(real_mask mask, real yes, real no) {
    return mask ? yes : no;
}

#endif
#endif
