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
    const b3_range range = b3_range_window_push(stream, in[0], in[1]);
    const double width = range.highest - range.lowest;
    out[0] = width == 0.0 ? 0.0 : -100.0 * (range.highest - in[2]) / width;
}

static const b3_param PARAMS[] = {B3_BARS("timeperiod", 14, 1, "length of the window")};

const b3_indicator b3_indicator_willr = {
    .name = "willr",
    .text = "Williams' %R",
    .formula = "-100 * (max(high) - close) / (max(high) - min(low)) over timeperiod",
    .start = "0 where the range is empty (TA-Lib)",
    .source = "L. R. Williams, How I Made One Million Dollars Last Year Trading Commodities, 1973",
    .inputs = "high low close",
    .outputs = "willr",
    .params = PARAMS,
    .input_count = 3,
    .output_count = 1,
    .param_count = B3_COUNT(PARAMS),
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
};
