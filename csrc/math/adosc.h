/* What adosc remembers. */
#ifndef B3_MATH_ADOSC_H
#define B3_MATH_ADOSC_H

#include "running_sum.h"
#include "smooth.h"

typedef struct b3_chaikin {
    b3_running_sum ad;
    b3_smooth fast;
    b3_smooth slow;
} b3_chaikin;

#endif
