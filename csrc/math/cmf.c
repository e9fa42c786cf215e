#include "kernel.h"
#include "location.h"
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
    const b3_lanes sums = b3_window_two_push(stream, (b3_lanes){b3_location(in[0], in[1], in[2]) * in[3], in[3]});
    out[0] = sums[0] / sums[1];
}

static const b3_param PARAMS[] = {B3_BARS("timeperiod", 20, 1, "length of the window")};

const b3_indicator b3_indicator_cmf = {
    .name = "cmf",
    .text = "Chaikin money flow",
    .formula = "sum(location * volume, timeperiod) / sum(volume, timeperiod), location = ((close - low) - (high - close)) / (high - low)",
    .start = "NaN where the window holds no volume; location is 0 where high = low",
    .source = "M. Chaikin; C. D. Kirkpatrick, J. R. Dahlquist, Technical Analysis, 2006",
    .inputs = "high low close volume",
    .outputs = "cmf",
    .params = PARAMS,
    .input_count = 4,
    .output_count = 1,
    .param_count = B3_COUNT(PARAMS),
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
};
