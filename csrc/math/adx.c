#include "adx.h"
#include "kernel.h"

static uint32_t lookback(const double *params) {
    return 2 * (uint32_t)params[0] - 1;
}

static size_t size(const double *params) {
    (void)params;
    return sizeof(b3_adx);
}

static void init(void *stream, const double *params) {
    b3_adx_init(stream, (uint32_t)params[0], params[1] != 0.0);
}

static void update(void *stream, const double *in, double *out) {
    out[0] = b3_adx_push(stream, in[0], in[1], in[2]);
}

B3_RUN(b3_adx, 3, 1)

static const b3_param PARAMS[] = {B3_BARS("timeperiod", 14, 2, "Wilder's period"), B3_SMOOTHING_PARAM};

const b3_indicator b3_indicator_adx = {
    .name = "adx",
    .text = "Average directional movement index (Wilder)",
    .formula = "wilder(100 * |plus_di - minus_di| / (plus_di + minus_di))",
    .start = "mean of the first timeperiod values; bars where nothing moved count 0 in it, and leave it as it is later (TA-Lib)",
    .source = "J. W. Wilder, New Concepts in Technical Trading Systems, 1978",
    .inputs = "high low close",
    .outputs = "adx",
    .params = PARAMS,
    .input_count = 3,
    .output_count = 1,
    .param_count = B3_COUNT(PARAMS),
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
    .run = run,
};
