/* The sum of all samples so far as an unevaluated pair (Neumaier): its error does not grow with their number. */
#ifndef B3_MATH_RUNNING_SUM_H
#define B3_MATH_RUNNING_SUM_H

#include <math.h>

typedef struct b3_running_sum {
    double sum;
    double rest;
} b3_running_sum;

static inline double b3_running_sum_push(b3_running_sum *total, double x) {
    const double sum = total->sum + x;
    total->rest += fabs(total->sum) >= fabs(x) ? (total->sum - sum) + x : (x - sum) + total->sum;
    total->sum = sum;
    return sum + total->rest;
}

#endif
