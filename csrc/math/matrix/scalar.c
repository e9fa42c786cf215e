/* The reference: each loop as it is written down. */
#include "matrix.h"

static double dot(const double *x, const double *y, uint64_t count) {
    double sum = 0.0;
    for (uint64_t i = 0; i < count; ++i) sum += x[i] * y[i];
    return sum;
}

static void rows_dot(const double *a, uint64_t stride, uint64_t rows, const double *x, uint64_t count, double *out, uint64_t out_stride) {
    for (uint64_t i = 0; i < rows; ++i) out[i * out_stride] = dot(a + i * stride, x, count);
}

static void panel(const double *a, uint64_t a_stride, const double *centre, uint64_t rows, const double *packed, uint64_t inner, double *c,
                  uint64_t c_stride, uint64_t used) {
    for (uint64_t i = 0; i < rows; ++i)
        for (uint64_t j = 0; j < used; ++j) {
            double sum = 0.0;
            for (uint64_t t = 0; t < inner; ++t)
                sum += (centre == NULL ? a[i * a_stride + t] : a[i * a_stride + t] - centre[i]) * packed[t * B3_PANEL_WIDTH + j];
            c[i * c_stride + j] += sum;
        }
}

static void rank_update(double *row, uint64_t count, double keep, const double *weight, const double *d, uint64_t stride) {
    for (uint64_t j = 0; j < count; ++j) {
        double sum = keep * row[j];
        for (uint64_t k = 0; k < B3_RANK; ++k) sum += weight[k] * d[k * stride + j];
        row[j] = sum;
    }
}

const b3_matrix_loops b3_matrix_scalar = {
    .width = B3_PANEL_WIDTH, .dot = dot, .rows_dot = rows_dot, .panel = panel, .rank_update = rank_update};
