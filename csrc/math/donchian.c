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
    out[0] = range.highest;
    out[1] = (range.highest + range.lowest) * 0.5;
    out[2] = range.lowest;
}

static const b3_param PARAMS[] = {B3_BARS("timeperiod", 20, 1, "length of the window")};

const b3_indicator b3_indicator_donchian = {
    .name = "donchian",
    .text = "Donchian channel",
    .formula = "upper = max(high, timeperiod); lower = min(low, timeperiod); middle = (upper + lower) / 2",
    .start = "the bar now belongs to the window",
    .source = "R. D. Donchian, High Finance in Copper, Financial Analysts Journal 16:6, 1960",
    .inputs = "high low",
    .outputs = "upperband middleband lowerband",
    .params = PARAMS,
    .input_count = 2,
    .output_count = 3,
    .param_count = B3_COUNT(PARAMS),
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
};
