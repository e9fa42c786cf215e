/* What obv remembers. */
#ifndef B3_MATH_OBV_H
#define B3_MATH_OBV_H

#include "running_sum.h"

typedef struct b3_volume_balance {
    double before; /* the price; less than any at the start */
    b3_running_sum sum;
} b3_volume_balance;

#endif
