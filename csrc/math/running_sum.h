/* The sum of all samples so far as an unevaluated pair (Knuth): its error does not grow with their number. */
#ifndef B3_MATH_RUNNING_SUM_H
#define B3_MATH_RUNNING_SUM_H

typedef struct b3_running_sum {
    double sum;
    double rest;
} b3_running_sum;

static inline double b3_running_sum_push(b3_running_sum *total, double x) {
    const double before = total->sum;
    const double sum = before + x;
    const double added = sum - before;
    total->rest += (before - (sum - added)) + (x - added);
    total->sum = sum;
    return sum + total->rest;
}

#endif
