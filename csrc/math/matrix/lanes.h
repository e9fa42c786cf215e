/* The loops over vectors of any width. The file of an instruction set defines before:
 *
 *   lanes             the vector type, of LANES doubles, which may lie at any address
 *   fused(a, b, c)    a * b + c, rounded once
 *   VECTORS, ROWS     vectors in a row of a panel, rows of the left factor: ROWS * VECTORS sums stay in registers
 */
#ifndef B3_MATH_MATRIX_LANES_H
#define B3_MATH_MATRIX_LANES_H

#include <string.h>

#include "matrix.h"

#define WIDTH (LANES * VECTORS)
_Static_assert(WIDTH <= B3_PANEL_WIDTH, "a panel's row holds it");

static inline lanes load(const double *at) {
    lanes v;
    memcpy(&v, at, sizeof v);
    return v;
}

static inline void store(double *at, lanes v) {
    memcpy(at, &v, sizeof v);
}

static inline lanes all(double x) {
    return x - (lanes){0};
}

static inline double sum_of(lanes v) {
    double sum = 0.0;
    for (int i = 0; i < LANES; ++i) sum += v[i];
    return sum;
}

/* `rows` dot products with one x; rows and the sums a row are constants where it is inlined: `chains` additions are under way at a time. */
static inline __attribute__((always_inline)) void dots(const double *a, uint64_t stride, const double *x, uint64_t count, double *out,
                                                       uint64_t out_stride, int rows, int chains) {
    lanes sum[4][4] = {{{0}}};
    uint64_t t = 0;
    for (; t + (uint64_t)(chains * LANES) <= count; t += (uint64_t)(chains * LANES))
        for (int k = 0; k < chains; ++k) {
            const lanes right = load(x + t + k * LANES);
            for (int i = 0; i < rows; ++i) sum[i][k] = fused(load(a + (uint64_t)i * stride + t + k * LANES), right, sum[i][k]);
        }
    for (; t + LANES <= count; t += LANES)
        for (int i = 0; i < rows; ++i) sum[i][0] = fused(load(a + (uint64_t)i * stride + t), load(x + t), sum[i][0]);
    for (int i = 0; i < rows; ++i) {
        for (int k = 1; k < chains; ++k) sum[i][0] += sum[i][k];
        double total = sum_of(sum[i][0]);
        for (uint64_t rest = t; rest < count; ++rest) total += a[(uint64_t)i * stride + rest] * x[rest];
        out[(uint64_t)i * out_stride] = total;
    }
}

static double dot(const double *x, const double *y, uint64_t count) {
    double result;
    dots(x, 0, y, count, &result, 0, 1, 4);
    return result;
}

static void rows_dot(const double *a, uint64_t stride, uint64_t rows, const double *x, uint64_t count, double *out, uint64_t out_stride) {
    uint64_t i = 0;
    for (; i + 4 <= rows; i += 4) dots(a + i * stride, stride, x, count, out + i * out_stride, out_stride, 4, 2);
    for (; i < rows; ++i) dots(a + i * stride, stride, x, count, out + i * out_stride, out_stride, 1, 4);
}

static inline __attribute__((always_inline)) void tile(const double *a, uint64_t a_stride, const double *centre, const double *packed,
                                                       uint64_t inner, double *c, uint64_t c_stride, uint64_t used, int rows, int centred) {
    lanes sum[ROWS][VECTORS] = {{{0}}};
    for (uint64_t t = 0; t < inner; ++t) {
        lanes right[VECTORS];
        for (int v = 0; v < VECTORS; ++v) right[v] = load(packed + t * B3_PANEL_WIDTH + v * LANES);
        for (int i = 0; i < rows; ++i) {
            const double x = a[(uint64_t)i * a_stride + t];
            const lanes left = all(centred ? x - centre[i] : x);
            for (int v = 0; v < VECTORS; ++v) sum[i][v] = fused(left, right[v], sum[i][v]);
        }
    }
    for (int i = 0; i < rows; ++i) {
        double *to = c + (uint64_t)i * c_stride;
        if (used == WIDTH) {
            for (int v = 0; v < VECTORS; ++v) store(to + v * LANES, load(to + v * LANES) + sum[i][v]);
        } else {
            double row[WIDTH];
            memcpy(row, sum[i], sizeof row);
            for (uint64_t j = 0; j < used; ++j) to[j] += row[j];
        }
    }
}

static inline __attribute__((always_inline)) void tiles(const double *a, uint64_t a_stride, const double *centre, uint64_t rows,
                                                        const double *packed, uint64_t inner, double *c, uint64_t c_stride, uint64_t used,
                                                        int centred) {
    uint64_t i = 0;
    for (; i + ROWS <= rows; i += ROWS)
        tile(a + i * a_stride, a_stride, centre + i * (uint64_t)centred, packed, inner, c + i * c_stride, c_stride, used, ROWS, centred);
    for (; i + 2 <= rows; i += 2)
        tile(a + i * a_stride, a_stride, centre + i * (uint64_t)centred, packed, inner, c + i * c_stride, c_stride, used, 2, centred);
    if (i < rows)
        tile(a + i * a_stride, a_stride, centre + i * (uint64_t)centred, packed, inner, c + i * c_stride, c_stride, used, 1, centred);
}

static void panel(const double *a, uint64_t a_stride, const double *centre, uint64_t rows, const double *packed, uint64_t inner, double *c,
                  uint64_t c_stride, uint64_t used) {
    static const double none = 0.0;
    if (centre == NULL) tiles(a, a_stride, &none, rows, packed, inner, c, c_stride, used, 0);
    else tiles(a, a_stride, centre, rows, packed, inner, c, c_stride, used, 1);
}

static void rank_update(double *row, uint64_t count, double keep, const double *weight, const double *d, uint64_t stride) {
    uint64_t j = 0;
    for (; j + LANES <= count; j += LANES) {
        lanes sum = keep * load(row + j);
        for (uint64_t k = 0; k < B3_RANK; ++k) sum = fused(all(weight[k]), load(d + k * stride + j), sum);
        store(row + j, sum);
    }
    for (; j < count; ++j) {
        double sum = keep * row[j];
        for (uint64_t k = 0; k < B3_RANK; ++k) sum += weight[k] * d[k * stride + j];
        row[j] = sum;
    }
}

#endif
