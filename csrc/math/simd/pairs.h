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

static inline void pair_windows(const double *x, const double *y, size_t period, size_t count, pair_level *result) {
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

static void run_correl(WINDOW_ARGS) {
    const uint32_t period = (uint32_t)params[0];
    pair_level sums;
    EACH_PAIR_CHUNK(at, size, period) {
        pair_windows(window_at(in[0], at, period), window_at(in[1], at, period), period, size, &sums);
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
        pair_windows(window_at(in[0], at, period), window_at(in[1], at, period), period, size, &sums);
        for (size_t i = 0; i < size; ++i) out[0][at + i] = sums.of[PRODUCTS][i] * scale;
    }
}

#endif
