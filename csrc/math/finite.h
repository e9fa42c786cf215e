/* Whether samples are finite, in few instructions: what is not differs from itself by NaN. */
#ifndef B3_MATH_FINITE_H
#define B3_MATH_FINITE_H

static inline int b3_is_finite(double x) {
    return x - x == 0.0;
}

static inline int b3_are_finite(double x, double y) {
    return (x - x) + (y - y) == 0.0;
}

#endif
