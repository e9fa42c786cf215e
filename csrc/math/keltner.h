/* What keltner remembers. */
#ifndef B3_MATH_KELTNER_H
#define B3_MATH_KELTNER_H

#include "smooth.h"
#include "true_range.h"

typedef struct b3_keltner {
    double multiplier;
    double close;
    b3_smooth middle;
    b3_smooth range;
} b3_keltner;

#endif
