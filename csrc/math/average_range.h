/* Wilder's average of the true range. */
#ifndef B3_MATH_AVERAGE_RANGE_H
#define B3_MATH_AVERAGE_RANGE_H

#include "smooth.h"
#include "true_range.h"

typedef struct b3_average_range {
    double close; /* of the bar before; NaN: none */
    b3_smooth range;
} b3_average_range;

#endif
