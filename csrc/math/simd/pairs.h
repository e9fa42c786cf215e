/* Vector runs of the kernels on two series: sums of both, of their squares and of their products. */
#ifndef B3_MATH_SIMD_PAIRS_H
#define B3_MATH_SIMD_PAIRS_H

#include "sums.h"

/* Five sums of short windows stay in the first cache by smaller chunks. */
#define PAIR_CHUNK_OF(period) ((period) <= 128 ? 256 : CHUNK_MAX)
#define EACH_PAIR_CHUNK(at, size, period)                                                                                                  \
    for (uint64_t at = from, size, most = PAIR_CHUNK_OF(period); at < count && (size = count - at < most ? count - at : most, 1);          \
         at += size)

enum product_kernel { CORREL, COVARIANCE, BETA };

typedef struct product_context {
    enum product_kernel kernel;
    uint32_t period;
    const double *x; /* newest of the first window */
    const double *y;
    double *out;
    wide per_p;
    wide per_freedom;
    int lost;
} product_context;

typedef struct products_of {
    wide xx;
    wide yy;
    wide xy;
} products_of;

/* As moments_anew. */
B3_ONE_COPY products_of products_anew(const double *x, const double *y, uint32_t period, size_t left) {
    const wide now_x = wide_get(x, left);
    const wide now_y = wide_get(y, left);
    wide mean_x = now_x - now_x; /* 0, or NaN */
    wide mean_y = now_y - now_y;
    for (size_t k = 1; k < period; ++k) {
        mean_x += wide_get(x - k, left) - now_x;
        mean_y += wide_get(y - k, left) - now_y;
    }
    mean_x = mean_x * wide_of(1.0 / period);
    mean_y = mean_y * wide_of(1.0 / period);
    products_of p = {mean_x * mean_x, mean_y * mean_y, mean_x * mean_y};
    for (size_t k = 1; k < period; ++k) {
        const wide dx = wide_get(x - k, left) - now_x - mean_x;
        const wide dy = wide_get(y - k, left) - now_y - mean_y;
        p = (products_of){wide_fma(dx, dx, p.xx), wide_fma(dy, dy, p.yy), wide_fma(dx, dy, p.xy)};
    }
    return p;
}

B3_SPECIALISED wide correlation(wide xx, wide yy, wide xy) {
    const wide zero = wide_of(0.0);
    const wide product = xx * yy;
    wide scale = wide_sqrt(product); /* within the bounds no product of two that count has underflowed or overflowed */
    if (wide_any(wide_either(WIDE_IS(product, BELOW, wide_of(1e-280)), WIDE_IS(product, ABOVE, wide_of(1e280)))))
        scale = wide_sqrt(xx) * wide_sqrt(yy);
    const wide bounded = wide_max(wide_min(xy / scale, wide_of(1.0)), wide_of(-1.0));
    return wide_pick(WIDE_IS(scale, EQUAL_TO, zero), zero, bounded);
}

/* Sums of squares and products of the deviations from the means. */
B3_SPECIALISED void put_products(const product_context *c, wide xx, wide yy, wide xy, size_t at, size_t left) {
    wide result = xy * c->per_freedom;
    if (c->kernel == CORREL) result = correlation(xx, yy, xy);
    else if (c->kernel == BETA) result = wide_pick(WIDE_IS(xx, EQUAL_TO, wide_of(0.0)), xy - xy, xy / xx);
    wide_put(c->out + at, result, left);
}

B3_SPECIALISED void finish_products(void *context, part sums, size_t at, size_t left) {
    product_context *c = context;
    const wide mean_x = sums.of[0] * c->per_p;
    const wide mean_y = sums.of[1] * c->per_p;
    products_of p = {sums.of[2] - sums.of[0] * mean_x, sums.of[3] - sums.of[1] * mean_y, sums.of[4] - sums.of[0] * mean_y};
    if (__builtin_expect(lost_digits(sums.of[2], p.xx, ANCHORED_MOST, left) | lost_digits(sums.of[3], p.yy, ANCHORED_MOST, left), 0)) {
        if (c->period <= ANEW_MOST) p = products_anew(c->x + at, c->y + at, c->period, left);
        else c->lost = 1;
    }
    put_products(c, p.xx, p.yy, p.xy, at, left);
}

/* count windows; x and y: the oldest sample of the first. Gives 1 where the one anchor that each series has may have cost digits (see
 * `moments`): the windows are then to be made one by one. */
B3_ONE_COPY int product_windows(enum product_kernel kernel, const double *x, const double *y, uint32_t period, uint32_t count,
                                double freedom, double *out) {
    const size_t middle = period - 1 + count / 2;
    const source from = {.x = x, .y = y, .anchor_x = x[middle], .anchor_y = y[middle]};
    product_context context = {.kernel = kernel,
                               .period = period,
                               .x = x + period - 1,
                               .y = y + period - 1,
                               .out = out,
                               .per_p = wide_of(1.0 / period),
                               .per_freedom = wide_of(1.0 / freedom)};
    each_window(PRODUCTS, &from, period, count, finish_products, &context);
    return context.lost;
}

B3_ONE_COPY void products(const b3_indicator *indicator, enum product_kernel kernel, WINDOW_ARGS, double freedom) {
    const uint32_t period = (uint32_t)params[0];
    EACH_PAIR_CHUNK(at, size, period)
    if (product_windows(kernel, window_at(in[0], at, period), window_at(in[1], at, period), period, (uint32_t)size, freedom, out[0] + at))
        run_one_by_one(indicator, params, in, out, at, at + size);
}

static void run_correl(WINDOW_ARGS) {
    products(&b3_indicator_correl, CORREL, params, in, out, from, count, 1.0);
}

static void run_covariance(WINDOW_ARGS) {
    products(&b3_indicator_covariance, COVARIANCE, params, in, out, from, count, params[0] - params[1]);
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
    double x[WINDOW_ROOM];
    double y[WINDOW_ROOM];
    EACH_PAIR_CHUNK(at, size, period) {
        relative_changes(in[0] + at - period, size + period - 1, x);
        relative_changes(in[1] + at - period, size + period - 1, y);
        if (product_windows(BETA, x, y, period, (uint32_t)size, 1.0, out[0] + at))
            run_one_by_one(&b3_indicator_beta, params, in, out, at, at + size);
    }
}

#endif
