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
    out[0] = (range.highest + range.lowest) * 0.5;
}

static const b3_param PARAMS[] = {B3_BARS("timeperiod", 14, 1, "length of the window")};

const b3_indicator b3_indicator_midpoint = {
    .name = "midpoint",
    .text = "Middle between the highest and the lowest value of a window",
    .formula = "(max(real, timeperiod) + min(real, timeperiod)) / 2",
    .start = "-",
    .source = "by definition",
    .inputs = "real",
    .outputs = "midpoint",
    .params = PARAMS,
    .input_count = 1,
    .output_count = 1,
    .param_count = B3_COUNT(PARAMS),
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
};
