/* Two doubles of one register. */
#ifndef B3_MATH_TWO_LANES_H
#define B3_MATH_TWO_LANES_H

#include <stdint.h>
#include <string.h>

typedef double b3_lanes __attribute__((vector_size(16)));
typedef int64_t b3_lane_bits __attribute__((vector_size(16)));

static inline b3_lanes b3_lanes_load(const double *x) {
    b3_lanes both;
    memcpy(&both, x, sizeof both);
    return both;
}

/* x[1] and x[0]. Inputs were stored one by one a moment ago: a load of both at once, which compilers make of the other order, would wait
 * for both stores to leave the core. */
static inline b3_lanes b3_lanes_swapped(const double *x) {
    return (b3_lanes){x[1], x[0]};
}

static inline void b3_lanes_store(double *x, b3_lanes both) {
    memcpy(x, &both, sizeof both);
}

static inline b3_lanes b3_lanes_pick(b3_lane_bits bits, b3_lanes yes, b3_lanes no) {
    return (b3_lanes)(((b3_lane_bits)yes & bits) | ((b3_lane_bits)no & ~bits));
}

/* x where the bits are set, 0 elsewhere. */
static inline b3_lanes b3_lanes_where(b3_lane_bits bits, b3_lanes x) {
    return (b3_lanes)((b3_lane_bits)x & bits);
}

/* As b3_larger, lane by lane: one instruction where compilers would make four. */
static inline b3_lanes b3_lanes_larger(b3_lanes a, b3_lanes b) {
#if defined(__SSE2__)
    return __builtin_ia32_maxpd(a, b);
#else
    return b3_lanes_pick(a > b, a, b);
#endif
}

static inline b3_lanes b3_lanes_exchanged(b3_lanes x) {
    return __builtin_shufflevector(x, x, 1, 0);
}

static inline b3_lanes b3_lanes_abs(b3_lanes x) {
    return (b3_lanes)((b3_lane_bits)x & INT64_MAX);
}

#endif
