/* Vector runs of the kernels on two series: sums of both, of their squares and of their products. */
#ifndef B3_MATH_SIMD_PAIRS_H
#define B3_MATH_SIMD_PAIRS_H

#include "windows.h"

/* Five sums of short windows stay in the first cache by smaller chunks. */
#define PAIR_CHUNK_OF(period) ((period) <= 128 ? 256 : B3_CHUNK_MAX)
#define EACH_PAIR_CHUNK(at, size, period)                                                                                                  \
    for (uint64_t at = from, size, most = PAIR_CHUNK_OF(period); at < count && (size = count - at < most ? count - at : most, 1);          \
         at += size)

/* What a kernel makes of the windows that end at a register of samples: sums of squares and products of the deviations from the means.
 * Writes `left` values, at most a register of them. */
typedef void (*product_fn)(const double *params, wide xx, wide yy, wide xy, double *out, size_t left);

B3_ONE_COPY void product_terms(const source *from, uint32_t period, uint32_t count, wide *room, composition *t) {
    decompose(PRODUCTS, from, period, count, room, t);
}

typedef struct safe_sums {
    double xx[B3_CHUNK_MAX];
    double yy[B3_CHUNK_MAX];
    double xy[B3_CHUNK_MAX];
} safe_sums;

B3_SPECIALISED void finish_safe_products(void *context, part sums, size_t at, size_t left) {
    safe_sums *s = context;
    wide_put(s->xx + at, sums.of[4], left);
    wide_put(s->yy + at, sums.of[5], left);
    wide_put(s->xy + at, sums.of[6], left);
}

B3_ONE_COPY void safe_products(const source *from, uint32_t period, uint32_t count, safe_sums *s) {
    wide room[ROOM(PART_MEMBERS)];
    composition t;
    decompose(SAFE_PRODUCTS, from, period, count, room, &t);
    each_window(SAFE_PRODUCTS, &t, count, finish_safe_products, s);
}

typedef struct product_context {
    product_fn finish;
    const double *params;
    double *out;
    wide per_p;
    int lost;
} product_context;

B3_SPECIALISED void finish_products(void *context, part sums, size_t at, size_t left) {
    product_context *c = context;
    const wide mean_x = sums.of[0] * c->per_p;
    const wide mean_y = sums.of[1] * c->per_p;
    const wide xx = sums.of[2] - sums.of[0] * mean_x;
    const wide yy = sums.of[3] - sums.of[1] * mean_y;
    c->lost |= lost_digits(sums.of[2], xx, left) | lost_digits(sums.of[3], yy, left);
    c->finish(c->params, xx, yy, sums.of[4] - sums.of[0] * mean_y, c->out + at, left);
}

/* size windows; x and y: the oldest sample of the first. One anchor for each series where that loses no digits, as in `moments`. */
B3_SPECIALISED void products(product_fn finish, const double *params, const double *x, const double *y, uint32_t size, double *out) {
    const uint32_t period = (uint32_t)params[0];
    const size_t middle = period - 1 + size / 2;
    const source from = {x, y, x[middle], y[middle]};
    product_context c = {finish, params, out, wide_of(1.0 / params[0]), 0};
    wide room[ROOM(5)];
    composition t;
    product_terms(&from, period, size, room, &t);
    each_window(PRODUCTS, &t, size, finish_products, &c);
    if (!c.lost) return;
    safe_sums s;
    safe_products(&from, period, size, &s);
    for (size_t at = 0; at < size; at += WIDE_LANES) {
        const size_t left = size - at;
        finish(params, wide_get(s.xx + at, left), wide_get(s.yy + at, left), wide_get(s.xy + at, left), out + at, left);
    }
}

B3_SPECIALISED void correl_finish(const double *params, wide xx, wide yy, wide xy, double *out, size_t left) {
    (void)params;
    const wide zero = wide_of(0.0);
    const wide product = xx * yy;
    wide scale = wide_sqrt(product);
    if (wide_any(wide_either(WIDE_IS(product, BELOW, wide_of(1e-280)), WIDE_IS(product, ABOVE, wide_of(1e280)))))
        scale = wide_sqrt(xx) * wide_sqrt(yy);
    const wide bounded = wide_max(wide_min(xy / scale, wide_of(1.0)), wide_of(-1.0));
    wide_put(out, wide_pick(WIDE_IS(scale, EQUAL_TO, zero), zero, bounded), left);
}

static void run_correl(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    EACH_PAIR_CHUNK(at, size, period)
    products(correl_finish, params, window_at(in[0], at, period), window_at(in[1], at, period), (uint32_t)size, out[0] + at);
}

B3_SPECIALISED void covariance_finish(const double *params, wide xx, wide yy, wide xy, double *out, size_t left) {
    (void)xx;
    (void)yy;
    wide_put(out, xy * wide_of(1.0 / (params[0] - params[1])), left);
}

static void run_covariance(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    EACH_PAIR_CHUNK(at, size, period)
    products(covariance_finish, params, window_at(in[0], at, period), window_at(in[1], at, period), (uint32_t)size, out[0] + at);
}

B3_SPECIALISED void beta_finish(const double *params, wide xx, wide yy, wide xy, double *out, size_t left) {
    (void)params;
    (void)yy;
    wide_put(out, wide_pick(WIDE_IS(xx, EQUAL_TO, wide_of(0.0)), xy - xy, xy / xx), left);
}

/* changes[i]: from x[i] to x[i + 1], relative; 0 where x[i] is (TA-Lib). Room for a register more. */
B3_ONE_COPY void relative_changes(const double *x, size_t count, double *changes) {
    for (size_t i = 0; i < count; i += WIDE_LANES) {
        const wide before = wide_get(x + i, count - i);
        wide_store(changes + i, ratio_or_zero(wide_get(x + i + 1, count - i) - before, before));
    }
}

static void run_beta(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    double x[B3_LEVEL];
    double y[B3_LEVEL];
    EACH_PAIR_CHUNK(at, size, period) {
        relative_changes(in[0] + at - period, size + period - 1, x);
        relative_changes(in[1] + at - period, size + period - 1, y);
        products(beta_finish, params, x, y, (uint32_t)size, out[0] + at);
    }
}

#endif
