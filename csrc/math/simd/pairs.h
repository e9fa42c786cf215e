/* Vector runs of the kernels on two series. Doubling as in doubling.h, with the sums of both series and of their products. */
#ifndef B3_MATH_SIMD_PAIRS_H
#define B3_MATH_SIMD_PAIRS_H

#include "windows.h"

/* The sums of short windows stay in the first cache by smaller chunks. */
#define EACH_PAIR_CHUNK(at, size, period)                                                                                                  \
    for (uint64_t at = from, size, most = (period) <= 64 ? 128 : B3_CHUNK;                                                                 \
         at < count && (size = count - at < most ? count - at : most, 1); at += size)

enum { OFFSET_X, OFFSET_Y, SQUARES_X, SQUARES_Y, PRODUCTS, PAIR_SUMS };

typedef struct pair_level {
    double of[PAIR_SUMS][B3_LEVEL]; /* offsets: sum of (x - newest); squares, products: centred on the means */
} pair_level;

/* Windows of `width` older samples join windows of `covered` newer ones: `newer` is at the ends of the windows, `older` width before. */
static inline void pair_join(const double *x, const double *y, size_t covered, size_t width, size_t end, size_t count,
                             double newer[PAIR_SUMS][B3_LEVEL], size_t newer_at, double older[PAIR_SUMS][B3_LEVEL],
                             double result[PAIR_SUMS][B3_LEVEL], size_t result_at) {
    const double w = (double)width;
    const double c = (double)covered;
    const double scale = c * w / (c + w);
    const double per_w = 1.0 / w;
    const double per_c = 1.0 / c;
    const size_t back = end - covered;
    B3_INDEPENDENT
    for (size_t i = 0; i < count; ++i) {
        const double older_x = older[OFFSET_X][back + i] - w * (x[end + i] - x[back + i]);
        const double older_y = older[OFFSET_Y][back + i] - w * (y[end + i] - y[back + i]);
        const double newer_x = newer[OFFSET_X][newer_at + i];
        const double newer_y = newer[OFFSET_Y][newer_at + i];
        const double apart_x = newer_x * per_c - older_x * per_w;
        const double apart_y = newer_y * per_c - older_y * per_w;
        result[SQUARES_X][result_at + i] = newer[SQUARES_X][newer_at + i] + older[SQUARES_X][back + i] + apart_x * apart_x * scale;
        result[SQUARES_Y][result_at + i] = newer[SQUARES_Y][newer_at + i] + older[SQUARES_Y][back + i] + apart_y * apart_y * scale;
        result[PRODUCTS][result_at + i] = newer[PRODUCTS][newer_at + i] + older[PRODUCTS][back + i] + apart_x * apart_y * scale;
        result[OFFSET_X][result_at + i] = newer_x + older_x;
        result[OFFSET_Y][result_at + i] = newer_y + older_y;
    }
}

B3_ONE_COPY void pair_windows(const double *x, const double *y, size_t period, size_t count, pair_level *result) {
    pair_level levels[2];
    const size_t length = count + period - 1;
    size_t covered = 0;
    pair_level *now = &levels[0];
    for (size_t k = 0; k < PAIR_SUMS; ++k) memset(now->of[k], 0, length * sizeof now->of[k][0]);
    for (size_t width = 1, flip = 1; width <= period; width *= 2, flip ^= 1) {
        if ((period & width) != 0) {
            if (covered == 0)
                for (size_t k = 0; k < PAIR_SUMS; ++k) memcpy(result->of[k], now->of[k] + (period - 1), count * sizeof result->of[k][0]);
            else pair_join(x, y, covered, width, period - 1, count, result->of, 0, now->of, result->of, 0);
            covered += width;
        }
        if (2 * width > period) break;
        pair_level *next = &levels[flip];
        const size_t end = 2 * width - 1;
        pair_join(x, y, width, width, end, length - end, now->of, end, now->of, next->of, end);
        now = next;
    }
}

/* The same by plain sums of differences from one anchor, where that loses no digits: see quick_moment_windows. Offsets are not given. */
B3_ONE_COPY void quick_pair_windows(const double *x, const double *y, uint32_t period, uint32_t count, pair_level *result) {
    double d[PAIR_SUMS][B3_LEVEL];
    const size_t middle = period - 1 + count / 2;
    const double anchor_x = x[middle];
    const double anchor_y = y[middle];
    const double per_period = 1.0 / (double)period;
    const size_t length = (size_t)count + period - 1;
    for (size_t i = 0; i < length; ++i) {
        const double dx = x[i] - anchor_x;
        const double dy = y[i] - anchor_y;
        d[OFFSET_X][i] = dx;
        d[OFFSET_Y][i] = dy;
        d[SQUARES_X][i] = dx * dx;
        d[SQUARES_Y][i] = dy * dy;
        d[PRODUCTS][i] = dx * dy;
    }
    for (size_t k = 0; k < PAIR_SUMS; ++k) sum_windows(d[k], period, count, result->of[k]);
    uint64_t lost = 0;
    B3_INDEPENDENT
    for (size_t i = 0; i < count; ++i) {
        const double sx = result->of[OFFSET_X][i];
        const double sy = result->of[OFFSET_Y][i];
        const double xx = result->of[SQUARES_X][i] - sx * sx * per_period;
        const double yy = result->of[SQUARES_Y][i] - sy * sy * per_period;
        lost |= xx * 1e4 >= result->of[SQUARES_X][i] ? 0U : 1U;
        lost |= yy * 1e4 >= result->of[SQUARES_Y][i] ? 0U : 1U;
        result->of[SQUARES_X][i] = xx;
        result->of[SQUARES_Y][i] = yy;
        result->of[PRODUCTS][i] -= sx * sy * per_period;
    }
    if (lost != 0) pair_windows(x, y, period, count, result);
}

static void run_correl(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    pair_level sums;
    EACH_PAIR_CHUNK(at, size, period) {
        quick_pair_windows(window_at(in[0], at, period), window_at(in[1], at, period), period, (uint32_t)size, &sums);
        for (size_t i = 0; i < size; ++i) {
            const double scale = sqrt(sums.of[SQUARES_X][i]) * sqrt(sums.of[SQUARES_Y][i]);
            const double ratio = sums.of[PRODUCTS][i] / scale;
            const double bounded = ratio > 1.0 ? 1.0 : ratio < -1.0 ? -1.0 : ratio;
            out[0][at + i] = scale == 0.0 ? 0.0 : bounded;
        }
    }
}

static void run_covariance(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    const double scale = 1.0 / (params[0] - params[1]);
    pair_level sums;
    EACH_PAIR_CHUNK(at, size, period) {
        quick_pair_windows(window_at(in[0], at, period), window_at(in[1], at, period), period, (uint32_t)size, &sums);
        for (size_t i = 0; i < size; ++i) out[0][at + i] = sums.of[PRODUCTS][i] * scale;
    }
}

#endif
