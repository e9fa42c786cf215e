/* The four loops that all matrix calls are made of, one implementation an instruction set; the calls themselves are in bot3.h.
 *
 * A product is built from panels: `width` columns of the right factor, copied ("packed") into the stack so that the inner loop reads one
 * short contiguous array, zeros where the matrix ends:
 *
 *      right factor      packed[inner][width]         left factor, 4 rows at a time
 *      . . a a a . .     a a a                        x x x x x x x x
 *      . . b b b . .     b b b                        x ...
 *
 * The instruction sets add in different orders: results differ by rounding, at most a few units in the last place of the sum of |terms|.
 */
#ifndef B3_MATH_MATRIX_MATRIX_H
#define B3_MATH_MATRIX_MATRIX_H

#include "bot3.h"

/* Rows of a packed panel, and its widest: 32 KiB of stack. */
#define B3_PANEL_INNER 256
#define B3_PANEL_WIDTH 16

/* Samples that one pass of rank_update takes in. */
#define B3_RANK 8

typedef struct b3_matrix_loops {
    uint64_t width; /* of a panel; at most B3_PANEL_WIDTH */
    double (*dot)(const double *x, const double *y, uint64_t count);
    /* out[i * out_stride] = row i of a . x */
    void (*rows_dot)(const double *a, uint64_t stride, uint64_t rows, const double *x, uint64_t count, double *out, uint64_t out_stride);
    /* c[i][0 .. used) += sum over t of (a[i][t] - centre[i]) * packed[t][.]; centre NULL: 0. inner <= B3_PANEL_INNER. */
    void (*panel)(const double *a, uint64_t a_stride, const double *centre, uint64_t rows, const double *packed, uint64_t inner, double *c,
                  uint64_t c_stride, uint64_t used);
    /* row[j] = keep * row[j] + sum over k < B3_RANK of weight[k] * d[k][j]; d: B3_RANK rows, stride apart. */
    void (*rank_update)(double *row, uint64_t count, double keep, const double *weight, const double *d, uint64_t stride);
} b3_matrix_loops;

extern const b3_matrix_loops b3_matrix_scalar;
extern const b3_matrix_loops b3_matrix_avx2;
extern const b3_matrix_loops b3_matrix_avx512;
extern const b3_matrix_loops b3_matrix_neon;

/* Those of the instruction set in use. */
const b3_matrix_loops *b3_matrix_loops_in_use(void);

#endif
