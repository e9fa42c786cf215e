/* Runs of the kernels that look at one bar and at most one earlier one: plain loops where the compiler sees that they are independent.
 * The arithmetic is that of the updates, to the last bit.
 */
#ifndef B3_MATH_SIMD_ELEMENTS_H
#define B3_MATH_SIMD_ELEMENTS_H

#include "eight.h"
#include "math/kernel.h"
#include "math/run.h"

#define ELEMENT_ARGS const double *params, const double *const *in, double *const *out, uint64_t from, uint64_t count
/* The compiler cannot see that no output overlaps an input. */
#define COLUMN(name, j) const double *restrict name = in[j]

static void run_mom(ELEMENT_ARGS) {
    COLUMN(x, 0);
    double *restrict y = out[0];
    const uint64_t back = (uint64_t)params[0];
    for (uint64_t i = from; i < count; ++i) y[i] = x[i] - x[i - back];
}

static void run_roc(ELEMENT_ARGS) {
    COLUMN(x, 0);
    double *restrict y = out[0];
    const uint64_t back = (uint64_t)params[0];
    const eight one = eight_of(1.0);
    const eight percent = eight_of(100.0);
    const eight zero = eight_of(0.0);
    uint64_t i = from;
    for (; i + 8 <= count; i += 8) {
        const eight before = eight_load(x + i - back);
        const eight rate = eight_mul(eight_sub(eight_div(eight_load(x + i), before), one), percent);
        eight_store(y + i, eight_pick(eight_equal(before, zero), zero, rate));
    }
    for (; i < count; ++i) y[i] = x[i - back] == 0.0 ? 0.0 : (x[i] / x[i - back] - 1.0) * 100.0;
}

static void run_tr(ELEMENT_ARGS) {
    (void)params;
    COLUMN(high, 0);
    COLUMN(low, 1);
    COLUMN(close, 2);
    double *restrict y = out[0];
    for (uint64_t i = from; i < count; ++i) {
        const double range = high[i] - low[i];
        const double up = fabs(high[i] - close[i - 1]);
        const double down = fabs(low[i] - close[i - 1]);
        const double both = up + down;
        const double outside = up > down ? up : down;
        const double most = outside > range ? outside : range;
        y[i] = both != both ? both : most;
    }
}

static void run_bop(ELEMENT_ARGS) {
    (void)params;
    COLUMN(open, 0);
    COLUMN(high, 1);
    COLUMN(low, 2);
    COLUMN(close, 3);
    double *restrict y = out[0];
    const eight zero = eight_of(0.0);
    uint64_t i = from;
    for (; i + 8 <= count; i += 8) {
        const eight range = eight_sub(eight_load(high + i), eight_load(low + i));
        const eight power = eight_div(eight_sub(eight_load(close + i), eight_load(open + i)), range);
        eight_store(y + i, eight_pick(eight_at_most(range, zero), zero, power));
    }
    for (; i < count; ++i) y[i] = high[i] - low[i] <= 0.0 ? 0.0 : (close[i] - open[i]) / (high[i] - low[i]);
}

static void run_avgprice(ELEMENT_ARGS) {
    (void)params;
    COLUMN(open, 0);
    COLUMN(high, 1);
    COLUMN(low, 2);
    COLUMN(close, 3);
    double *restrict y = out[0];
    for (uint64_t i = from; i < count; ++i) y[i] = (open[i] + high[i] + low[i] + close[i]) / 4.0;
}

static void run_medprice(ELEMENT_ARGS) {
    (void)params;
    COLUMN(high, 0);
    COLUMN(low, 1);
    double *restrict y = out[0];
    for (uint64_t i = from; i < count; ++i) y[i] = (high[i] + low[i]) / 2.0;
}

static void run_typprice(ELEMENT_ARGS) {
    (void)params;
    COLUMN(high, 0);
    COLUMN(low, 1);
    COLUMN(close, 2);
    double *restrict y = out[0];
    for (uint64_t i = from; i < count; ++i) y[i] = (high[i] + low[i] + close[i]) / 3.0;
}

static void run_wclprice(ELEMENT_ARGS) {
    (void)params;
    COLUMN(high, 0);
    COLUMN(low, 1);
    COLUMN(close, 2);
    double *restrict y = out[0];
    for (uint64_t i = from; i < count; ++i) y[i] = (high[i] + low[i] + 2.0 * close[i]) / 4.0;
}

#define ELEMENT_ROWS                                                                                                                       \
    WINDOW(mom), WINDOW(roc), WINDOW(tr), WINDOW(bop), WINDOW(avgprice), WINDOW(medprice), WINDOW(typprice), WINDOW(wclprice)

#endif
