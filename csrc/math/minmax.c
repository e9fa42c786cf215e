#include "kernel.h"
#include "range_position.h"

static uint32_t lookback(const double *params) {
    return (uint32_t)params[0] - 1;
}

static size_t size(const double *params) {
    return b3_range_window_size((uint32_t)params[0]);
}

static void init(void *stream, const double *params) {
    b3_range_window_init(stream, (uint32_t)params[0]);
}

static void update(void *stream, const double *in, double *out) {
    const b3_range range = b3_range_window_push(stream, in[0], in[0]);
    out[0] = range.lowest;
    out[1] = range.highest;
}

static const b3_param PARAMS[] = {B3_BARS("timeperiod", 30, 1, "length of the window")};

const b3_indicator b3_indicator_minmax = {
    .name = "minmax",
    .text = "Lowest and highest value over a window",
    .formula = "min(real, timeperiod), max(real, timeperiod)",
    .start = "-",
    .source = "by definition",
    .inputs = "real",
    .outputs = "min max",
    .params = PARAMS,
    .input_count = 1,
    .output_count = 2,
    .param_count = B3_COUNT(PARAMS),
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
};
