/* What vwap remembers. */
#ifndef B3_MATH_VWAP_H
#define B3_MATH_VWAP_H

#include "running_sum.h"
#include "window_sum.h"

typedef struct b3_weighted_price {
    uint64_t notional_size; /* bytes; 0: over all samples */
    b3_running_sum notional;
    b3_running_sum volume;
    uint8_t windows[]; /* two b3_window_sum: notional, volume */
} b3_weighted_price;

#endif
