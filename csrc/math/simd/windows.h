/* What the vector runs of kernels whose outputs depend on a window alone have in common. */
#ifndef B3_MATH_SIMD_WINDOWS_H
#define B3_MATH_SIMD_WINDOWS_H

#include "doubling.h"
#include "math/kernel.h"

#define WINDOW_ARGS const double *params, const double *const *in, double *const *out, uint64_t from, uint64_t count
#define EACH_CHUNK(at, size, period)                                                                                                       \
    for (uint64_t at = from, size, most = CHUNK_OF(period); at < count && (size = count - at < most ? count - at : most, 1); at += size)
/* The same of an array that holds `count` windows, more than a chunk. */
#define EACH_PART(done, size, count, period)                                                                                               \
    for (uint32_t done = 0, size, part_most = CHUNK_OF(period);                                                                            \
         done < (count) && (size = (count) - done < part_most ? (count) - done : part_most, 1); done += size)

/* First sample of the window that ends at `at`. */
static inline const double *window_at(const double *x, uint64_t at, uint32_t period) {
    return x + at + 1 - period;
}

B3_SPECIALISED wide ratio_or_zero(wide above, wide below) {
    const wide zero = wide_of(0.0);
    return wide_pick(WIDE_IS(below, EQUAL_TO, zero), zero, above / below);
}

#endif
