#include "kernel.h"
#include "line.h"

static uint32_t lookback(const double *params) {
    return (uint32_t)params[0] - 1;
}

static size_t size(const double *params) {
    return b3_window_trend_size((uint32_t)params[0]);
}

static void init(void *stream, const double *params) {
    b3_line_init(stream, (uint32_t)params[0]);
}

static void update(void *stream, const double *in, double *out) {
    const b3_line line = b3_line_push(stream, in[0]);
    out[0] = line.newest + line.slope;
}

static const b3_param PARAMS[] = {B3_BARS("timeperiod", 14, 2, "length of the window")};

const b3_indicator b3_indicator_tsf = {
    .name = "tsf",
    .text = "Time series forecast: the least-squares line, one sample ahead",
    .formula = "a + b * timeperiod",
    .start = "-",
    .source = "least squares; T. S. Chande, S. Kroll, The New Technical Trader, 1994",
    .inputs = "real",
    .outputs = "tsf",
    .params = PARAMS,
    .input_count = 1,
    .output_count = 1,
    .param_count = B3_COUNT(PARAMS),
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
};
