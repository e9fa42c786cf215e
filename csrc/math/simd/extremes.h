/* Vector runs of the kernels that look for the largest and the smallest of a window: where they are, and where the price is between them.
 */
#ifndef B3_MATH_SIMD_EXTREMES_H
#define B3_MATH_SIMD_EXTREMES_H

#include "windows.h"

static void run_max(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    EACH_CHUNK(at, size, period) max_windows(window_at(in[0], at, period), period, (uint32_t)size, out[0] + at);
}

static void run_min(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    EACH_CHUNK(at, size, period) min_windows(window_at(in[0], at, period), period, (uint32_t)size, out[0] + at);
}

enum range_kernel { MINMAX, MIDPOINT, DONCHIAN, WILLR, FASTK };

/* What a kernel makes of the ranges of a chunk of windows. */
typedef struct range_context {
    enum range_kernel kernel;
    const double *close; /* of the chunk's first window, where the kernel takes one */
    double empty;        /* width of a range that counts as none */
    double *out[3];
} range_context;

B3_SPECIALISED void finish_range(void *context, part range, size_t at, size_t left) {
    const range_context *c = context;
    const wide high = range.of[0];
    const wide low = range.of[1];
    switch (c->kernel) {
    case MINMAX:
        wide_put(c->out[0] + at, low, left);
        wide_put(c->out[1] + at, high, left);
        break;
    case MIDPOINT: wide_put(c->out[0] + at, (high + low) * wide_of(0.5), left); break;
    case DONCHIAN:
        wide_put(c->out[0] + at, high, left);
        wide_put(c->out[1] + at, (high + low) * wide_of(0.5), left);
        wide_put(c->out[2] + at, low, left);
        break;
    case WILLR: {
        const wide below = wide_of(-100.0) * (high - wide_get(c->close + at, left));
        wide_put(c->out[0] + at, ratio_or_zero(below, high - low), left);
        break;
    }
    case FASTK: {
        const wide above = wide_of(100.0) * (wide_get(c->close + at, left) - low);
        const wide_mask none = WIDE_IS(wide_abs(high - low), AT_MOST, wide_of(c->empty));
        wide_put(c->out[0] + at, wide_pick(none, wide_of(0.0), above / (high - low)), left);
        break;
    }
    }
}

/* Of each `out` that is set. One copy for all kernels: what they make of a range is little beside it. */
B3_ONE_COPY void range_windows(const double *high, const double *low, uint32_t period, uint32_t count, const range_context *c) {
    const source from = {.x = high, .y = low};
    range_context context = *c;
    if (!each_window(RANGE, &from, period, count, finish_range, &context)) return;
    for (size_t k = 0; k < 3 && c->out[k] != NULL; ++k) {
        const int only_low = c->kernel == DONCHIAN && k == 2;
        const int only_high = c->kernel == DONCHIAN && k == 0;
        if (!only_low) poison(high, period, count, c->out[k]);
        if (!only_high && high != low) poison(low, period, count, c->out[k]);
    }
}

static void run_minmax(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    EACH_CHUNK(at, size, period) {
        const double *x = window_at(in[0], at, period);
        range_windows(x, x, period, (uint32_t)size, &(range_context){.kernel = MINMAX, .out = {out[0] + at, out[1] + at}});
    }
}

static void run_midpoint(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    EACH_CHUNK(at, size, period) {
        const double *x = window_at(in[0], at, period);
        range_windows(x, x, period, (uint32_t)size, &(range_context){.kernel = MIDPOINT, .out = {out[0] + at}});
    }
}

static void run_donchian(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    EACH_CHUNK(at, size, period) {
        const range_context c = {.kernel = DONCHIAN, .out = {out[0] + at, out[1] + at, out[2] + at}};
        range_windows(window_at(in[0], at, period), window_at(in[1], at, period), period, (uint32_t)size, &c);
    }
}

/* Where the close lies in the range of the period bars up to each of count bars, of which first, at least period - 1, is the first. */
static void range_positions(enum range_kernel kernel, const double *const *in, uint32_t period, uint64_t first, uint32_t count,
                            double empty, double *k) {
    EACH_PART(done, size, count, period) {
        const range_context c = {.kernel = kernel, .close = in[2] + first + done, .empty = empty, .out = {k + done}};
        range_windows(window_at(in[0], first + done, period), window_at(in[1], first + done, period), period, size, &c);
    }
}

static void run_willr(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    EACH_CHUNK(at, size, period) range_positions(WILLR, in, period, at, (uint32_t)size, 0.0, out[0] + at);
}

/* fastk, and its average over `smoothing` bars, of the size bars from at on. k: room for size + smoothing - 1. */
B3_ONE_COPY void fast_stochastic(const double *const *in, uint32_t period, uint32_t smoothing, uint64_t at, uint32_t size, double empty,
                                 double *k, double *restrict fast, double *restrict slow) {
    range_positions(FASTK, in, period, at + 1 - smoothing, size + smoothing - 1, empty, k);
    scaled_sums(k, smoothing, size, 1.0 / smoothing, slow);
    for (size_t i = 0; i < size; ++i) fast[i] = slow[i] != slow[i] ? slow[i] : k[smoothing - 1 + i];
}

static void run_stochf(WINDOW_ARGS) {
    double k[WINDOW_ROOM];
    const uint32_t period = (uint32_t)params[0];
    EACH_CHUNK(at, size, period)
    fast_stochastic(in, period, (uint32_t)params[1], at, (uint32_t)size, 0.0, k, out[0] + at, out[1] + at);
}

static void run_stoch(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    const uint32_t slowk = (uint32_t)params[1];
    const uint32_t slowd = (uint32_t)params[2];
    double k[WINDOW_ROOM];
    double slow[WINDOW_ROOM];
    EACH_CHUNK(at, size, period) {
        const uint32_t slow_count = (uint32_t)size + slowd - 1;
        double *fast = out[0] + at;
        double *d = out[1] + at;
        range_positions(FASTK, in, period, at + 2 - slowd - slowk, slow_count + slowk - 1, 0.0, k);
        EACH_PART(done, piece, slow_count, slowk) scaled_sums(k + done, slowk, piece, 1.0 / params[1], slow + done);
        scaled_sums(slow, slowd, (uint32_t)size, 1.0 / params[2], d);
        B3_INDEPENDENT
        for (size_t i = 0; i < size; ++i) fast[i] = d[i] != d[i] ? d[i] : slow[slowd - 1 + i];
    }
}

typedef struct ages {
    wide newest; /* place of the newest sample of the first register's windows */
    double *out;
} ages;

B3_SPECIALISED void finish_age(void *context, part sums, size_t at, size_t left) {
    const ages *a = context;
    wide_put(a->out + at, a->newest + wide_of((double)at) - sums.of[1], left);
}

/* age[i]: samples since the extreme of the window; NaN where it holds one. */
B3_SPECIALISED void extreme_ages(int kind, const double *x, uint32_t period, uint32_t count, double *age) {
    const source from = {.x = x};
    const size_t back = (period + WIDE_LANES - 2) / WIDE_LANES;
    ages a = {wide_of((double)(back * WIDE_LANES)) + wide_load(WIDE_NUMBERS), age};
    if (each_window(kind, &from, period, count, finish_age, &a)) poison(x, period, count, age);
}

B3_ONE_COPY void max_ages(const double *x, uint32_t period, uint32_t count, double *age) {
    extreme_ages(LATE_MAX, x, period, count, age);
}

B3_ONE_COPY void min_ages(const double *x, uint32_t period, uint32_t count, double *age) {
    extreme_ages(LATE_MIN, x, period, count, age);
}

static void run_aroon(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0] + 1;
    const double scale = 100.0 / params[0];
    EACH_CHUNK(at, size, period) {
        double *down = out[0] + at;
        double *up = out[1] + at;
        max_ages(window_at(in[0], at, period), period, (uint32_t)size, up);
        min_ages(window_at(in[1], at, period), period, (uint32_t)size, down);
        B3_INDEPENDENT
        for (size_t i = 0; i < size; ++i) {
            up[i] = 100.0 - scale * up[i];
            down[i] = 100.0 - scale * down[i];
        }
    }
}

static void run_aroonosc(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0] + 1;
    const double scale = 100.0 / params[0];
    double high_age[CHUNK_MAX];
    EACH_CHUNK(at, size, period) {
        double *y = out[0] + at;
        max_ages(window_at(in[0], at, period), period, (uint32_t)size, high_age);
        min_ages(window_at(in[1], at, period), period, (uint32_t)size, y);
        for (size_t i = 0; i < size; ++i) y[i] = scale * (y[i] - high_age[i]);
    }
}

#endif
