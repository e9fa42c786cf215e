/* The vector loops of the machine that this is compiled for beside the scalar reference: exit code 0 where they agree to rounding. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/cpu.h"
#include "math/matrix/matrix.h"

#define SIZE 37
#define INNER 91

static double a[SIZE * INNER];
static double packed[INNER * B3_PANEL_WIDTH];
static double x[INNER];

static double made(void) {
    static uint64_t state = 88172645463325252U;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (double)(state >> 11) * 0x1p-52 - 1.0;
}

static void fill(double *to, uint64_t count) {
    for (uint64_t i = 0; i < count; i++) to[i] = made();
}

static void same(const double *got, const double *want, uint64_t count, const char *what) {
    for (uint64_t i = 0; i < count; i++) {
        if (fabs(got[i] - want[i]) <= 1e-13 * INNER) continue;
        printf("%s: %.17g at %d, the reference gives %.17g\n", what, got[i], (int)i, want[i]);
        exit(1);
    }
}

static void compare(const b3_matrix_loops *loops) {
    const b3_matrix_loops *reference = &b3_matrix_scalar;
    double got[SIZE * SIZE], want[SIZE * SIZE], centre[SIZE];
    fill(a, SIZE * INNER);
    fill(packed, INNER * B3_PANEL_WIDTH);
    fill(x, INNER);
    fill(centre, SIZE);
    for (uint64_t count = 0; count <= INNER; count++) {
        got[0] = loops->dot(a, x, count);
        want[0] = reference->dot(a, x, count);
        same(got, want, 1, "dot");
        loops->rows_dot(a, INNER, SIZE, x, count, got, 1);
        reference->rows_dot(a, INNER, SIZE, x, count, want, 1);
        same(got, want, SIZE, "rows_dot");
    }
    for (uint64_t rows = 0; rows <= SIZE; rows++)
        for (uint64_t used = 1; used <= loops->width; used++)
            for (int centred = 0; centred < 2; centred++) {
                for (int i = 0; i < SIZE * SIZE; i++) got[i] = want[i] = 1.0;
                loops->panel(a, INNER, centred ? centre : NULL, rows, packed, INNER, got, SIZE, used);
                reference->panel(a, INNER, centred ? centre : NULL, rows, packed, INNER, want, SIZE, used);
                same(got, want, SIZE * SIZE, "panel");
            }
    for (uint64_t count = 0; count <= INNER; count++) {
        for (int i = 0; i < INNER; i++) got[i] = want[i] = 0.5;
        loops->rank_update(got, count, 0.94, x, a, INNER);
        reference->rank_update(want, count, 0.94, x, a, INNER);
        same(got, want, INNER, "rank_update");
    }
}

int main(void) {
    compare(b3_matrix_loops_in_use());
    printf("%s\n", b3_cpu_isa_name(b3_cpu_isa()));
    return 0;
}
