/* What a step is written in where one text serves single updates and vectors of series: here one double. In a file of vectors, which
 * includes simd/eight.h before, a real is eight of them.
 */
#ifndef B3_MATH_REAL_H
#define B3_MATH_REAL_H

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
