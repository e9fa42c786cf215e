/* Aggregates of every window of `period` samples by doubling: windows of 2, 4, 8, ... samples from pairs of windows half as long, then
 * the window asked for from the powers of two in its period.
 *
 *      period 20 = 16 + 4         | 16 ............. | 4 . |
 *
 * Every result is a sum over its own window alone, in a fixed order: nothing drifts, a NaN or infinity is seen by the windows that hold
 * it and no other, and each instruction set gives the same bits. Passes are plain loops over arrays that stay in the first cache, for the
 * compiler to vectorise with the flags of the file that includes this.
 *
 * x: the oldest sample of the first window; x[0 .. count + period - 2] are read. count <= B3_CHUNK, period <= B3_RUN_LOOKBACK_MAX + 1.
 */
#ifndef B3_MATH_SIMD_DOUBLING_H
#define B3_MATH_SIMD_DOUBLING_H

#include <math.h>
#include <string.h>

#include "math/run.h"

/* Arrays of a loop do not overlap where it matters: what it writes is not read in it. The compiler cannot see that by itself. */
#define B3_INDEPENDENT _Pragma("GCC ivdep")

/* A call costs nothing beside a chunk; a copy in each kernel would cost kilobytes. */
#define B3_ONE_COPY __attribute__((noinline)) static

#define B3_CHUNK 512
/* The odd rest keeps arrays that lie side by side from sharing the low 12 bits of their addresses: a load would wait for a store that only
 * looks like its own. */
#define B3_LEVEL (B3_CHUNK + B3_RUN_LOOKBACK_MAX + 264)

B3_ONE_COPY void sum_windows(const double *x, uint32_t period, uint32_t count, double *restrict out) {
    double levels[2][B3_LEVEL];
    const double *now = x;
    const size_t length = (size_t)count + period - 1;
    size_t covered = 0; /* newest samples of each window that are in out */
    for (size_t width = 1, flip = 0; width <= period; width *= 2, flip ^= 1) {
        if ((period & width) != 0) {
            const double *part = now + (period - 1 - covered);
            if (covered == 0) memcpy(out, part, count * sizeof *out);
            else B3_INDEPENDENT
            for (size_t i = 0; i < count; ++i) out[i] += part[i];
            covered += width;
        }
        if (2 * width > period) break;
        double *restrict next = levels[flip];
        if (4 * width > period || (period & (2 * width)) != 0) {
            B3_INDEPENDENT
            for (size_t i = 2 * width - 1; i < length; ++i) next[i] = now[i] + now[i - width];
        } else { /* nobody needs the windows in between: two levels in one pass, added in the same order */
            B3_INDEPENDENT
            for (size_t i = 4 * width - 1; i < length; ++i) next[i] = (now[i] + now[i - width]) + (now[i - 2 * width] + now[i - 3 * width]);
            width *= 2;
        }
        now = next;
    }
}

static inline int has_nan(const double *x, uint32_t count) {
    uint32_t found = 0;
    for (size_t i = 0; i < count; ++i) found |= x[i] != x[i];
    return found != 0;
}

static inline double greater(double a, double b, int careful) {
    if (careful) return a > b || a != a ? a : b;
    return a > b ? a : b;
}

static inline void max_passes(const double *x, uint32_t period, uint32_t count, double *restrict out, int careful) {
    double levels[2][B3_LEVEL];
    const double *now = x;
    const size_t length = (size_t)count + period - 1;
    size_t width = 1;
    size_t flip = 0;
    for (; 4 * width <= period; width *= 4, flip ^= 1) {
        double *restrict next = levels[flip];
        B3_INDEPENDENT
        for (size_t i = 4 * width - 1; i < length; ++i)
            next[i] = greater(greater(now[i], now[i - width], careful), greater(now[i - 2 * width], now[i - 3 * width], careful), careful);
        now = next;
    }
    for (; 2 * width <= period; width *= 2, flip ^= 1) {
        double *restrict next = levels[flip];
        B3_INDEPENDENT
        for (size_t i = 2 * width - 1; i < length; ++i) next[i] = greater(now[i], now[i - width], careful);
        now = next;
    }
    /* Two windows of a power of two that overlap. */
    const double *newest = now + (period - 1);
    const double *oldest = now + (width - 1);
    B3_INDEPENDENT
    for (size_t i = 0; i < count; ++i) out[i] = greater(newest[i], oldest[i], careful);
}

B3_ONE_COPY void max_windows(const double *x, uint32_t period, uint32_t count, double *restrict out) {
    if (has_nan(x, count + period - 1)) max_passes(x, period, count, out, 1);
    else max_passes(x, period, count, out, 0);
}

static inline void negate(const double *x, uint32_t count, double *restrict out) {
    for (size_t i = 0; i < count; ++i) out[i] = -x[i];
}

B3_ONE_COPY void min_windows(const double *x, uint32_t period, uint32_t count, double *restrict out) {
    double negative[B3_LEVEL];
    negate(x, count + period - 1, negative);
    max_windows(negative, period, count, out);
    for (size_t i = 0; i < count; ++i) out[i] = -out[i];
}

static const double ZERO[B3_LEVEL];

/* offset[i]: sum of (x - newest sample of the window). m2[i]: sum of squared deviations from the mean. Differences of samples of one
 * window are all that is ever squared or added, so no digits are lost at large prices. */
B3_ONE_COPY void moment_windows(const double *x, uint32_t period, uint32_t count, double *restrict offset, double *restrict m2) {
    double levels[2][2][B3_LEVEL];
    const double *now = ZERO; /* one sample deviates by 0 from itself */
    const double *now2 = ZERO;
    const size_t length = (size_t)count + period - 1;
    size_t covered = 0;
    for (size_t width = 1, flip = 1; width <= period; width *= 2, flip ^= 1) {
        const double w = (double)width;
        if ((period & width) != 0) {
            const size_t at = period - 1 - covered;
            const double c = (double)covered;
            const double scale = covered == 0 ? 0.0 : c * w / (c + w);
            const double per_width = 1.0 / w;
            const double per_covered = covered == 0 ? 0.0 : 1.0 / c;
            if (covered == 0) {
                memcpy(offset, now + at, count * sizeof *offset);
                memcpy(m2, now2 + at, count * sizeof *m2);
            } else {
                B3_INDEPENDENT
                for (size_t i = 0; i < count; ++i) {
                    const double older = now[at + i] - w * (x[period - 1 + i] - x[at + i]);
                    const double apart = offset[i] * per_covered - older * per_width;
                    m2[i] = m2[i] + now2[at + i] + apart * apart * scale;
                    offset[i] += older;
                }
            }
            covered += width;
        }
        if (2 * width > period) break;
        double *restrict next = levels[flip][0];
        double *restrict next2 = levels[flip][1];
        const double scale = 1.0 / (2.0 * w);
        B3_INDEPENDENT
        for (size_t i = 2 * width - 1; i < length; ++i) {
            const double older = now[i - width] - w * (x[i] - x[i - width]);
            const double apart = now[i] - older;
            next2[i] = now2[i] + now2[i - width] + apart * apart * scale;
            next[i] = now[i] + older;
        }
        now = next;
        now2 = next2;
    }
}

/* The same where it can be had for less: plain sums of d = x - anchor, one anchor for all. What m2 loses by it is a few units in the last
 * place of sum(d^2), so that is done only while sum(d^2) stays below 10,000 times m2 in every window; else, and with a NaN, as above. */
B3_ONE_COPY void quick_moment_windows(const double *x, uint32_t period, uint32_t count, double *restrict offset, double *restrict m2) {
    double d[B3_LEVEL];
    double squares[B3_LEVEL];
    double sums[B3_CHUNK];
    const double anchor = x[period - 1 + count / 2];
    const double p = period;
    const double per_period = 1.0 / p;
    const size_t length = (size_t)count + period - 1;
    for (size_t i = 0; i < length; ++i) {
        d[i] = x[i] - anchor;
        squares[i] = d[i] * d[i];
    }
    sum_windows(d, period, count, sums);
    sum_windows(squares, period, count, m2);
    uint64_t lost = 0;
    B3_INDEPENDENT
    for (size_t i = 0; i < count; ++i) {
        const double centred = m2[i] - sums[i] * sums[i] * per_period;
        lost |= centred * 1e4 >= m2[i] ? 0U : 1U;
        m2[i] = centred;
        offset[i] = sums[i] - p * d[period - 1 + i];
    }
    if (lost != 0) moment_windows(x, period, count, offset, m2);
}

/* offset as above; aged[i]: sum of age * (x - newest sample), age 0 for the newest. */
B3_ONE_COPY void trend_windows(const double *x, uint32_t period, uint32_t count, double *restrict offset, double *restrict aged) {
    double levels[2][2][B3_LEVEL];
    const double *now = ZERO;
    const double *now_aged = ZERO;
    const size_t length = (size_t)count + period - 1;
    size_t covered = 0;
    for (size_t width = 1, flip = 1; width <= period; width *= 2, flip ^= 1) {
        const double w = (double)width;
        const double ages = 0.5 * w * (w - 1.0);
        if ((period & width) != 0) {
            const size_t at = period - 1 - covered;
            const double c = (double)covered;
            if (covered == 0) {
                memcpy(offset, now + at, count * sizeof *offset);
                memcpy(aged, now_aged + at, count * sizeof *aged);
            } else {
                B3_INDEPENDENT
                for (size_t i = 0; i < count; ++i) {
                    const double apart = x[period - 1 + i] - x[at + i];
                    const double older = now[at + i] - w * apart;
                    aged[i] += now_aged[at + i] - ages * apart + c * older;
                    offset[i] += older;
                }
            }
            covered += width;
        }
        if (2 * width > period) break;
        double *restrict next = levels[flip][0];
        double *restrict next_aged = levels[flip][1];
        B3_INDEPENDENT
        for (size_t i = 2 * width - 1; i < length; ++i) {
            const double apart = x[i] - x[i - width];
            const double older = now[i - width] - w * apart;
            next_aged[i] = now_aged[i] + (now_aged[i - width] - ages * apart + w * older);
            next[i] = now[i] + older;
        }
        now = next;
        now_aged = next_aged;
    }
}

#endif
