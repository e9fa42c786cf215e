#include "extreme_age.h"
#include "kernel.h"

static uint32_t lookback(const double *params) {
    return (uint32_t)params[0];
}

static size_t size(const double *params) {
    return b3_extreme_window_size((uint32_t)params[0] + 1);
}

static void init(void *stream, const double *params) {
    b3_extreme_window_init(stream, (uint32_t)params[0] + 1, 100.0 / params[0]);
}

static void update(void *stream, const double *in, double *out) {
    b3_extreme_window *window = stream;
    const b3_lanes ages = b3_extreme_window_push(window, in[0], in[1]);
    out[0] = window->scale[0] * (ages[0] - ages[1]);
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
