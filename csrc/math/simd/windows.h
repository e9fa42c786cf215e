/* Vector runs of the kernels whose outputs depend on a window alone. Included once by the file of each instruction set. */
#ifndef B3_MATH_SIMD_WINDOWS_H
#define B3_MATH_SIMD_WINDOWS_H

#include "doubling.h"

#define WINDOW_ARGS const double *params, const double *const *in, double *const *out, uint64_t from, uint64_t count
#define EACH_CHUNK(at, size)                                                                                                               \
    for (uint64_t at = from, size; at < count && (size = count - at < B3_CHUNK ? count - at : B3_CHUNK, 1); at += size)

/* First sample of the window that ends at `at`. */
static inline const double *window_at(const double *x, uint64_t at, uint32_t period) {
    return x + at + 1 - period;
}

static void run_sum(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    EACH_CHUNK(at, size) sum_windows(window_at(in[0], at, period), period, (uint32_t)size, out[0] + at);
}

static void run_sma(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    const double scale = 1.0 / params[0];
    EACH_CHUNK(at, size) {
        double *y = out[0] + at;
        sum_windows(window_at(in[0], at, period), period, (uint32_t)size, y);
        for (size_t i = 0; i < size; ++i) y[i] *= scale;
    }
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
    run_min(params, in, out, from, count);
    run_max(params, in, out + 1, from, count);
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
    run_max(params, in, out, from, count);
    run_min(params, in + 1, out + 2, from, count);
    for (uint64_t i = from; i < count; ++i) out[1][i] = (out[0][i] + out[2][i]) * 0.5;
}

static void run_willr(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    double highest[B3_CHUNK];
    double lowest[B3_CHUNK];
    EACH_CHUNK(at, size) {
        max_windows(window_at(in[0], at, period), period, (uint32_t)size, highest);
        min_windows(window_at(in[1], at, period), period, (uint32_t)size, lowest);
        for (size_t i = 0; i < size; ++i) {
            const double width = highest[i] - lowest[i];
            const double below = -100.0 * (highest[i] - in[2][at + i]);
            out[0][at + i] = width == 0.0 ? 0.0 : below / width;
        }
    }
}

/* fastk of the `count` bars from first on, which is at least period - 1. */
B3_ONE_COPY void fastk(const double *const *in, uint32_t period, uint64_t first, uint32_t count, double *restrict k) {
    double highest[B3_LEVEL];
    double lowest[B3_LEVEL];
    for (uint32_t done = 0, size; done < count; done += size) {
        size = count - done < B3_CHUNK ? count - done : B3_CHUNK;
        max_windows(window_at(in[0], first + done, period), period, size, highest + done);
        min_windows(window_at(in[1], first + done, period), period, size, lowest + done);
    }
    for (size_t i = 0; i < count; ++i) {
        const double width = highest[i] - lowest[i];
        const double above = 100.0 * (in[2][first + i] - lowest[i]);
        k[i] = width == 0.0 ? 0.0 : above / width;
    }
}

static void run_stochf(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    const uint32_t average = (uint32_t)params[1];
    const double scale = 1.0 / params[1];
    double k[B3_LEVEL];
    EACH_CHUNK(at, size) {
        fastk(in, period, at + 1 - average, (uint32_t)size + average - 1, k);
        sum_windows(k, average, (uint32_t)size, out[1] + at);
        for (size_t i = 0; i < size; ++i) {
            const double d = out[1][at + i] * scale;
            out[1][at + i] = d;
            out[0][at + i] = d != d ? d : k[average - 1 + i];
        }
    }
}

static void run_stoch(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    const uint32_t slowk = (uint32_t)params[1];
    const uint32_t slowd = (uint32_t)params[2];
    const double per_k = 1.0 / params[1];
    const double per_d = 1.0 / params[2];
    double k[B3_LEVEL];
    double slow[B3_LEVEL];
    EACH_CHUNK(at, size) {
        const uint32_t slow_count = (uint32_t)size + slowd - 1;
        fastk(in, period, at + 2 - slowd - slowk, slow_count + slowk - 1, k);
        for (uint32_t done = 0, part; done < slow_count; done += part) {
            part = slow_count - done < B3_CHUNK ? slow_count - done : B3_CHUNK;
            sum_windows(k + done, slowk, part, slow + done);
        }
        for (size_t i = 0; i < slow_count; ++i) slow[i] *= per_k;
        sum_windows(slow, slowd, (uint32_t)size, out[1] + at);
        for (size_t i = 0; i < size; ++i) {
            const double d = out[1][at + i] * per_d;
            out[1][at + i] = d;
            out[0][at + i] = d != d ? d : slow[slowd - 1 + i];
        }
    }
}

static void run_var(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    const double scale = 1.0 / (params[0] - params[2]);
    double offset[B3_CHUNK];
    EACH_CHUNK(at, size) {
        double *y = out[0] + at;
        quick_moment_windows(window_at(in[0], at, period), period, (uint32_t)size, offset, y);
        for (size_t i = 0; i < size; ++i) y[i] *= scale;
    }
}

static void run_stddev(WINDOW_ARGS) {
    run_var(params, in, out, from, count);
    for (uint64_t i = from; i < count; ++i) out[0][i] = sqrt(out[0][i]) * params[1];
}

static void run_zscore(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    const double scale = params[0] - params[1];
    const double per_period = 1.0 / params[0];
    double offset[B3_CHUNK];
    EACH_CHUNK(at, size) {
        double *y = out[0] + at;
        quick_moment_windows(window_at(in[0], at, period), period, (uint32_t)size, offset, y);
        for (size_t i = 0; i < size; ++i) y[i] = -(offset[i] * per_period) * sqrt(scale / y[i]);
    }
}

static void run_bbands(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    const double up = params[1];
    const double down = params[2];
    const double scale = 1.0 / params[0];
    double offset[B3_CHUNK];
    double m2[B3_CHUNK];
    EACH_CHUNK(at, size) {
        quick_moment_windows(window_at(in[0], at, period), period, (uint32_t)size, offset, m2);
        for (size_t i = 0; i < size; ++i) {
            const double middle = in[0][at + i] + offset[i] * scale;
            const double deviation = sqrt(m2[i] * scale);
            out[0][at + i] = middle + up * deviation;
            out[1][at + i] = middle;
            out[2][at + i] = middle - down * deviation;
        }
    }
}

B3_ONE_COPY void wma_windows(const double *x, uint32_t period, uint32_t count, double *restrict out) {
    const double p = period;
    const double scale = 1.0 / (p * (p + 1.0) * 0.5);
    double offset[B3_CHUNK];
    double aged[B3_CHUNK];
    trend_windows(x, period, count, offset, aged);
    for (size_t i = 0; i < count; ++i) out[i] = x[period - 1 + i] + (p * offset[i] - aged[i]) * scale;
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
        for (uint32_t done = 0, part; done < needed; done += part) {
            part = needed - done < B3_CHUNK ? needed - done : B3_CHUNK;
            wma_windows(window_at(in[0], first + done, period / 2), period / 2, part, half + done);
            wma_windows(window_at(in[0], first + done, period), period, part, whole + done);
        }
        for (size_t i = 0; i < needed; ++i) whole[i] = 2.0 * half[i] - whole[i];
        wma_windows(whole, root, (uint32_t)size, out[0] + at);
    }
}

/* Least-squares line: value at the newest sample plus `ahead` slopes; only_slope: the slope. */
static inline void line_windows(WINDOW_ARGS, double ahead, int only_slope) {
    const uint32_t period = (uint32_t)params[0];
    const double p = period;
    const double per_p = 1.0 / p;
    const double middle = 0.5 * (p - 1.0);
    const double scale = 12.0 / (p * (p * p - 1.0));
    double offset[B3_CHUNK];
    double aged[B3_CHUNK];
    EACH_CHUNK(at, size) {
        trend_windows(window_at(in[0], at, period), period, (uint32_t)size, offset, aged);
        for (size_t i = 0; i < size; ++i) {
            const double slope = (middle * offset[i] - aged[i]) * scale;
            const double value = in[0][at + i] + (offset[i] * per_p + (middle + ahead) * slope);
            out[0][at + i] = only_slope ? slope : value;
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
    const double scale = 1.0 / ((double)first * (double)second);
    double inner[B3_LEVEL];
    EACH_CHUNK(at, size) {
        const uint32_t needed = (uint32_t)size + second - 1;
        for (uint32_t done = 0, part; done < needed; done += part) {
            part = needed - done < B3_CHUNK ? needed - done : B3_CHUNK;
            sum_windows(window_at(in[0], at + 1 - second + done, first), first, part, inner + done);
        }
        sum_windows(inner, second, (uint32_t)size, out[0] + at);
        for (size_t i = 0; i < size; ++i) out[0][at + i] *= scale;
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
        sum_windows(product, period, (uint32_t)size, out[0] + at);
        sum_windows(v, period, (uint32_t)size, volume);
        for (size_t i = 0; i < size; ++i) out[0][at + i] /= volume[i];
    }
}

static void run_cmf(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    double flow[B3_LEVEL];
    double volume[B3_CHUNK];
    EACH_CHUNK(at, size) {
        const uint64_t first = at + 1 - period;
        for (size_t i = 0; i < size + period - 1; ++i) {
            const double high = in[0][first + i];
            const double low = in[1][first + i];
            const double close = in[2][first + i];
            const double range = high - low;
            const double location = ((close - low) - (high - close)) / range;
            flow[i] = (range <= 0.0 ? 0.0 : location) * in[3][first + i];
        }
        sum_windows(flow, period, (uint32_t)size, out[0] + at);
        sum_windows(in[3] + first, period, (uint32_t)size, volume);
        for (size_t i = 0; i < size; ++i) out[0][at + i] /= volume[i];
    }
}

#endif
