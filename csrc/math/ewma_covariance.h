/* What an exponentially weighted covariance remembers. */
#ifndef B3_MATH_EWMA_COVARIANCE_H
#define B3_MATH_EWMA_COVARIANCE_H

#include <stdint.h>

typedef struct b3_weighted_covariance {
    double decay;
    double mean[2];
    double value;
    double weight; /* adjust=yes: sum of decay^j so far; 0: nothing seen since the start or a restart */
    uint64_t adjust;
    uint64_t zero_mean;
} b3_weighted_covariance;

#endif
