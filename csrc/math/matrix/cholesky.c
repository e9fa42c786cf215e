/* Cholesky's factor and the systems that it solves (Golub, Van Loan, "Matrix Computations", 4.2), column by column: a column is one matrix
 * times vector over the rows below it. */
#include <math.h>

#include "matrix.h"

int32_t b3_matrix_cholesky_blocking(double *a, uint64_t n, b3_error *error) {
    const b3_matrix_loops *loops = b3_matrix_loops_in_use();
    double products[B3_PANEL_INNER];
    for (uint64_t j = 0; j < n; ++j) {
        double *row = a + j * n;
        const double pivot = row[j] - loops->dot(row, row, j);
        if (!(pivot > 0.0 && pivot < INFINITY)) {
            *error =
                (b3_error){.status = B3_ERR_ARGUMENT, .position = j, .what = "a matrix is not positive definite: the pivot is not above 0"};
            return B3_ERR_ARGUMENT;
        }
        row[j] = sqrt(pivot);
        for (uint64_t i = j + 1; i < n; i += B3_PANEL_INNER) {
            const uint64_t size = n - i < B3_PANEL_INNER ? n - i : B3_PANEL_INNER;
            loops->rows_dot(a + i * n, n, size, row, j, products, 1);
            for (uint64_t k = 0; k < size; ++k) a[(i + k) * n + j] = (a[(i + k) * n + j] - products[k]) / row[j];
        }
        for (uint64_t k = j + 1; k < n; ++k) row[k] = 0.0;
    }
    return B3_OK;
}

static void solve(const b3_matrix_loops *loops, const double *factor, uint64_t n, double *x) {
    for (uint64_t i = 0; i < n; ++i) x[i] = (x[i] - loops->dot(factor + i * n, x, i)) / factor[i * n + i];
    for (uint64_t i = n; i-- > 0;) {
        const double *row = factor + i * n;
        x[i] /= row[i];
        for (uint64_t k = 0; k < i; ++k) x[k] -= x[i] * row[k];
    }
}

static int is_factor_row(const double *row, uint64_t i, uint64_t n) {
    int whole = row[i] > 0.0 && row[i] < INFINITY;
    for (uint64_t k = i + 1; k < n; ++k) whole &= row[k] == 0.0;
    return whole;
}

int32_t b3_matrix_cholesky_solve_blocking(const double *factor, uint64_t n, double *x, uint64_t systems, b3_error *error) {
    const b3_matrix_loops *loops = b3_matrix_loops_in_use();
    for (uint64_t i = 0; i < n; ++i) {
        if (is_factor_row(factor + i * n, i, n)) continue;
        *error = (b3_error){.status = B3_ERR_ARGUMENT, .position = i, .what = "a matrix is no lower factor with a diagonal above 0"};
        return B3_ERR_ARGUMENT;
    }
    for (uint64_t s = 0; s < systems; ++s) solve(loops, factor, n, x + s * n);
    return B3_OK;
}
