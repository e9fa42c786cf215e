/* Runs of the kernels that look at one bar and at most one earlier one. The arithmetic is that of the updates, to the last bit,
 * but for `bop` with AVX-512: eight_quotient has 41 bits of a denormal numerator, and 0 for -0. */
#ifndef B3_MATH_SIMD_ELEMENTS_H
#define B3_MATH_SIMD_ELEMENTS_H

#include "eight.h"
#include "math/kernel.h"
#include "math/run.h"

#define ELEMENT_ARGS const double *params, const double *const *in, double *const *out, uint64_t from, uint64_t count
/* Eight at a time; the last ones, of which there are eight at least, overlap those before. */
#define EACH_EIGHT(at) for (uint64_t at = from, last = count - 8; at <= last; at = at + 8 <= last || at == last ? at + 8 : last)

static void run_mom(ELEMENT_ARGS) {
    const double *x0 = in[0];
    double *y = out[0];
    const uint64_t back = (uint64_t)params[0];
    EACH_EIGHT(i) eight_put(y + i, eight_sub(eight_load(x0 + i), eight_load(x0 + i - back)));
}

static void run_roc(ELEMENT_ARGS) {
    const double *x0 = in[0];
    double *y = out[0];
    const uint64_t back = (uint64_t)params[0];
    const eight one = eight_of(1.0);
    const eight percent = eight_of(100.0);
    const eight zero = eight_of(0.0);
    EACH_EIGHT(i) {
        const eight before = eight_load(x0 + i - back);
        const eight rate = eight_mul(eight_sub(eight_quotient(eight_load(x0 + i), before), one), percent);
        eight_put(y + i, eight_pick(eight_equal(before, zero), zero, rate));
    }
}

static void run_tr(ELEMENT_ARGS) {
    const double *x0 = in[0];
    const double *x1 = in[1];
    const double *x2 = in[2];
    double *y = out[0];
    (void)params;
    EACH_EIGHT(i) {
        const eight high = eight_load(x0 + i);
        const eight low = eight_load(x1 + i);
        const eight before = eight_load(x2 + i - 1);
        const eight up = eight_abs(eight_sub(high, before));
        const eight down = eight_abs(eight_sub(low, before));
        const eight both = eight_add(up, down);
        const eight most = eight_max(eight_max(up, down), eight_sub(high, low));
        eight_put(y + i, eight_pick(eight_equal(both, both), most, both));
    }
}

static void run_bop(ELEMENT_ARGS) {
    const double *x0 = in[0];
    const double *x1 = in[1];
    const double *x2 = in[2];
    const double *x3 = in[3];
    double *y = out[0];
    (void)params;
    const eight zero = eight_of(0.0);
    EACH_EIGHT(i) {
        const eight range = eight_sub(eight_load(x1 + i), eight_load(x2 + i));
        const eight power = eight_quotient(eight_sub(eight_load(x3 + i), eight_load(x0 + i)), range);
        eight_put(y + i, eight_pick(eight_at_most(range, zero), zero, power));
    }
}

static inline eight sum_of_three(const double *a, const double *b, const double *c) {
    return eight_add(eight_add(eight_load(a), eight_load(b)), eight_load(c));
}

static void run_avgprice(ELEMENT_ARGS) {
    const double *x0 = in[0];
    const double *x1 = in[1];
    const double *x2 = in[2];
    const double *x3 = in[3];
    double *y = out[0];
    (void)params;
    EACH_EIGHT(i) eight_put(y + i, eight_mul(eight_add(sum_of_three(x0 + i, x1 + i, x2 + i), eight_load(x3 + i)), eight_of(0.25)));
}

static void run_medprice(ELEMENT_ARGS) {
    const double *x0 = in[0];
    const double *x1 = in[1];
    double *y = out[0];
    (void)params;
    EACH_EIGHT(i) eight_put(y + i, eight_mul(eight_add(eight_load(x0 + i), eight_load(x1 + i)), eight_of(0.5)));
}

static void run_typprice(ELEMENT_ARGS) {
    const double *x0 = in[0];
    const double *x1 = in[1];
    const double *x2 = in[2];
    double *y = out[0];
    (void)params;
    EACH_EIGHT(i) eight_put(y + i, eight_quotient(sum_of_three(x0 + i, x1 + i, x2 + i), eight_of(3.0)));
}

static void run_wclprice(ELEMENT_ARGS) {
    const double *x0 = in[0];
    const double *x1 = in[1];
    const double *x2 = in[2];
    double *y = out[0];
    (void)params;
    EACH_EIGHT(i) {
        const eight range = eight_add(eight_load(x0 + i), eight_load(x1 + i));
        const eight close = eight_load(x2 + i);
        eight_put(y + i, eight_mul(eight_add(range, eight_add(close, close)), eight_of(0.25)));
    }
}

#define ELEMENT_ROWS                                                                                                                       \
    WINDOW(mom), WINDOW(roc), WINDOW(tr), WINDOW(bop), WINDOW(avgprice), WINDOW(medprice), WINDOW(typprice), WINDOW(wclprice)

#endif
