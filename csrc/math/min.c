#include "kernel.h"
#include "window_max.h"

static uint32_t lookback(const double *params) {
    return (uint32_t)params[0] - 1;
}

static size_t size(const double *params) {
    return b3_window_max_size((uint32_t)params[0]);
}

static void init(void *stream, const double *params) {
    b3_window_max_init(stream, (uint32_t)params[0]);
}

static void update(void *stream, const double *in, double *out) {
    out[0] = -b3_window_max_push(stream, -in[0]);
}

static const b3_param PARAMS[] = {B3_BARS("timeperiod", 30, 1, "length of the window")};

const b3_indicator b3_indicator_min = {
    .name = "min",
    .text = "Lowest value over a window",
    .formula = "min(real, timeperiod)",
    .start = "-",
    .source = "by definition",
    .inputs = "real",
    .outputs = "min",
    .params = PARAMS,
    .input_count = 1,
    .output_count = 1,
    .param_count = B3_COUNT(PARAMS),
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
};
