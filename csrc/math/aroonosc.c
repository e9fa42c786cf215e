#include "kernel.h"
#include "range_position.h"

static double range_period(const b3_range_window *range) {
    return ((const b3_window_max *)(const void *)range->data)->period;
}

static uint32_t lookback(const double *params) {
    return (uint32_t)params[0];
}

static size_t size(const double *params) {
    return b3_range_window_size((uint32_t)params[0] + 1);
}

static void init(void *stream, const double *params) {
    b3_range_window_init(stream, (uint32_t)params[0] + 1);
}

static void update(void *stream, const double *in, double *out) {
    const b3_range range = b3_range_window_push(stream, in[0], in[1]);
    const double scale = 100.0 / (range_period(stream) - 1.0);
    out[0] = scale * (range.lowest_age - range.highest_age);
}

static const b3_param PARAMS[] = {B3_BARS("timeperiod", 14, 1, "bars back")};

const b3_indicator b3_indicator_aroonosc = {
    .name = "aroonosc",
    .text = "Aroon oscillator",
    .formula = "aroonup - aroondown",
    .start = "of equal extremes the newest counts",
    .source = "T. S. Chande, The Time Price Oscillator, Stocks & Commodities 13:9, 1995",
    .inputs = "high low",
    .outputs = "aroonosc",
    .params = PARAMS,
    .input_count = 2,
    .output_count = 1,
    .param_count = B3_COUNT(PARAMS),
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
};
