/* Wilder's parabolic stop and reverse, seen with the trend upwards: in a falling trend all prices have their signs changed, and highs and
 * lows change places. Its step is in sar.c for one series, in simd/recursive.h for vectors of them; the order of operations is TA-Lib's, so
 * that ties turn where they do there.
 */
#ifndef B3_MATH_SAR_H
#define B3_MATH_SAR_H

#include <stdint.h>

typedef struct b3_parabola {
    double step;
    double factor_max;
    double faster[2]; /* what a bar adds to the factor: nothing, or step if it goes further */
    double stop;      /* for the next bar, its sign changed */
    double extreme;
    double factor;
    double rises; /* 1; -1: falls */
    union {
        double bar[2]; /* the one before; high is NaN: none */
        struct {
            double high;
            double low;
        };
    };
    uint64_t started;
} b3_parabola;

#endif
