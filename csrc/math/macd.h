/* The three averages of macd. */
#ifndef B3_MATH_MACD_H
#define B3_MATH_MACD_H

#include "smooth.h"

typedef struct b3_crossing {
    uint32_t skip; /* samples that the fast average leaves out, so that both averages start on the same sample */
    uint32_t skipped;
    b3_smooth fast;
    b3_smooth slow;
    b3_smooth signal;
} b3_crossing;

#endif
