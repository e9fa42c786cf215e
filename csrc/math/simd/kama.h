/* The vector run of kama, whose gain is another one for each sample: steps y[i] = keep[i] * y[i-1] + add[i] are joined to longer ones. */
#ifndef B3_MATH_SIMD_KAMA_H
#define B3_MATH_SIMD_KAMA_H

#include "doubling.h"
#include "recursion.h"

#include "math/kama.h"

/* y[i] = keep[i] * y[i-1] + add[i], for runs of samples: what comes of the sample before the run. */
typedef struct kama_step {
    wide keep;
    wide add;
} kama_step;

/* Runs of `width` become runs twice as long. */
B3_SPECIALISED kama_step step_joined(kama_step s, int width) {
    const wide add = wide_fma(s.keep, wide_later(s.add, wide_of(0.0), width), s.add);
    return (kama_step){s.keep * wide_later(s.keep, wide_of(1.0), width), add};
}

/* Each register goes through the stages of kama in four rounds, so that none waits for the one before. */
typedef struct adapting {
    const double *x; /* of the chunk */
    const double *oldest;
    double *y;
    size_t size;
    wide path;      /* of the register before */
    kama_step one;  /* of the one before that */
    kama_step four; /* and before that */
    wide carry;
} adapting;

B3_SPECIALISED void adapt(adapting *a, wide path, size_t at) {
    if (at >= 3 * WIDE_LANES) {
#if WIDE_LANES == 8
        const kama_step s = step_joined(a->four, 4);
#else
        const kama_step s = a->four;
#endif
        wide_put(a->y + at - 3 * WIDE_LANES, wide_fma(s.keep, a->carry, s.add), WIDE_LANES);
        a->carry = wide_fma(wide_last(s.keep), a->carry, wide_last(s.add));
    }
    a->four = step_joined(step_joined(a->one, 1), 2);
    if (at >= WIDE_LANES && at <= a->size) {
        const wide now = wide_load(a->x + at - WIDE_LANES);
        const wide way = wide_abs(now - wide_load(a->oldest + at - WIDE_LANES));
        const wide efficiency = wide_pick(WIDE_IS(a->path, ABOVE, way), way / a->path, wide_of(1.0));
        const wide speed = wide_fma(efficiency, wide_of(2.0 / 3.0 - 2.0 / 31.0), wide_of(2.0 / 31.0));
        const wide gain = speed * speed;
        a->one = (kama_step){wide_of(1.0) - gain, gain * now};
    }
    a->path = path;
}

B3_SPECIALISED void finish_kama(void *context, part path, size_t at, size_t left) {
    (void)left;
    adapt(context, path.of[0], at);
}

/* size: a multiple of eight. 0: the samples are not all finite, and nothing changed but y. */
B3_ONE_COPY int kama_chunk(double *value, uint32_t period, const double *x, double *y, size_t size) {
    const double *oldest = x - period;
    const source from = {.x = oldest + 1, .y = oldest};
    adapting a = {.x = x, .oldest = oldest, .y = y, .size = size, .carry = wide_of(*value)};
    each_window(CHANGES, &from, period, (uint32_t)size, finish_kama, &a);
    for (size_t at = size; at < size + 3 * WIDE_LANES; at += WIDE_LANES) adapt(&a, a.path, at); /* what is still on its way */
    double end[WIDE_LANES];
    wide_store(end, a.carry);
    if (!isfinite(end[0])) return 0;
    *value = end[0];
    return 1;
}

/* The stream's windows as if it had seen the samples before `at` one by one; its value stays. */
static void kama_catch_up(b3_adaptive *a, const double *params, const double *const *in, size_t at) {
    const double value = a->value;
    double y;
    b3_indicator_kama.init(a, params);
    for (size_t i = at - (size_t)params[0] - 1; i < at; ++i) b3_indicator_kama.update(a, in[0] + i, &y);
    a->value = value;
}

static void run_kama(RECURSIVE_ARGS) {
    b3_adaptive *a = stream;
    const uint32_t period = (uint32_t)params[0];
    int behind = 0; /* the stream's windows are older than its value */
    for (uint64_t at = 0, size; at < count; at += size) {
        const uint64_t left = count - at;
        size = left < 8 ? left : 8;
        if (left >= 8 && at > period && period <= B3_RUN_LOOKBACK_MAX && a->seen > (uint64_t)period + 1) {
            size = left < CHUNK_OF(period) ? left & ~(uint64_t)7 : CHUNK_OF(period);
            if (kama_chunk(&a->value, period, in[0] + at, out[0] + at, size)) {
                behind = 1;
                continue;
            }
        }
        if (behind) kama_catch_up(a, params, in, at);
        behind = 0;
        b3_run_updates(&b3_indicator_kama, stream, in, out, at, at + size);
    }
    if (behind) kama_catch_up(a, params, in, count);
}

#endif
