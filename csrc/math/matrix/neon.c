#include <arm_neon.h>

#define LANES 2
#define VECTORS 4
#define ROWS 4
typedef float64x2_t lanes;

static inline lanes fused(lanes a, lanes b, lanes c) {
    return vfmaq_f64(c, a, b);
}

#include "lanes.h"

const b3_matrix_loops b3_matrix_neon = {.width = WIDTH, .dot = dot, .rows_dot = rows_dot, .panel = panel, .rank_update = rank_update};
