#include "kernel.h"
#include "window_two.h"

static uint32_t lookback(const double *params) {
    return (uint32_t)params[0] - 1;
}

static size_t size(const double *params) {
    return b3_window_two_size((uint32_t)params[0]);
}

static void init(void *stream, const double *params) {
    b3_window_two_init(stream, (uint32_t)params[0]);
}

static void update(void *stream, const double *in, double *out) {
    const b3_lanes sums = b3_window_two_push(stream, (b3_lanes){in[0] * in[1], in[1]});
    out[0] = sums[0] / sums[1];
}

static const b3_param PARAMS[] = {B3_BARS("timeperiod", 30, 1, "length of the window")};

const b3_indicator b3_indicator_vwma = {
    .name = "vwma",
    .text = "Volume-weighted moving average",
    .formula = "sum(real * volume, timeperiod) / sum(volume, timeperiod)",
    .start = "NaN where the window holds no volume",
    .source = "B. Dormeier, Buff Up Your Moving Averages, Stocks & Commodities 19:2, 2001",
    .inputs = "real volume",
    .outputs = "vwma",
    .params = PARAMS,
    .input_count = 2,
    .output_count = 1,
    .param_count = B3_COUNT(PARAMS),
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
};
