/* Vector runs of the kernels that are made of sums over a window: means, deviations, trends, flows. */
#ifndef B3_MATH_SIMD_SUMS_H
#define B3_MATH_SIMD_SUMS_H

#include "windows.h"

static void run_sum(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    EACH_CHUNK(at, size, period) sum_windows(window_at(in[0], at, period), period, (uint32_t)size, out[0] + at);
}

static void run_sma(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    EACH_CHUNK(at, size, period) scaled_sums(window_at(in[0], at, period), period, (uint32_t)size, 1.0 / params[0], out[0] + at);
}

enum moment_kernel { VAR, STDDEV, ZSCORE, BBANDS };

typedef struct moment_context {
    enum moment_kernel kernel;
    uint32_t period;
    const double *newest; /* of the chunk's first window */
    double *out[3];
    wide anchor;
    wide p;
    wide per_p;
    wide per_freedom;
    wide up; /* deviations */
    wide down;
    int lost;
} moment_context;

/* Squares about an anchor may be so many times the centred ones: what the subtraction loses is then at most 30 * 2^-53 * 1e5 = 4e-10 of
 * the result. */
#define ANCHORED_MOST 1e5

/* Whether what is anchored is more than so many times the centred one in one of the first `left` lanes, or there is a NaN. */
B3_SPECIALISED int lost_digits(wide anchored, wide centred, double most, size_t left) {
    wide_mask lost = WIDE_IS(centred * wide_of(most), NOT_AT_LEAST, anchored);
    if (left < WIDE_LANES) lost = wide_both(lost, WIDE_IS(wide_load(WIDE_NUMBERS), BELOW, wide_of((double)left)));
    return wide_any(lost);
}

/* offset: the sum of (x - newest sample); m2: that of squared deviations from the mean. */
B3_SPECIALISED void put_moments(const moment_context *c, wide newest, wide offset, wide m2, size_t at, size_t left) {
    const wide variance = m2 * c->per_freedom;
    if (c->kernel == VAR) {
        wide_put(c->out[0] + at, variance, left);
        return;
    }
    const wide deviation = wide_sqrt(variance);
    if (c->kernel == STDDEV) {
        wide_put(c->out[0] + at, deviation * c->up, left);
    } else if (c->kernel == ZSCORE) {
        wide_put(c->out[0] + at, -(offset * c->per_p) / deviation, left);
    } else {
        const wide middle = newest + offset * c->per_p;
        wide_put(c->out[0] + at, middle + c->up * deviation, left);
        wide_put(c->out[1] + at, middle, left);
        wide_put(c->out[2] + at, middle - c->down * deviation, left);
    }
}

/* Windows up to this are looked at anew, sample by sample, where the sums lost digits; longer ones go one by one, in a chunk. */
#define ANEW_MOST 64

typedef struct anew {
    wide offset;
    wide m2;
} anew;

/* Of the first `left` windows of a register. */
B3_ONE_COPY anew moments_anew(const double *newest, uint32_t period, size_t left) {
    const wide now = wide_get(newest, left);
    wide offset = now - now; /* 0, or NaN */
    for (size_t k = 1; k < period; ++k) offset += wide_get(newest - k, left) - now;
    const wide mean = offset * wide_of(1.0 / period);
    wide m2 = mean * mean;
    for (size_t k = 1; k < period; ++k) {
        const wide apart = wide_get(newest - k, left) - now - mean;
        m2 = wide_fma(apart, apart, m2);
    }
    return (anew){offset, m2};
}

B3_SPECIALISED void finish_moments(void *context, part sums, size_t at, size_t left) {
    moment_context *c = context;
    const wide now = wide_get(c->newest + at, left);
    wide offset = sums.of[0] - c->p * (now - c->anchor);
    wide m2 = sums.of[1] - sums.of[0] * sums.of[0] * c->per_p;
    if (__builtin_expect(lost_digits(sums.of[1], m2, ANCHORED_MOST, left), 0)) {
        if (c->period <= ANEW_MOST) {
            const anew a = moments_anew(c->newest + at, c->period, left);
            offset = a.offset;
            m2 = a.m2;
        } else {
            c->lost = 1;
        }
    }
    put_moments(c, now, offset, m2, at, left);
}

B3_ONE_COPY int square_windows(const source *from, uint32_t period, uint32_t count, const moment_context *c) {
    moment_context context = *c;
    each_window(SQUARES, from, period, count, finish_moments, &context);
    return context.lost;
}

/* A chunk one value at a time: streams anchor every window by itself, and lose no digits of any. They begin where a block of one that had
 * seen all samples begins, so that the results are the same. */
B3_ONE_COPY void run_one_by_one(const b3_indicator *indicator, WINDOW_ARGS) {
    enum { ROOM_A_SAMPLE = 8 }; /* that of the largest, two series with five sums */
    double stream[ROOM_A_SAMPLE * (B3_RUN_LOOKBACK_MAX + 16)];
    const uint64_t period = (uint64_t)params[0];
    indicator->init(stream, params);
    for (uint64_t i = (from - indicator->lookback(params)) / period * period; i < from; ++i) {
        double x[B3_INDICATOR_INPUTS];
        double y[B3_INDICATOR_OUTPUTS];
        for (uint32_t j = 0; j < indicator->input_count; ++j) x[j] = in[j][i];
        indicator->update(stream, x, y);
    }
    b3_run_updates(indicator, stream, in, out, from, count);
}

/* Sums of d = x - anchor, one anchor for a chunk, where that loses no digits of any window. */
B3_ONE_COPY void moments(const b3_indicator *indicator, enum moment_kernel kernel, WINDOW_ARGS, double freedom, double up, double down) {
    const uint32_t period = (uint32_t)params[0];
    EACH_CHUNK(start, size, period) {
        const source samples = {.x = window_at(in[0], start, period), .anchor_x = in[0][start + size / 2]};
        moment_context c = {.kernel = kernel,
                            .period = period,
                            .newest = in[0] + start,
                            .anchor = wide_of(samples.anchor_x),
                            .p = wide_of(params[0]),
                            .per_p = wide_of(1.0 / params[0]),
                            .per_freedom = wide_of(1.0 / freedom),
                            .up = wide_of(up),
                            .down = wide_of(down)};
        for (size_t k = 0; k < indicator->output_count; ++k) c.out[k] = out[k] + start;
        if (square_windows(&samples, period, (uint32_t)size, &c)) run_one_by_one(indicator, params, in, out, start, start + size);
    }
}

static void run_var(WINDOW_ARGS) {
    moments(&b3_indicator_var, VAR, params, in, out, from, count, params[0] - params[2], 0.0, 0.0);
}

static void run_stddev(WINDOW_ARGS) {
    moments(&b3_indicator_stddev, STDDEV, params, in, out, from, count, params[0] - params[2], params[1], 0.0);
}

static void run_zscore(WINDOW_ARGS) {
    moments(&b3_indicator_zscore, ZSCORE, params, in, out, from, count, params[0] - params[1], 0.0, 0.0);
}

static void run_bbands(WINDOW_ARGS) {
    moments(&b3_indicator_bbands, BBANDS, params, in, out, from, count, params[0] - params[3], params[1], params[2]);
}

/* Weighted averages, or least-squares lines, of windows. */
enum trend_kernel { AVERAGE, VALUE, SLOPE, SUMS };

typedef struct fit {
    enum trend_kernel kernel;
    wide per_sum; /* of the average */
    wide per_aged;
    wide per_p;
    wide middle; /* mean age */
    wide reach;  /* from there to where the value is asked for */
    wide scale;
    wide anchor;
    double *out;
    double *aged; /* where sums alone are wanted: of age * x */
} fit;

B3_SPECIALISED void put_line(const fit *l, wide base, wide sum, wide aged, size_t at, size_t left) {
    const wide slope = wide_fma(l->middle, sum, -aged) * l->scale;
    const wide value = base + wide_fma(l->reach, slope, sum * l->per_p);
    if (l->kernel == SLOPE) wide_put(l->out + at, slope, left);
    else wide_put(l->out + at, value, left);
}

B3_SPECIALISED void finish_trend(void *context, part sums, size_t at, size_t left) {
    const fit *l = context;
    if (l->kernel == AVERAGE) {
        wide_put(l->out + at, wide_fma(sums.of[1], l->per_aged, sums.of[0] * l->per_sum), left);
    } else if (l->kernel == SUMS) {
        wide_put(l->out + at, sums.of[0], left);
        wide_put(l->aged + at, sums.of[1], left);
    } else {
        put_line(l, l->anchor, sums.of[0], sums.of[1], at, left);
    }
}

B3_SPECIALISED void finish_safe_line(void *context, part sums, size_t at, size_t left) {
    put_line(context, sums.of[0], sums.of[1], sums.of[2], at, left);
}

B3_ONE_COPY void trend_windows(const source *from, uint32_t period, uint32_t count, const fit *l) {
    fit context = *l;
    each_window(TREND, from, period, count, finish_trend, &context);
}

B3_ONE_COPY void safe_trend_windows(const source *from, uint32_t period, uint32_t count, const fit *l) {
    fit context = *l;
    each_window(SAFE_TREND, from, period, count, finish_safe_line, &context);
}

/* Weights are positive: no digits are lost whatever the price is. */
static void wma_windows(const double *x, uint32_t period, uint32_t count, double *out) {
    const double p = period;
    const source from = {.x = x};
    const fit l = {.per_sum = wide_of(2.0 / (p + 1.0)), .per_aged = wide_of(-2.0 / (p * (p + 1.0))), .out = out};
    trend_windows(&from, period, count, &l);
}

static void run_wma(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    EACH_CHUNK(at, size, period) wma_windows(window_at(in[0], at, period), period, (uint32_t)size, out[0] + at);
}

/* y[i] = 2 * wma(half) - wma(2 * half), both of the windows that end at the sample i of x: the longer one is two of the shorter. */
B3_ONE_COPY void twice_less_whole(const double *x, uint32_t half, uint32_t count, double *y) {
    double sum[WINDOW_ROOM];
    double aged[WINDOW_ROOM];
    const double h = half;
    const double p = 2.0 * h;
    const double per_sum = 2.0 / (p + 1.0);
    const double per_aged = -2.0 / (p * (p + 1.0));
    const wide newer_sum = wide_of(4.0 / (h + 1.0) - per_sum);
    const wide newer_aged = wide_of(-4.0 / (h * (h + 1.0)) - per_aged);
    const wide older_sum = wide_of(-per_sum - h * per_aged);
    const wide older_aged = wide_of(-per_aged);
    EACH_PART(done, size, count + half, half) {
        const source from = {.x = window_at(x, done, 2 * half)};
        const fit l = {.kernel = SUMS, .out = sum + done, .aged = aged + done};
        trend_windows(&from, half, size, &l);
    }
    for (size_t i = 0; i < count; i += WIDE_LANES) {
        const wide newer = wide_fma(wide_load(aged + half + i), newer_aged, wide_load(sum + half + i) * newer_sum);
        wide_store(y + i, wide_fma(wide_load(aged + i), older_aged, wide_fma(wide_load(sum + i), older_sum, newer)));
    }
}

static void run_hma(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    const uint32_t root = (uint32_t)sqrt(params[0]);
    double half[WINDOW_ROOM];
    double inner[WINDOW_ROOM];
    for (uint64_t at = from, size; at < count; at += size) {
        size = count - at < CHUNK ? count - at : CHUNK;
        const uint64_t first = at + 1 - root;
        const uint32_t needed = (uint32_t)size + root - 1;
        if (period % 2 == 0) {
            twice_less_whole(in[0] + first, period / 2, needed, inner);
        } else {
            wma_windows(window_at(in[0], first, period / 2), period / 2, needed, half);
            wma_windows(window_at(in[0], first, period), period, needed, inner);
            for (size_t i = 0; i < needed; ++i) inner[i] = 2.0 * half[i] - inner[i];
        }
        wma_windows(inner, root, (uint32_t)size, out[0] + at);
    }
}

/* All of one sign, and the largest at most 8 times the smallest: what an anchor among them costs is some 2^-50 of the price. NaNs do not
 * count, but in the first register; their windows come out right whatever is done. */
B3_ONE_COPY int one_magnitude(const double *x, size_t count) {
    if (count < WIDE_LANES) return 0;
    wide lowest = wide_load(x);
    wide highest = lowest;
    for (size_t i = WIDE_LANES; i < count; i += WIDE_LANES) {
        const wide v = wide_load(x + (i + WIDE_LANES <= count ? i : count - WIDE_LANES));
        lowest = wide_min(lowest, v);
        highest = wide_max(highest, v);
    }
    const double low = wide_lowest(lowest);
    const double high = wide_highest(highest);
    return low > 0.0 ? high <= 8.0 * low : high < 0.0 && low >= 8.0 * high;
}

/* The value `ahead` samples after the newest, or the slope. */
B3_ONE_COPY void line_windows(WINDOW_ARGS, double ahead, enum trend_kernel kernel) {
    const uint32_t period = (uint32_t)params[0];
    const double p = period;
    const double middle = 0.5 * (p - 1.0);
    fit l = {.kernel = kernel,
             .per_p = wide_of(1.0 / p),
             .middle = wide_of(middle),
             .reach = wide_of(middle + ahead),
             .scale = wide_of(12.0 / (p * (p * p - 1.0)))};
    EACH_CHUNK(start, size, period) {
        const source samples = {.x = window_at(in[0], start, period), .anchor_x = in[0][start + size / 2], .anchored = 1};
        l.anchor = wide_of(samples.anchor_x);
        l.out = out[0] + start;
        if (samples.anchor_x == samples.anchor_x && one_magnitude(samples.x, size + period - 1))
            trend_windows(&samples, period, (uint32_t)size, &l);
        else safe_trend_windows(&samples, period, (uint32_t)size, &l);
    }
}

static void run_linearreg(WINDOW_ARGS) {
    line_windows(params, in, out, from, count, 0.0, VALUE);
}

static void run_linearreg_slope(WINDOW_ARGS) {
    line_windows(params, in, out, from, count, 0.0, SLOPE);
}

static void run_tsf(WINDOW_ARGS) {
    line_windows(params, in, out, from, count, 1.0, VALUE);
}

static void run_trima(WINDOW_ARGS) {
    const uint32_t first = ((uint32_t)params[0] + 1) / 2;
    const uint32_t second = (uint32_t)params[0] / 2 + 1;
    double inner[WINDOW_ROOM];
    EACH_CHUNK(at, size, second) {
        const uint32_t needed = (uint32_t)size + second - 1;
        EACH_PART(done, piece, needed, first)
        scaled_sums(window_at(in[0], at + 1 - second + done, first), first, piece, 1.0 / first, inner + done);
        scaled_sums(inner, second, (uint32_t)size, 1.0 / second, out[0] + at);
    }
}

typedef struct weighted_context {
    int rate; /* percent, 0 where there is no weight; else the mean, which is NaN there */
    double *out;
} weighted_context;

B3_SPECIALISED void finish_weighted(void *context, part sums, size_t at, size_t left) {
    const weighted_context *c = context;
    if (c->rate) wide_put(c->out + at, ratio_or_zero(wide_of(100.0) * sums.of[0], sums.of[1]), left);
    else wide_put(c->out + at, sums.of[0] / sums.of[1], left);
}

/* Means of x by weight. */
B3_ONE_COPY void weighted_means(const double *x, const double *weight, uint32_t period, uint32_t count, int rate, double *out) {
    const source from = {.x = x, .y = weight};
    weighted_context c = {rate, out};
    each_window(WEIGHTED, &from, period, count, finish_weighted, &c);
}

static void run_vwma(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    EACH_CHUNK(at, size, period)
    weighted_means(window_at(in[0], at, period), window_at(in[1], at, period), period, (uint32_t)size, 0, out[0] + at);
}

/* Where the close lies in its bar, -1 to 1; 0 where the bar has no range. Room for a register more. */
B3_ONE_COPY void locations(const double *high, const double *low, const double *close, size_t count, double *location) {
    const wide zero = wide_of(0.0);
    for (size_t i = 0; i < count; i += WIDE_LANES) {
        const wide h = wide_get(high + i, count - i);
        const wide l = wide_get(low + i, count - i);
        const wide c = wide_get(close + i, count - i);
        const wide range = h - l;
        wide_store(location + i, wide_pick(WIDE_IS(range, AT_MOST, zero), zero, ((c - l) - (h - c)) / range));
    }
}

static void run_cmf(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    double location[WINDOW_ROOM];
    EACH_CHUNK(at, size, period) {
        const uint64_t first = at + 1 - period;
        locations(in[0] + first, in[1] + first, in[2] + first, size + period - 1, location);
        weighted_means(location, in[3] + first, period, (uint32_t)size, 0, out[0] + at);
    }
}

/* Room for a register more. */
B3_ONE_COPY void typical_prices(const double *high, const double *low, const double *close, size_t count, double *typical) {
    for (size_t i = 0; i < count; i += WIDE_LANES) {
        const size_t left = count - i;
        wide_store(typical + i, (wide_get(high + i, left) + wide_get(low + i, left) + wide_get(close + i, left)) / wide_of(3.0));
    }
}

/* Money that moves in `count` bars where the price changes, and whether that is a rise: 1 or 0. typical[0] and volume[0] are of the bar
 * before. Room for a register more. */
B3_ONE_COPY void money_flows(const double *typical, const double *volume, size_t count, double *rises, double *money) {
    const wide zero = wide_of(0.0);
    const wide one = wide_of(1.0);
    for (size_t i = 0; i < count; i += WIDE_LANES) {
        const wide now = wide_load(typical + i + 1);
        const wide change = now - wide_load(typical + i);
        const wide flow = now * wide_get(volume + i + 1, count - i);
        const wide known = wide_pick(WIDE_IS(change, UNORDERED_WITH, change), change, flow);
        wide_store(rises + i, wide_pick(WIDE_IS(change, ABOVE, zero), one, zero));
        wide_store(money + i, wide_pick(WIDE_IS(change, EQUAL_TO, zero), zero, one) * known);
    }
}

static void run_mfi(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    double typical[WINDOW_ROOM];
    double rises[WINDOW_ROOM];
    double money[WINDOW_ROOM];
    EACH_CHUNK(at, size, period) {
        const uint64_t before = at - period;
        const size_t changes = size + period - 1;
        typical_prices(in[0] + before, in[1] + before, in[2] + before, changes + 1, typical);
        money_flows(typical, in[3] + before, changes, rises, money);
        weighted_means(rises, money, period, (uint32_t)size, 1, out[0] + at);
    }
}

/* True range, and close less true low, of `count` bars; before[i] is the close of the bar before. Room for a register more. */
B3_ONE_COPY void pressures(const double *high, const double *low, const double *close, size_t count, double *bought, double *range) {
    const double *before = close - 1;
    for (size_t i = 0; i < count; i += WIDE_LANES) {
        const wide h = wide_get(high + i, count - i);
        const wide l = wide_get(low + i, count - i);
        const wide b = wide_get(before + i, count - i);
        const wide larger = wide_max(wide_max(h - l, wide_abs(h - b)), wide_abs(l - b));
        wide_store(range + i, wide_pick(WIDE_IS(b, UNORDERED_WITH, b), b, larger));
        wide_store(bought + i, wide_get(close + i, count - i) - wide_min(l, b));
    }
}

/* 4 * a0 / b0 + 2 * a1 / b1 + a2 / b2, by one division where no product can overflow or vanish. */
B3_SPECIALISED wide weighted_ratios(const wide *a, const wide *b) {
    const wide two = wide_of(2.0);
    const wide product = b[0] * b[1] * b[2];
    const wide_mask usual = wide_both(WIDE_IS(product, ABOVE, wide_of(1e-200)), WIDE_IS(product, BELOW, wide_of(1e200)));
    const wide sum = wide_fma(two * (two * a[0] * b[1] + a[1] * b[0]), b[2], a[2] * b[0] * b[1]) / product;
    if (wide_all(usual)) return sum;
    return wide_of(4.0) * ratio_or_zero(a[0], b[0]) + (two * ratio_or_zero(a[1], b[1]) + ratio_or_zero(a[2], b[2]));
}

/* The sums of size windows of three periods, the shortest first; the usual 7, 14 and 28 are made from one another. x: the oldest sample of
 * the first window of the longest. */
B3_ONE_COPY void three_sums(const double *x, const uint32_t *periods, uint32_t size, double (*restrict sums)[CHUNK_MAX + WIDE_LANES]) {
    const uint32_t p = periods[0];
    if (periods[1] != 2 * p || periods[2] != 4 * p) {
        for (size_t k = 0; k < 3; ++k) sum_windows(x + (periods[2] - periods[k]), periods[k], size, sums[k]);
        return;
    }
    double shortest[WINDOW_ROOM];
    EACH_PART(done, piece, size + 3 * p, p) sum_windows(x + done, p, piece, shortest + done);
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
    const wide scale = wide_of(100.0 / 7.0);
    double bought[WINDOW_ROOM];
    double range[WINDOW_ROOM];
    double above[3][CHUNK_MAX + WIDE_LANES];
    double below[3][CHUNK_MAX + WIDE_LANES];
    EACH_CHUNK(start, size, periods[2]) {
        const uint64_t first = start + 1 - periods[2];
        pressures(in[0] + first, in[1] + first, in[2] + first, size + periods[2] - 1, bought, range);
        three_sums(bought, periods, (uint32_t)size, above);
        three_sums(range, periods, (uint32_t)size, below);
        for (size_t at = 0; at < size; at += WIDE_LANES) {
            const wide a[3] = {wide_load(above[0] + at), wide_load(above[1] + at), wide_load(above[2] + at)};
            const wide b[3] = {wide_load(below[0] + at), wide_load(below[1] + at), wide_load(below[2] + at)};
            wide_put(out[0] + start + at, weighted_ratios(a, b) * scale, size - at);
        }
    }
}

/* Of the windows of a register: distance of the newest sample from the mean, and the sum of all distances from it. */
typedef struct spread {
    wide distance;
    wide all;
} spread;

/* From the newest sample of each window. x: the oldest of the first. */
B3_ONE_COPY spread spread_anew(const double *x, uint32_t period) {
    const wide newest = wide_load(x + period - 1);
    wide sum = wide_of(0.0);
    for (size_t k = 0; k + 1 < period; ++k) sum += wide_load(x + k) - newest;
    const wide mean = sum * wide_of(1.0 / period);
    wide all = wide_abs(mean);
    for (size_t k = 0; k + 1 < period; ++k) all += wide_abs(wide_load(x + k) - newest - mean);
    return (spread){-mean, all};
}

/* The sum may be so many times that of the distances: what is lost is then at most period * 3e-14 of the result. */
#define SPREAD_MOST 100.0

/* The mean deviation needs each sample again in every window. With one anchor for a chunk that is a maximum and an addition:
 * sum |d - mean| = 2 * (sum max(d, mean) - sum d). Chunks are short, so that few windows lie far from the anchor. */
static void run_cci(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    const wide per_p = wide_of(1.0 / params[0]);
    const wide scale = wide_of(1.0 / (0.015 / params[0]));
    const wide zero = wide_of(0.0);
    double typical[WINDOW_ROOM];
    double apart[WINDOW_ROOM]; /* from the anchor */
    double sums[CHUNK + WIDE_LANES];
    for (uint64_t start = from, size; start < count; start += size) {
        size = count - start < CHUNK ? count - start : CHUNK;
        const uint64_t first = start + 1 - period;
        const size_t samples = size + period - 1;
        typical_prices(in[0] + first, in[1] + first, in[2] + first, samples, typical);
        memset(typical + samples, 0, WIDE_LANES * sizeof *typical);
        const wide anchor = wide_of(typical[samples / 2]);
        for (size_t i = 0; i < samples + WIDE_LANES; i += WIDE_LANES) wide_store(apart + i, wide_load(typical + i) - anchor);
        sum_windows(apart, period, (uint32_t)size, sums);
        for (size_t at = 0; at < size; at += WIDE_LANES) {
            const wide sum = wide_load(sums + at);
            const wide mean = sum * per_p;
            wide larger = zero;
            for (size_t k = 0; k < period; ++k) larger += wide_max(mean, wide_load(apart + at + k));
            spread s = {wide_load(apart + at + period - 1) - mean, wide_of(2.0) * (larger - sum)};
            if (__builtin_expect(lost_digits(wide_abs(sum), s.all, SPREAD_MOST, size - at), 0)) s = spread_anew(typical + at, period);
            const wide index = s.distance * scale / s.all;
            wide_put(out[0] + start + at, wide_pick(WIDE_IS(s.all, EQUAL_TO, zero), zero, index), size - at);
        }
    }
}

#endif
