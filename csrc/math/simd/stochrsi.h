/* Vector run of stochrsi: chunks of the recursive index, then windows of it. */
#ifndef B3_MATH_SIMD_STOCHRSI_H
#define B3_MATH_SIMD_STOCHRSI_H

#include "extremes.h"
#include "math/stochrsi.h"
#include "recursive.h"

static void run_stochrsi(RECURSIVE_ARGS) {
    b3_stochrsi *s = stream;
    const uint32_t period = (uint32_t)params[1];
    const uint32_t average_period = (uint32_t)params[2];
    const size_t before = (size_t)period + average_period - 2; /* indices that the windows of one output hold beside the newest */
    if (before > B3_RUN_LOOKBACK_MAX || count < 3 * before + 8) {
        b3_run_updates(&b3_indicator_stochrsi, stream, in, out, 0, count);
        return;
    }
    double index[WINDOW_ROOM]; /* `before` of them, then a chunk */
    double k[WINDOW_ROOM];
    b3_strength rsi = s->rsi;
    run_rsi(params, &rsi, in, (double *[]){index}, before);
    b3_run_updates(&b3_indicator_stochrsi, stream, in, out, 0, before);
    for (uint64_t at = before, size; at < count; at += size) {
        size = count - at < CHUNK_OF(before) ? count - at : CHUNK_OF(before);
        run_rsi(params, &rsi, (const double *[]){in[0] + at}, (double *[]){index + before}, size);
        fast_stochastic((const double *[]){index, index, index}, period, average_period, before, (uint32_t)size, B3_STOCHRSI_EMPTY, k,
                        out[0] + at, out[1] + at);
        memmove(index, index + size, before * sizeof *index);
    }
    s->rsi = rsi;
    b3_stochrsi_restart(s, period, average_period);
    for (size_t i = 0; i < before; ++i) b3_stochrsi_push(s, index[i], (double[2]){0});
}

#endif
