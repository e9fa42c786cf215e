/* NEON's part of wide.h. */
#ifndef B3_MATH_SIMD_NEON_H
#define B3_MATH_SIMD_NEON_H

#include <arm_neon.h>
#include <stddef.h>

#define WIDE_LANES 2
typedef float64x2_t wide;
typedef uint64x2_t wide_mask;

static inline wide wide_load_first(const double *x, size_t count) {
    if (count >= WIDE_LANES) return vld1q_f64(x);
    return vsetq_lane_f64(count != 0 ? x[0] : 0.0, vdupq_n_f64(0.0), 0);
}

static inline wide wide_load_from(const double *x, size_t skip) {
    if (skip == 0) return vld1q_f64(x);
    return vsetq_lane_f64(skip == 1 ? x[1] : 0.0, vdupq_n_f64(0.0), 1);
}

static inline void wide_store_first(double *x, wide v, size_t count) {
    if (count >= WIDE_LANES) vst1q_f64(x, v);
    else if (count != 0) vst1q_lane_f64(x, v, 0);
}

static inline wide wide_fma(wide a, wide b, wide c) {
    return vfmaq_f64(c, a, b);
}

static inline __attribute__((always_inline)) wide wide_later(wide now, wide before, int k) {
    return k == 1 ? vextq_f64(before, now, 1) : before;
}

static inline wide wide_reversed(wide v) {
    return vextq_f64(v, v, 1);
}

static inline wide wide_last(wide v) {
    return vdupq_laneq_f64(v, 1);
}

/* FMAX and FMIN would order the zeros, and give a NaN whichever side has it. */
static inline wide wide_max(wide newer, wide older) {
    return vbslq_f64(vcgtq_f64(older, newer), older, newer);
}

static inline wide wide_min(wide newer, wide older) {
    return vbslq_f64(vcltq_f64(older, newer), older, newer);
}

static inline wide wide_quotient(wide a, wide b) {
    return a / b;
}

static inline wide wide_sqrt(wide v) {
    return vsqrtq_f64(v);
}

static inline wide wide_abs(wide v) {
    return vabsq_f64(v);
}

static inline wide_mask wide_unordered(wide a, wide b) {
    return ~(vceqq_f64(a, a) & vceqq_f64(b, b));
}

#define WIDE_EQUAL_TO(a, b) vceqq_f64(a, b)
#define WIDE_ABOVE(a, b) vcgtq_f64(a, b)
#define WIDE_BELOW(a, b) vcltq_f64(a, b)
#define WIDE_AT_MOST(a, b) vcleq_f64(a, b)
#define WIDE_NOT_AT_LEAST(a, b) (~vcgeq_f64(a, b))
#define WIDE_UNORDERED_WITH(a, b) wide_unordered(a, b)
#define WIDE_IS(a, relation, b) WIDE_##relation(a, b)

static inline wide wide_pick(wide_mask yes, wide then, wide otherwise) {
    return vbslq_f64(yes, then, otherwise);
}

static inline wide_mask wide_either(wide_mask a, wide_mask b) {
    return a | b;
}

static inline wide_mask wide_both(wide_mask a, wide_mask b) {
    return a & b;
}

static inline int wide_any(wide_mask mask) {
    return vmaxvq_u32(vreinterpretq_u32_u64(mask)) != 0;
}

static inline int wide_all(wide_mask mask) {
    return vminvq_u32(vreinterpretq_u32_u64(mask)) != 0;
}

static inline __attribute__((always_inline)) void wide_transpose(wide r[WIDE_LANES]) {
    const wide first = vzip1q_f64(r[0], r[1]);
    r[1] = vzip2q_f64(r[0], r[1]);
    r[0] = first;
}

#endif
