/* Vector runs of the kernels on two series: sums of both, of their squares and of their products. */
#ifndef B3_MATH_SIMD_PAIRS_H
#define B3_MATH_SIMD_PAIRS_H

#include "windows.h"

/* Five sums of short windows stay in the first cache by smaller chunks. */
#define PAIR_CHUNK 256
#define EACH_PAIR_CHUNK(at, size)                                                                                                          \
    for (uint64_t at = from, size; at < count && (size = count - at < PAIR_CHUNK ? count - at : PAIR_CHUNK, 1); at += size)

/* What a kernel makes of the windows that end at a register of samples: sums of squares and products of the deviations from the means.
 * Writes `left` values, at most a register of them. */
typedef void (*product_fn)(const double *params, lanes xx, lanes yy, lanes xy, double *out, size_t left);

B3_ONE_COPY void product_terms(const source *from, uint32_t period, uint32_t count, lanes *room, terms *t) {
    decompose(PRODUCTS, from, period, count, room, t);
}

B3_ONE_COPY void safe_product_terms(const source *from, uint32_t period, uint32_t count, lanes *room, terms *t) {
    decompose(SAFE_PRODUCTS, from, period, count, room, t);
}

typedef struct product_context {
    product_fn finish;
    const double *params;
    double *out;
    lanes per_p;
    int lost;
} product_context;

B3_SPECIALISED void finish_products(void *context, part sums, size_t at, size_t left) {
    product_context *c = context;
    const lanes mean_x = sums.of[0] * c->per_p;
    const lanes mean_y = sums.of[1] * c->per_p;
    const lanes xx = sums.of[2] - sums.of[0] * mean_x;
    const lanes yy = sums.of[3] - sums.of[1] * mean_y;
    c->lost |= lost_digits(sums.of[2], xx, left) | lost_digits(sums.of[3], yy, left);
    c->finish(c->params, xx, yy, sums.of[4] - sums.of[0] * mean_y, c->out + at, left);
}

B3_SPECIALISED void finish_safe_products(void *context, part sums, size_t at, size_t left) {
    const product_context *c = context;
    c->finish(c->params, sums.of[4], sums.of[5], sums.of[6], c->out + at, left);
}

/* size windows; x and y: the oldest sample of the first. One anchor for each series where that loses no digits, as in `moments`. */
B3_SPECIALISED void products(product_fn finish, const double *params, const double *x, const double *y, uint32_t size, double *out) {
    const uint32_t period = (uint32_t)params[0];
    const size_t middle = period - 1 + size / 2;
    const source from = {x, y, x[middle], y[middle]};
    product_context c = {finish, params, out, lanes_of(1.0 / params[0]), 0};
    lanes room[ROOM(PART_MEMBERS)];
    terms t;
    product_terms(&from, period, size, room, &t);
    each_window(PRODUCTS, &t, size, finish_products, &c);
    if (!c.lost) return;
    safe_product_terms(&from, period, size, room, &t);
    each_window(SAFE_PRODUCTS, &t, size, finish_safe_products, &c);
}

B3_SPECIALISED void correl_finish(const double *params, lanes xx, lanes yy, lanes xy, double *out, size_t left) {
    (void)params;
    const lanes zero = lanes_of(0.0);
    const lanes product = xx * yy;
    lanes scale = lanes_sqrt(product);
    if (lanes_any(lanes_either(LANES_IS(product, _CMP_LT_OQ, lanes_of(1e-280)), LANES_IS(product, _CMP_GT_OQ, lanes_of(1e280)))))
        scale = lanes_sqrt(xx) * lanes_sqrt(yy);
    const lanes bounded = lanes_max(lanes_min(xy / scale, lanes_of(1.0)), lanes_of(-1.0));
    lanes_put(out, lanes_pick(LANES_IS(scale, _CMP_EQ_OQ, zero), zero, bounded), left);
}

static void run_correl(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    EACH_PAIR_CHUNK(at, size)
    products(correl_finish, params, window_at(in[0], at, period), window_at(in[1], at, period), (uint32_t)size, out[0] + at);
}

B3_SPECIALISED void covariance_finish(const double *params, lanes xx, lanes yy, lanes xy, double *out, size_t left) {
    (void)xx;
    (void)yy;
    lanes_put(out, xy * lanes_of(1.0 / (params[0] - params[1])), left);
}

static void run_covariance(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    EACH_PAIR_CHUNK(at, size)
    products(covariance_finish, params, window_at(in[0], at, period), window_at(in[1], at, period), (uint32_t)size, out[0] + at);
}

B3_SPECIALISED void beta_finish(const double *params, lanes xx, lanes yy, lanes xy, double *out, size_t left) {
    (void)params;
    (void)yy;
    const lanes zero = lanes_of(0.0);
    lanes_put(out, lanes_pick(LANES_IS(xx, _CMP_EQ_OQ, zero), zero, xy / xx), left);
}

/* changes[i]: from x[i] to x[i + 1], relative; 0 where x[i] is (TA-Lib). */
B3_ONE_COPY void relative_changes(const double *x, size_t count, double *restrict changes) {
    for (size_t i = 0; i < count; ++i) {
        const double change = (x[i + 1] - x[i]) / x[i];
        changes[i] = x[i] == 0.0 ? 0.0 : change;
    }
}

static void run_beta(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    double x[B3_LEVEL];
    double y[B3_LEVEL];
    EACH_PAIR_CHUNK(at, size) {
        relative_changes(in[0] + at - period, size + period - 1, x);
        relative_changes(in[1] + at - period, size + period - 1, y);
        products(beta_finish, params, x, y, (uint32_t)size, out[0] + at);
    }
}

#endif
