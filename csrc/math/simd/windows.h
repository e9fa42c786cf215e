/* Vector runs of the kernels whose outputs depend on a window alone. Included once by the file of each instruction set. */
#ifndef B3_MATH_SIMD_WINDOWS_H
#define B3_MATH_SIMD_WINDOWS_H

#include "doubling.h"

#define WINDOW_ARGS const double *params, const double *const *in, double *const *out, uint64_t from, uint64_t count
#define EACH_CHUNK(at, size)                                                                                                               \
    for (uint64_t at = from, size; at < count && (size = count - at < B3_CHUNK ? count - at : B3_CHUNK, 1); at += size)
/* The same of an array that holds `count` windows, more than a chunk. */
#define EACH_PART(done, size, count)                                                                                                       \
    for (uint32_t done = 0, size; done < (count) && (size = (count) - done < B3_CHUNK ? (count) - done : B3_CHUNK, 1); done += size)

/* First sample of the window that ends at `at`. */
static inline const double *window_at(const double *x, uint64_t at, uint32_t period) {
    return x + at + 1 - period;
}

static void run_sum(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    EACH_CHUNK(at, size) sum_windows(window_at(in[0], at, period), period, (uint32_t)size, 1.0, out[0] + at);
}

static void run_sma(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    EACH_CHUNK(at, size) sum_windows(window_at(in[0], at, period), period, (uint32_t)size, 1.0 / params[0], out[0] + at);
}

static void run_max(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    EACH_CHUNK(at, size) max_windows(window_at(in[0], at, period), period, (uint32_t)size, out[0] + at);
}

static void run_min(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    EACH_CHUNK(at, size) min_windows(window_at(in[0], at, period), period, (uint32_t)size, out[0] + at);
}

static void run_minmax(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    EACH_CHUNK(at, size) {
        min_windows(window_at(in[0], at, period), period, (uint32_t)size, out[0] + at);
        max_windows(window_at(in[0], at, period), period, (uint32_t)size, out[1] + at);
    }
}

static void run_midpoint(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    double lowest[B3_CHUNK];
    EACH_CHUNK(at, size) {
        double *y = out[0] + at;
        max_windows(window_at(in[0], at, period), period, (uint32_t)size, y);
        min_windows(window_at(in[0], at, period), period, (uint32_t)size, lowest);
        for (size_t i = 0; i < size; ++i) y[i] = (y[i] + lowest[i]) * 0.5;
    }
}

static void run_donchian(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    EACH_CHUNK(at, size) {
        double *upper = out[0] + at;
        double *middle = out[1] + at;
        double *lower = out[2] + at;
        max_windows(window_at(in[0], at, period), period, (uint32_t)size, upper);
        min_windows(window_at(in[1], at, period), period, (uint32_t)size, lower);
        B3_INDEPENDENT
        for (size_t i = 0; i < size; ++i) middle[i] = (upper[i] + lower[i]) * 0.5;
    }
}

static void run_willr(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    double highest[B3_CHUNK];
    double lowest[B3_CHUNK];
    EACH_CHUNK(at, size) {
        const double *close = in[2] + at;
        double *y = out[0] + at;
        max_windows(window_at(in[0], at, period), period, (uint32_t)size, highest);
        min_windows(window_at(in[1], at, period), period, (uint32_t)size, lowest);
        B3_INDEPENDENT
        for (size_t i = 0; i < size; ++i) {
            const double width = highest[i] - lowest[i];
            const double below = -100.0 * (highest[i] - close[i]);
            y[i] = width == 0.0 ? 0.0 : below / width;
        }
    }
}

/* fastk of the `count` bars from first on, which is at least period - 1. */
B3_ONE_COPY void fastk(const double *const *in, uint32_t period, uint64_t first, uint32_t count, double *restrict k) {
    double highest[B3_LEVEL];
    double lowest[B3_LEVEL];
    EACH_PART(done, size, count) {
        max_windows(window_at(in[0], first + done, period), period, size, highest + done);
        min_windows(window_at(in[1], first + done, period), period, size, lowest + done);
    }
    for (size_t i = 0; i < count; ++i) {
        const double width = highest[i] - lowest[i];
        const double above = 100.0 * (in[2][first + i] - lowest[i]);
        k[i] = width == 0.0 ? 0.0 : above / width;
    }
}

/* fastk, and its average over `average` bars, of the size bars from at on. k: room for size + average - 1. */
B3_ONE_COPY void fast_stochastic(const double *const *in, uint32_t period, uint32_t average, uint64_t at, uint32_t size, double *k,
                                 double *restrict fast, double *restrict slow) {
    fastk(in, period, at + 1 - average, size + average - 1, k);
    sum_windows(k, average, size, 1.0 / average, slow);
    for (size_t i = 0; i < size; ++i) fast[i] = slow[i] != slow[i] ? slow[i] : k[average - 1 + i];
}

static void run_stochf(WINDOW_ARGS) {
    double k[B3_LEVEL];
    EACH_CHUNK(at, size)
    fast_stochastic(in, (uint32_t)params[0], (uint32_t)params[1], at, (uint32_t)size, k, out[0] + at, out[1] + at);
}

static void run_stoch(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    const uint32_t slowk = (uint32_t)params[1];
    const uint32_t slowd = (uint32_t)params[2];
    double k[B3_LEVEL];
    double slow[B3_LEVEL];
    EACH_CHUNK(at, size) {
        const uint32_t slow_count = (uint32_t)size + slowd - 1;
        double *fast = out[0] + at;
        double *d = out[1] + at;
        fastk(in, period, at + 2 - slowd - slowk, slow_count + slowk - 1, k);
        EACH_PART(done, piece, slow_count) sum_windows(k + done, slowk, piece, 1.0 / params[1], slow + done);
        sum_windows(slow, slowd, (uint32_t)size, 1.0 / params[2], d);
        B3_INDEPENDENT
        for (size_t i = 0; i < size; ++i) fast[i] = d[i] != d[i] ? d[i] : slow[slowd - 1 + i];
    }
}

typedef struct ages {
    lanes newest; /* place of the newest sample of the first register's windows */
    double *out;
} ages;

B3_SPECIALISED void finish_age(void *context, part sums, size_t at, size_t left) {
    const ages *a = context;
    lanes_put(a->out + at, a->newest + lanes_of((double)at) - sums.of[1], left);
}

/* age[i]: samples since the extreme of the window; NaN where it holds one. */
B3_SPECIALISED void extreme_ages(int kind, const double *x, uint32_t period, uint32_t count, double *age) {
    const source from = {.x = x};
    lanes room[ROOM(2)];
    terms t;
    const size_t back = (period + LANES - 2) / LANES;
    ages a = {lanes_of((double)(back * LANES)) + lanes_load(LANE_NUMBERS), age};
    const lanes finite = decompose(kind, &from, period, count, room, &t);
    each_window(kind, &t, count, finish_age, &a);
    if (lanes_any(LANES_IS(finite, _CMP_UNORD_Q, finite))) poison(x, period, count, age);
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
    EACH_CHUNK(at, size) {
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
    double high_age[B3_CHUNK];
    EACH_CHUNK(at, size) {
        double *y = out[0] + at;
        max_ages(window_at(in[0], at, period), period, (uint32_t)size, high_age);
        min_ages(window_at(in[1], at, period), period, (uint32_t)size, y);
        for (size_t i = 0; i < size; ++i) y[i] = scale * (y[i] - high_age[i]);
    }
}

/* What a kernel makes of the windows that end at a register of samples: offset is the sum of (x - newest sample), m2 that of squared
 * deviations from the mean. Writes `left` values, at most a register of them. */
typedef void (*moment_fn)(const double *params, lanes newest, lanes offset, lanes m2, double *const *out, size_t at, size_t left);

typedef struct moment_context {
    moment_fn finish;
    const double *params;
    const double *newest;
    double *const *out;
    uint64_t start;
    lanes anchor;
    lanes p;
    lanes per_p;
    int lost;
} moment_context;

/* Squares about an anchor may be so many times the centred ones: what the subtraction loses is then at most 30 * 2^-53 * 1e5 = 4e-10 of
 * the result. */
#define ANCHORED_MOST 1e5

/* Whether the subtraction lost too much in one of the first `left` lanes, or there is a NaN. */
B3_SPECIALISED int lost_digits(lanes anchored, lanes centred, size_t left) {
    lanes_mask lost = LANES_IS(centred * lanes_of(ANCHORED_MOST), _CMP_NGE_UQ, anchored);
    if (left < LANES) lost = lanes_both(lost, LANES_IS(lanes_load(LANE_NUMBERS), _CMP_LT_OQ, lanes_of((double)left)));
    return lanes_any(lost);
}

B3_SPECIALISED void finish_moments(void *context, part sums, size_t at, size_t left) {
    moment_context *c = context;
    const lanes now = lanes_get(c->newest + at, left);
    const lanes m2 = sums.of[1] - sums.of[0] * sums.of[0] * c->per_p;
    c->lost |= lost_digits(sums.of[1], m2, left);
    c->finish(c->params, now, sums.of[0] - c->p * (now - c->anchor), m2, c->out, c->start + at, left);
}

B3_SPECIALISED void finish_safe_moments(void *context, part sums, size_t at, size_t left) {
    const moment_context *c = context;
    c->finish(c->params, sums.of[0], sums.of[1], sums.of[2], c->out, c->start + at, left);
}

B3_ONE_COPY void square_terms(const double *x, double anchor, uint32_t period, uint32_t count, lanes *room, terms *t) {
    const source from = {.x = x, .anchor_x = anchor};
    decompose(SQUARES, &from, period, count, room, t);
}

B3_ONE_COPY void safe_square_terms(const double *x, uint32_t period, uint32_t count, lanes *room, terms *t) {
    const source from = {.x = x};
    decompose(SAFE_SQUARES, &from, period, count, room, t);
}

/* Sums of d = x - anchor, one anchor for a chunk, where that loses no digits of any window; else safe ones. */
B3_SPECIALISED void moments(moment_fn finish, WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    lanes room[ROOM(3)];
    terms t;
    EACH_CHUNK(start, size) {
        const double *x = window_at(in[0], start, period);
        const double anchor = in[0][start + size / 2];
        moment_context c = {finish, params, in[0] + start, out, start, lanes_of(anchor), lanes_of(params[0]), lanes_of(1.0 / params[0]), 0};
        square_terms(x, anchor, period, (uint32_t)size, room, &t);
        each_window(SQUARES, &t, size, finish_moments, &c);
        if (!c.lost) continue;
        safe_square_terms(x, period, (uint32_t)size, room, &t);
        each_window(SAFE_SQUARES, &t, size, finish_safe_moments, &c);
    }
}

B3_SPECIALISED void var_finish(const double *params, lanes newest, lanes offset, lanes m2, double *const *out, size_t at, size_t left) {
    (void)newest;
    (void)offset;
    lanes_put(out[0] + at, m2 * lanes_of(1.0 / (params[0] - params[2])), left);
}

static void run_var(WINDOW_ARGS) {
    moments(var_finish, params, in, out, from, count);
}

B3_SPECIALISED void stddev_finish(const double *params, lanes newest, lanes offset, lanes m2, double *const *out, size_t at, size_t left) {
    (void)newest;
    (void)offset;
    lanes_put(out[0] + at, lanes_sqrt(m2 * lanes_of(1.0 / (params[0] - params[2]))) * lanes_of(params[1]), left);
}

static void run_stddev(WINDOW_ARGS) {
    moments(stddev_finish, params, in, out, from, count);
}

B3_SPECIALISED void zscore_finish(const double *params, lanes newest, lanes offset, lanes m2, double *const *out, size_t at, size_t left) {
    (void)newest;
    const lanes deviation = lanes_sqrt(m2 * lanes_of(1.0 / (params[0] - params[1])));
    lanes_put(out[0] + at, offset * lanes_of(-1.0 / params[0]) / deviation, left);
}

static void run_zscore(WINDOW_ARGS) {
    moments(zscore_finish, params, in, out, from, count);
}

B3_SPECIALISED void bbands_finish(const double *params, lanes newest, lanes offset, lanes m2, double *const *out, size_t at, size_t left) {
    const lanes per_p = lanes_of(1.0 / params[0]);
    const lanes middle = newest + offset * per_p;
    const lanes deviation = lanes_sqrt(m2 * per_p);
    lanes_put(out[0] + at, middle + lanes_of(params[1]) * deviation, left);
    lanes_put(out[1] + at, middle, left);
    lanes_put(out[2] + at, middle - lanes_of(params[2]) * deviation, left);
}

static void run_bbands(WINDOW_ARGS) {
    moments(bbands_finish, params, in, out, from, count);
}

B3_ONE_COPY void trend_terms(const double *x, double anchor, uint32_t period, uint32_t count, lanes *room, terms *t) {
    const source from = {.x = x, .anchor_x = anchor};
    decompose(TREND, &from, period, count, room, t);
}

typedef struct weighting {
    lanes per_sum;
    lanes per_aged;
    double *out;
} weighting;

B3_SPECIALISED void finish_wma(void *context, part sums, size_t at, size_t left) {
    const weighting *w = context;
    lanes_put(w->out + at, lanes_fma(sums.of[1], w->per_aged, sums.of[0] * w->per_sum), left);
}

/* Weights are positive: no digits are lost whatever the price is. */
B3_ONE_COPY void wma_windows(const double *x, uint32_t period, uint32_t count, double *out) {
    const double p = period;
    lanes room[ROOM(2)];
    terms t;
    weighting w = {lanes_of(2.0 / (p + 1.0)), lanes_of(-2.0 / (p * (p + 1.0))), out};
    trend_terms(x, 0.0, period, count, room, &t);
    each_window(TREND, &t, count, finish_wma, &w);
}

static void run_wma(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    EACH_CHUNK(at, size) wma_windows(window_at(in[0], at, period), period, (uint32_t)size, out[0] + at);
}

static void run_hma(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    const uint32_t root = (uint32_t)sqrt(params[0]);
    double half[B3_LEVEL];
    double whole[B3_LEVEL];
    EACH_CHUNK(at, size) {
        const uint64_t first = at + 1 - root;
        const uint32_t needed = (uint32_t)size + root - 1;
        EACH_PART(done, piece, needed) {
            wma_windows(window_at(in[0], first + done, period / 2), period / 2, piece, half + done);
            wma_windows(window_at(in[0], first + done, period), period, piece, whole + done);
        }
        for (size_t i = 0; i < needed; ++i) whole[i] = 2.0 * half[i] - whole[i];
        wma_windows(whole, root, (uint32_t)size, out[0] + at);
    }
}

/* All of one sign, and the largest at most 8 times the smallest: what an anchor among them costs is some 2^-50 of the price. NaNs do not
 * count, but in the first register; their windows come out right whatever is done. */
B3_ONE_COPY int one_magnitude(const double *x, size_t count) {
    if (count < LANES) return 0;
    lanes lowest = lanes_load(x);
    lanes highest = lowest;
    for (size_t i = LANES; i < count; i += LANES) {
        const lanes v = lanes_load(x + (i + LANES <= count ? i : count - LANES));
        lowest = lanes_min(lowest, v);
        highest = lanes_max(highest, v);
    }
    const double low = lanes_lowest(lowest);
    const double high = lanes_highest(highest);
    return low > 0.0 ? high <= 8.0 * low : high < 0.0 && low >= 8.0 * high;
}

B3_ONE_COPY void safe_trend_terms(const double *x, uint32_t period, uint32_t count, lanes *room, terms *t) {
    const source from = {.x = x};
    decompose(SAFE_TREND, &from, period, count, room, t);
}

/* Least-squares line of windows. */
typedef struct line {
    lanes per_p;
    lanes middle; /* mean age */
    lanes reach;  /* from there to where the value is asked for */
    lanes scale;
    lanes anchor;
    int only_slope;
    double *out;
} line;

B3_SPECIALISED void put_line(const line *l, lanes base, lanes sum, lanes aged, size_t at, size_t left) {
    const lanes slope = lanes_fma(l->middle, sum, -aged) * l->scale;
    const lanes value = base + lanes_fma(l->reach, slope, sum * l->per_p);
    if (l->only_slope) lanes_put(l->out + at, slope, left);
    else lanes_put(l->out + at, value, left);
}

B3_SPECIALISED void finish_line(void *context, part sums, size_t at, size_t left) {
    const line *l = context;
    put_line(l, l->anchor, sums.of[0], sums.of[1], at, left);
}

B3_SPECIALISED void finish_safe_line(void *context, part sums, size_t at, size_t left) {
    put_line(context, sums.of[0], sums.of[1], sums.of[2], at, left);
}

/* The value `ahead` samples after the newest; only_slope: the slope. */
B3_SPECIALISED void line_windows(WINDOW_ARGS, double ahead, int only_slope) {
    const uint32_t period = (uint32_t)params[0];
    const double p = period;
    const double middle = 0.5 * (p - 1.0);
    line l = {lanes_of(1.0 / p),
              lanes_of(middle),
              lanes_of(middle + ahead),
              lanes_of(12.0 / (p * (p * p - 1.0))),
              lanes_of(0.0),
              only_slope,
              NULL};
    lanes room[ROOM(3)];
    terms t;
    EACH_CHUNK(start, size) {
        const double *x = window_at(in[0], start, period);
        const double anchor = in[0][start + size / 2];
        l.out = out[0] + start;
        if (anchor == anchor && one_magnitude(x, size + period - 1)) {
            l.anchor = lanes_of(anchor);
            trend_terms(x, anchor, period, (uint32_t)size, room, &t);
            each_window(TREND, &t, size, finish_line, &l);
        } else {
            safe_trend_terms(x, period, (uint32_t)size, room, &t);
            each_window(SAFE_TREND, &t, size, finish_safe_line, &l);
        }
    }
}

static void run_linearreg(WINDOW_ARGS) {
    line_windows(params, in, out, from, count, 0.0, 0);
}

static void run_linearreg_slope(WINDOW_ARGS) {
    line_windows(params, in, out, from, count, 0.0, 1);
}

static void run_tsf(WINDOW_ARGS) {
    line_windows(params, in, out, from, count, 1.0, 0);
}

static void run_trima(WINDOW_ARGS) {
    const uint32_t first = ((uint32_t)params[0] + 1) / 2;
    const uint32_t second = (uint32_t)params[0] / 2 + 1;
    double inner[B3_LEVEL];
    EACH_CHUNK(at, size) {
        const uint32_t needed = (uint32_t)size + second - 1;
        EACH_PART(done, piece, needed)
        sum_windows(window_at(in[0], at + 1 - second + done, first), first, piece, 1.0 / first, inner + done);
        sum_windows(inner, second, (uint32_t)size, 1.0 / second, out[0] + at);
    }
}

/* y[i] /= below[i] */
B3_ONE_COPY void divide(double *restrict y, const double *restrict below, size_t count) {
    for (size_t i = 0; i < count; ++i) y[i] /= below[i];
}

/* The same, 0 where below[i] is. */
B3_ONE_COPY void divide_or_zero(double *restrict y, const double *restrict below, size_t count) {
    for (size_t i = 0; i < count; ++i) {
        const double ratio = y[i] / below[i];
        y[i] = below[i] == 0.0 ? 0.0 : ratio;
    }
}

static void run_vwma(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    double product[B3_LEVEL];
    double volume[B3_CHUNK];
    EACH_CHUNK(at, size) {
        const double *x = window_at(in[0], at, period);
        const double *v = window_at(in[1], at, period);
        for (size_t i = 0; i < size + period - 1; ++i) product[i] = x[i] * v[i];
        sum_windows(product, period, (uint32_t)size, 1.0, out[0] + at);
        sum_windows(v, period, (uint32_t)size, 1.0, volume);
        divide(out[0] + at, volume, size);
    }
}

/* Volume, weighted by where the close lies in its bar. */
B3_ONE_COPY void located_volumes(const double *high, const double *low, const double *close, const double *volume, size_t count,
                                 double *restrict flow) {
    for (size_t i = 0; i < count; ++i) {
        const double range = high[i] - low[i];
        const double location = ((close[i] - low[i]) - (high[i] - close[i])) / range;
        flow[i] = (range <= 0.0 ? 0.0 : location) * volume[i];
    }
}

static void run_cmf(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    double flow[B3_LEVEL];
    double volume[B3_CHUNK];
    EACH_CHUNK(at, size) {
        const uint64_t first = at + 1 - period;
        located_volumes(in[0] + first, in[1] + first, in[2] + first, in[3] + first, size + period - 1, flow);
        sum_windows(flow, period, (uint32_t)size, 1.0, out[0] + at);
        sum_windows(in[3] + first, period, (uint32_t)size, 1.0, volume);
        divide(out[0] + at, volume, size);
    }
}

B3_ONE_COPY void typical_prices(const double *high, const double *low, const double *close, size_t count, double *restrict typical) {
    for (size_t i = 0; i < count; ++i) typical[i] = (high[i] + low[i] + close[i]) / 3.0;
}

/* Money that flows in `count` bars, where the price rises and where it changes at all. typical[0] and volume[0]: of the bar before. */
B3_ONE_COPY void money_flows(const double *typical, const double *volume, size_t count, double *restrict rising, double *restrict moving) {
    for (size_t i = 0; i < count; ++i) {
        const double change = typical[i + 1] - typical[i];
        const double money = change == change ? typical[i + 1] * volume[i + 1] : change;
        rising[i] = (change <= 0.0 ? 0.0 : 1.0) * money;
        moving[i] = (change == 0.0 ? 0.0 : 1.0) * money;
    }
}

static void run_mfi(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    double typical[B3_LEVEL];
    double rising[B3_LEVEL];
    double moving[B3_LEVEL];
    double all[B3_CHUNK];
    EACH_CHUNK(at, size) {
        const uint64_t before = at - period;
        const size_t changes = size + period - 1;
        double *y = out[0] + at;
        typical_prices(in[0] + before, in[1] + before, in[2] + before, changes + 1, typical);
        money_flows(typical, in[3] + before, changes, rising, moving);
        sum_windows(rising, period, (uint32_t)size, 100.0, y);
        sum_windows(moving, period, (uint32_t)size, 1.0, all);
        divide_or_zero(y, all, size);
    }
}

/* True range, and close less true low, of `count` bars; before[i] is the close of the bar before. Room for a register more. */
B3_ONE_COPY void pressures(const double *high, const double *low, const double *close, size_t count, double *bought, double *range) {
    const double *before = close - 1;
    for (size_t i = 0; i < count; i += LANES) {
        const lanes h = lanes_get(high + i, count - i);
        const lanes l = lanes_get(low + i, count - i);
        const lanes b = lanes_get(before + i, count - i);
        const lanes larger = lanes_max(lanes_max(h - l, lanes_abs(h - b)), lanes_abs(l - b));
        lanes_store(range + i, lanes_pick(LANES_IS(b, _CMP_UNORD_Q, b), b, larger));
        lanes_store(bought + i, lanes_get(close + i, count - i) - lanes_min(l, b));
    }
}

B3_SPECIALISED lanes ratio_or_zero(lanes above, lanes below) {
    const lanes zero = lanes_of(0.0);
    return lanes_pick(LANES_IS(below, _CMP_EQ_OQ, zero), zero, above / below);
}

/* 4 * a0 / b0 + 2 * a1 / b1 + a2 / b2, by one division where no product can overflow or vanish. */
B3_SPECIALISED lanes weighted_ratios(const lanes *a, const lanes *b) {
    const lanes two = lanes_of(2.0);
    const lanes product = b[0] * b[1] * b[2];
    const lanes_mask usual = lanes_both(LANES_IS(product, _CMP_GT_OQ, lanes_of(1e-200)), LANES_IS(product, _CMP_LT_OQ, lanes_of(1e200)));
    const lanes sum = lanes_fma(two * (two * a[0] * b[1] + a[1] * b[0]), b[2], a[2] * b[0] * b[1]) / product;
    if (lanes_all(usual)) return sum;
    return lanes_of(4.0) * ratio_or_zero(a[0], b[0]) + (two * ratio_or_zero(a[1], b[1]) + ratio_or_zero(a[2], b[2]));
}

/* The sums of size windows of three periods, the shortest first; the usual 7, 14 and 28 are made from one another. x: the oldest sample of
 * the first window of the longest. */
B3_ONE_COPY void three_sums(const double *x, const uint32_t *periods, uint32_t size, double (*restrict sums)[B3_CHUNK + LANES]) {
    const uint32_t p = periods[0];
    if (periods[1] != 2 * p || periods[2] != 4 * p) {
        for (size_t k = 0; k < 3; ++k) sum_windows(x + (periods[2] - periods[k]), periods[k], size, 1.0, sums[k]);
        return;
    }
    double shortest[B3_LEVEL];
    EACH_PART(done, piece, size + 3 * p) sum_windows(x + done, p, piece, 1.0, shortest + done);
    const double *newest = shortest + 3 * p;
    for (size_t i = 0; i < size; ++i) {
        const double half = newest[i] + newest[i - p];
        sums[0][i] = newest[i];
        sums[1][i] = half;
        sums[2][i] = half + ((newest - 2 * p)[i] + (newest - 3 * p)[i]);
    }
}

static void run_ultosc(WINDOW_ARGS) {
    const double shortest = fmin(fmin(params[0], params[1]), params[2]);
    const double longest = fmax(fmax(params[0], params[1]), params[2]);
    const uint32_t periods[3] = {(uint32_t)shortest, (uint32_t)(params[0] + params[1] + params[2] - shortest - longest), (uint32_t)longest};
    const lanes scale = lanes_of(100.0 / 7.0);
    double bought[B3_LEVEL];
    double range[B3_LEVEL];
    double above[3][B3_CHUNK + LANES];
    double below[3][B3_CHUNK + LANES];
    EACH_CHUNK(start, size) {
        const uint64_t first = start + 1 - periods[2];
        pressures(in[0] + first, in[1] + first, in[2] + first, size + periods[2] - 1, bought, range);
        three_sums(bought, periods, (uint32_t)size, above);
        three_sums(range, periods, (uint32_t)size, below);
        for (size_t at = 0; at < size; at += LANES) {
            const lanes a[3] = {lanes_load(above[0] + at), lanes_load(above[1] + at), lanes_load(above[2] + at)};
            const lanes b[3] = {lanes_load(below[0] + at), lanes_load(below[1] + at), lanes_load(below[2] + at)};
            lanes_put(out[0] + start + at, weighted_ratios(a, b) * scale, size - at);
        }
    }
}

/* The mean deviation needs each sample again in every window. */
static void run_cci(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    const lanes per_p = lanes_of(1.0 / params[0]);
    const lanes scale = lanes_of(-1.0 / (0.015 / params[0]));
    const lanes zero = lanes_of(0.0);
    double typical[B3_LEVEL];
    EACH_CHUNK(start, size) {
        const uint64_t first = start + 1 - period;
        typical_prices(in[0] + first, in[1] + first, in[2] + first, size + period - 1, typical);
        memset(typical + size + period - 1, 0, LANES * sizeof *typical);
        for (size_t at = 0; at < size; at += LANES) {
            const lanes newest = lanes_load(typical + at + period - 1);
            lanes sum = zero;
            for (size_t k = 0; k + 1 < period; ++k) sum += lanes_load(typical + at + k) - newest;
            const lanes offset = sum * per_p; /* of the mean from the newest: keeps the digits of a large price */
            lanes deviation = lanes_abs(offset);
            for (size_t k = 0; k + 1 < period; ++k) deviation += lanes_abs(lanes_load(typical + at + k) - newest - offset);
            const lanes index = offset * scale / deviation;
            lanes_put(out[0] + start + at, lanes_pick(LANES_IS(deviation, _CMP_EQ_OQ, zero), zero, index), size - at);
        }
    }
}

#endif
