/* Windows longer than doubling.h takes: blocks of `period` samples, a window being the end of one block and the start of the next, as in
 * window_sum.h. Both ends are scans, which go by registers; the first is kept where the outputs will be. Nothing is subtracted.
 */
#ifndef B3_MATH_SIMD_LONG_H
#define B3_MATH_SIMD_LONG_H

#include "windows.h"

/* kind: SUM, MAX or MIN. A NaN is kept. */
B3_SPECIALISED wide merged(int kind, wide newer, wide older) {
    if (kind == SUM) return newer + older;
    return wide_pick(WIDE_IS(older, UNORDERED_WITH, older), older, kind == MAX ? wide_max(newer, older) : wide_min(newer, older));
}

B3_SPECIALISED wide neutral(int kind) {
    return wide_of(kind == SUM ? 0.0 : kind == MAX ? -INFINITY : INFINITY);
}

/* Lane k: lanes 0 to k of v. */
B3_SPECIALISED wide scanned(int kind, wide v) {
    const wide nothing = neutral(kind);
    v = merged(kind, v, wide_later(v, nothing, 1));
    if (WIDE_LANES > 2) v = merged(kind, v, wide_later(v, nothing, 2));
    if (WIDE_LANES > 4) v = merged(kind, v, wide_later(v, nothing, 4));
    return v;
}

/* y[i]: x[i] to x[count - 1] and carry, which is what comes after them in every lane; gives that of y[0]. y NULL: only that. */
B3_SPECIALISED wide scan_back(int kind, const double *x, size_t count, double *y, wide carry) {
    const wide nothing = neutral(kind);
    const size_t odd = count % WIDE_LANES;
    for (size_t end = count; end > 0;) {
        const size_t size = end >= WIDE_LANES ? WIDE_LANES : odd;
        const double *from = x + end - size;
        const wide filled = wide_pick(WIDE_IS(wide_load(WIDE_NUMBERS), BELOW, wide_of((double)size)), wide_get(from, size), nothing);
        const wide v = merged(kind, scanned(kind, wide_reversed(filled)), carry);
        end -= size;
        if (y != NULL) wide_put(y + end, wide_reversed(v), size);
        carry = wide_last(v);
    }
    return carry;
}

/* y[i] = scale * (x[0] to x[i], and the y[i] there was). */
B3_SPECIALISED void scan_onto(int kind, const double *x, size_t count, double *y, wide scale) {
    wide carry = neutral(kind);
    for (size_t i = 0; i < count; i += WIDE_LANES) {
        const size_t left = count - i;
        const wide v = merged(kind, scanned(kind, wide_get(x + i, left)), carry);
        const wide whole = merged(kind, v, wide_get(y + i, left));
        wide_put(y + i, whole * scale, left);
        carry = wide_last(v);
    }
}

B3_SPECIALISED void long_windows(int kind, uint32_t period, double scale, const double *x, double *y, uint64_t from, uint64_t count) {
    const wide nothing = neutral(kind);
    const wide first = scan_back(kind, window_at(x, from, period), period, NULL, nothing);
    wide_put(y + from, first * wide_of(scale), 1);
    for (uint64_t start = from + 1; start < count; start += period) {
        const size_t size = count - start < period ? count - start : period;
        const double *before = x + start - period;
        const size_t kept = size < period ? size : period - 1; /* outputs that see a sample of the block before */
        const wide rest = scan_back(kind, before + 1 + kept, period - 1 - kept, NULL, nothing);
        scan_back(kind, before + 1, kept, y + start, rest);
        if (kept < size) wide_put(y + start + kept, nothing, 1);
        scan_onto(kind, x + start, size, y + start, wide_of(scale));
    }
}

static void run_long_sum(WINDOW_ARGS) {
    long_windows(SUM, (uint32_t)params[0], 1.0, in[0], out[0], from, count);
}

static void run_long_sma(WINDOW_ARGS) {
    long_windows(SUM, (uint32_t)params[0], 1.0 / params[0], in[0], out[0], from, count);
}

static void run_long_max(WINDOW_ARGS) {
    long_windows(MAX, (uint32_t)params[0], 1.0, in[0], out[0], from, count);
}

static void run_long_min(WINDOW_ARGS) {
    long_windows(MIN, (uint32_t)params[0], 1.0, in[0], out[0], from, count);
}

static void run_long_minmax(WINDOW_ARGS) {
    run_long_min(params, in, out, from, count);
    run_long_max(params, in, out + 1, from, count);
}

static void run_long_donchian(WINDOW_ARGS) {
    const double *upper = out[0];
    const double *lower = out[2];
    double *middle = out[1];
    run_long_max(params, in, out, from, count);
    run_long_min(params, in + 1, out + 2, from, count);
    B3_INDEPENDENT
    for (uint64_t i = from; i < count; ++i) middle[i] = (upper[i] + lower[i]) * 0.5;
}

#endif
