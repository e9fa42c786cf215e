/* Covariance and correlation of the rows of a panel. Two passes: the means, then products of differences from them, so that digits are
 * not lost at large prices (Chan, Golub, LeVeque 1983, "Algorithms for computing the sample variance"). */
#include <math.h>
#include <string.h>

#include "matrix.h"

/* Of differences from the first value, whose sum is as small as the series moves. Eight sums, as one would wait for itself. */
static double mean(const double *x, uint64_t count) {
    double sums[8] = {0};
    uint64_t t = 0;
    for (; t + 8 <= count; t += 8)
        for (uint64_t k = 0; k < 8; ++k) sums[k] += x[t + k] - x[0];
    for (; t < count; ++t) sums[t % 8] += x[t] - x[0];
    const double sum = ((sums[0] + sums[1]) + (sums[2] + sums[3])) + ((sums[4] + sums[5]) + (sums[6] + sums[7]));
    return x[0] + sum / (double)count;
}

static void pack(const double *panel, uint64_t length, const double *means, uint64_t used, uint64_t width, uint64_t size, double *packed) {
    for (uint64_t t = 0; t < size; ++t)
        for (uint64_t j = used; j < width; ++j) packed[t * B3_PANEL_WIDTH + j] = 0.0;
    for (uint64_t j = 0; j < used; ++j)
        for (uint64_t t = 0; t < size; ++t) packed[t * B3_PANEL_WIDTH + j] = panel[j * length + t] - means[j];
}

void b3_matrix_covariance_blocking(const double *panel, uint64_t symbols, uint64_t count, uint32_t ddof, double *means, double *out) {
    const b3_matrix_loops *loops = b3_matrix_loops_in_use();
    double packed[B3_PANEL_INNER * B3_PANEL_WIDTH];
    for (uint64_t i = 0; i < symbols; ++i) means[i] = count > 0 ? mean(panel + i * count, count) : NAN;
    memset(out, 0, symbols * symbols * sizeof *out);
    for (uint64_t t = 0; t < count; t += B3_PANEL_INNER) {
        const uint64_t size = count - t < B3_PANEL_INNER ? count - t : B3_PANEL_INNER;
        for (uint64_t j = 0; j < symbols; j += loops->width) {
            const uint64_t used = symbols - j < loops->width ? symbols - j : loops->width;
            pack(panel + j * count + t, count, means + j, used, loops->width, size, packed);
            loops->panel(panel + j * count + t, count, means + j, symbols - j, packed, size, out + j * symbols + j, symbols, used);
        }
    }
    const double divisor = count > ddof ? (double)(count - ddof) : NAN;
    for (uint64_t i = 0; i < symbols; ++i)
        for (uint64_t j = 0; j <= i; ++j) out[j * symbols + i] = out[i * symbols + j] /= divisor;
}

void b3_matrix_correlation(double *covariance, uint64_t symbols, double *deviations) {
    for (uint64_t i = 0; i < symbols; ++i) deviations[i] = sqrt(covariance[i * symbols + i]);
    for (uint64_t i = 0; i < symbols; ++i) {
        for (uint64_t j = 0; j < i; ++j) {
            const double r = covariance[i * symbols + j] / deviations[i] / deviations[j];
            covariance[j * symbols + i] = covariance[i * symbols + j] = r > 1.0 ? 1.0 : r < -1.0 ? -1.0 : r;
        }
        covariance[i * symbols + i] = deviations[i] > 0.0 ? 1.0 : NAN;
    }
}
