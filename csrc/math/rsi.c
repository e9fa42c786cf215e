#include "kernel.h"
#include "strength.h"

static uint32_t lookback(const double *params) {
    return (uint32_t)params[0];
}

static size_t size(const double *params) {
    (void)params;
    return sizeof(b3_strength);
}

static void init(void *stream, const double *params) {
    b3_strength *s = stream;
    b3_strength_init(s, (uint32_t)params[0], (int)params[1]);
    if (params[2] == 0.0) return;
    b3_smooth_plain(&s->gain, (uint32_t)params[0]);
    b3_smooth_plain(&s->change, (uint32_t)params[0]);
}

static void update(void *stream, const double *in, double *out) {
    out[0] = b3_rsi_push(stream, in[0]);
}

B3_RUN(b3_strength, 1, 1)

static const b3_param PARAMS[] = {B3_BARS("timeperiod", 14, 2, "Wilder's period: the gain is 1 / timeperiod"), B3_SEED_PARAM,
                                  B3_SMOOTHING_PARAM};

const b3_indicator b3_indicator_rsi = {
    .name = "rsi",
    .text = "Relative strength index (Wilder)",
    .formula = "100 * wilder(max(change, 0)) / wilder(|change|), change = real[i] - real[i-1]",
    .start = "averages start as the mean of the first timeperiod changes; 0 where nothing ever changed (TA-Lib)",
    .source = "J. W. Wilder, New Concepts in Technical Trading Systems, 1978",
    .inputs = "real",
    .outputs = "rsi",
    .params = PARAMS,
    .input_count = 1,
    .output_count = 1,
    .param_count = B3_COUNT(PARAMS),
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
    .run = run,
};
