#include <immintrin.h>

#define LANES 4
#define VECTORS 2
#define ROWS 4
typedef __m256d lanes;

static inline lanes fused(lanes a, lanes b, lanes c) {
    return _mm256_fmadd_pd(a, b, c);
}

#include "lanes.h"

const b3_matrix_loops b3_matrix_avx2 = {.width = WIDTH, .dot = dot, .rows_dot = rows_dot, .panel = panel, .rank_update = rank_update};
