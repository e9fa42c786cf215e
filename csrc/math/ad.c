#include "kernel.h"
#include "location.h"
#include "running_sum.h"

static uint32_t lookback(const double *params) {
    (void)params;
    return 0;
}

static size_t size(const double *params) {
    (void)params;
    return sizeof(b3_running_sum);
}

static void init(void *stream, const double *params) {
    (void)params;
    *(b3_running_sum *)stream = (b3_running_sum){0};
}

static void update(void *stream, const double *in, double *out) {
    const double flow = b3_location(in[0], in[1], in[2]) * in[3];
    out[0] = isfinite(flow) ? b3_running_sum_push(stream, flow) : NAN;
}

B3_RUN(b3_running_sum, 4, 1)

const b3_indicator b3_indicator_ad = {
    .name = "ad",
    .text = "Chaikin accumulation/distribution line",
    .formula = "y[i] = y[i-1] + volume * ((close - low) - (high - close)) / (high - low)",
    .start = "y[-1] = 0. A NaN or infinite bar gives NaN and is left out; a bar with high = low adds 0",
    .source = "M. Chaikin; S. B. Achelis, Technical Analysis from A to Z, 1995",
    .inputs = "high low close volume",
    .outputs = "ad",
    .params = NULL,
    .input_count = 4,
    .output_count = 1,
    .param_count = 0,
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
    .run = run,
};
