/* The true range: how far the price went since the close before. */
#ifndef B3_MATH_TRUE_RANGE_H
#define B3_MATH_TRUE_RANGE_H

#include <math.h>

/* NaN when any of the three is. Which of the distances is the largest is a coin's toss, so there is no branch on it. */
static inline double b3_true_range(double high, double low, double close_before) {
    const double range = high - low;
    const double up = fabs(high - close_before);
    const double down = fabs(low - close_before);
    if (isnan(up + down)) return NAN;
    const double outside = up > down ? up : down;
    return outside > range ? outside : range;
}

#endif
