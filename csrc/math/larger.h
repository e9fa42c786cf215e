/* The larger and the smaller of two, without a branch or a call; b where they are equal or one is NaN. */
#ifndef B3_MATH_LARGER_H
#define B3_MATH_LARGER_H

static inline double b3_larger(double a, double b) {
    return a > b ? a : b;
}

static inline double b3_smaller(double a, double b) {
    return a < b ? a : b;
}

#endif
