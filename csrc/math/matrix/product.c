/* Dot product, matrix times vector, matrix times matrix; and which loops they use. */
#include <string.h>

#include "base/cpu.h"
#include "matrix.h"

const b3_matrix_loops *b3_matrix_loops_in_use(void) {
    const int32_t isa = b3_cpu_isa();
#if defined(__x86_64__)
    if (isa == B3_ISA_AVX512) return &b3_matrix_avx512;
    if (isa == B3_ISA_AVX2) return &b3_matrix_avx2;
#elif defined(__aarch64__)
    if (isa == B3_ISA_NEON) return &b3_matrix_neon;
#endif
    (void)isa;
    return &b3_matrix_scalar;
}

double b3_matrix_dot(const double *x, const double *y, uint64_t count) {
    return b3_matrix_loops_in_use()->dot(x, y, count);
}

void b3_matrix_gemv_blocking(const double *a, uint64_t rows, uint64_t columns, const double *x, double *out) {
    b3_matrix_loops_in_use()->rows_dot(a, columns, rows, x, columns, out, 1);
}

void b3_matrix_gemm_blocking(const double *a, const double *b, uint64_t rows, uint64_t inner, uint64_t columns, double *out) {
    const b3_matrix_loops *loops = b3_matrix_loops_in_use();
    double packed[B3_PANEL_INNER * B3_PANEL_WIDTH];
    memset(out, 0, rows * columns * sizeof *out);
    for (uint64_t j = 0; j < columns; j += loops->width) {
        const uint64_t used = columns - j < loops->width ? columns - j : loops->width;
        for (uint64_t t = 0; t < inner; t += B3_PANEL_INNER) {
            const uint64_t size = inner - t < B3_PANEL_INNER ? inner - t : B3_PANEL_INNER;
            for (uint64_t i = 0; i < size; ++i) {
                memcpy(packed + i * B3_PANEL_WIDTH, b + (t + i) * columns + j, used * sizeof *b);
                memset(packed + i * B3_PANEL_WIDTH + used, 0, (loops->width - used) * sizeof *b);
            }
            loops->panel(a + t, inner, NULL, rows, packed, size, out + j, columns, used);
        }
    }
}
