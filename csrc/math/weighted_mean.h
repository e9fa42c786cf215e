/* What ewma remembers. */
#ifndef B3_MATH_WEIGHTED_MEAN_H
#define B3_MATH_WEIGHTED_MEAN_H

typedef struct b3_weighted_mean {
    double decay;
    double value;
    double weight; /* adjust=yes: sum of decay^j so far; 0: nothing seen since the start or a restart */
    uint64_t adjust;
} b3_weighted_mean;

#endif
