#include "kernel.h"
#include "larger.h"
#include "window_pair.h"

static uint32_t lookback(const double *params) {
    return (uint32_t)params[0] - 1;
}

static size_t size(const double *params) {
    return b3_window_pair_size((uint32_t)params[0]);
}

static void init(void *stream, const double *params) {
    b3_window_pair_init(stream, (uint32_t)params[0]);
}

static void update(void *stream, const double *in, double *out) {
    const b3_pair_moments sums = b3_window_pair_push(stream, b3_lanes_swapped(in), B3_PAIR_WITH_XX);
    const double product = sums.xx * sums.yy;
    double ratio;
    if (product > 1e-280 && product < 1e280) {
        ratio = sums.xy / sqrt(product);
    } else {
        const double scale = sqrt(sums.xx) * sqrt(sums.yy);
        ratio = scale == 0.0 ? 0.0 : sums.xy / scale;
    }
    out[0] = b3_larger(-1.0, b3_smaller(1.0, ratio));
}

static const b3_param PARAMS[] = {B3_BARS("timeperiod", 30, 1, "length of the window")};

const b3_indicator b3_indicator_correl = {
    .name = "correl",
    .text = "Pearson's correlation over a window",
    .formula = "sum((x - mean x) * (y - mean y)) / sqrt(sum((x - mean x)^2) * sum((y - mean y)^2))",
    .start = "0 where one of the two is constant (TA-Lib)",
    .source = "K. Pearson, Note on Regression and Inheritance, Proceedings of the Royal Society 58, 1895",
    .inputs = "real0 real1",
    .outputs = "correl",
    .params = PARAMS,
    .input_count = 2,
    .output_count = 1,
    .param_count = B3_COUNT(PARAMS),
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
};
