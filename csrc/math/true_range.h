/* The true range: how far the price went since the close before. */
#ifndef B3_MATH_TRUE_RANGE_H
#define B3_MATH_TRUE_RANGE_H

#include <math.h>

/* NaN when any of the three is. */
static inline double b3_true_range(double high, double low, double close_before) {
    double range = high - low;
    const double up = fabs(high - close_before);
    const double down = fabs(low - close_before);
    if (up > range || up != up) range = up;
    if (down > range || down != down) range = down;
    return range;
}

#endif
