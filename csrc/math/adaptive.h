/* What kama remembers. */
#ifndef B3_MATH_ADAPTIVE_H
#define B3_MATH_ADAPTIVE_H

#include "lag.h"
#include "window_sum.h"

typedef struct b3_adaptive {
    double before; /* the sample before this one */
    double value;
    uint64_t seen; /* since the start or a restart; stops at period + 1 */
    size_t changes_at;
    uint8_t data[]; /* b3_lag of samples, b3_window_sum of |change| */
} b3_adaptive;

#endif
