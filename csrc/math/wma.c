#include "kernel.h"
#include "window_weighted.h"

static uint32_t lookback(const double *params) {
    return (uint32_t)params[0] - 1;
}

static size_t size(const double *params) {
    return b3_window_weighted_size((uint32_t)params[0]);
}

static void init(void *stream, const double *params) {
    b3_window_weighted_init(stream, (uint32_t)params[0]);
}

static void update(void *stream, const double *in, double *out) {
    out[0] = b3_window_weighted_push(stream, in[0]);
}

static const b3_param PARAMS[] = {B3_BARS("timeperiod", 30, 1, "length of the window")};

const b3_indicator b3_indicator_wma = {
    .name = "wma",
    .text = "Weighted moving average, weights 1 (oldest) to timeperiod (newest)",
    .formula = "sum(w * real, w = 1..timeperiod) / (timeperiod * (timeperiod + 1) / 2)",
    .start = "-",
    .source = "J. J. Murphy, Technical Analysis of the Financial Markets, 1999, ch. 9",
    .inputs = "real",
    .outputs = "wma",
    .params = PARAMS,
    .input_count = 1,
    .output_count = 1,
    .param_count = B3_COUNT(PARAMS),
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
};
