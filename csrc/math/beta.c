#include "kernel.h"
#include "window_pair.h"

typedef struct slope {
    double before[2]; /* of real1, of real0 */
    b3_window_pair window;
} slope;

static uint32_t lookback(const double *params) {
    return (uint32_t)params[0];
}

static size_t size(const double *params) {
    return offsetof(slope, window) + b3_window_pair_size((uint32_t)params[0]);
}

static void init(void *stream, const double *params) {
    slope *s = stream;
    s->before[0] = s->before[1] = NAN;
    b3_window_pair_init(&s->window, (uint32_t)params[0]);
}

static void update(void *stream, const double *in, double *out) {
    slope *s = stream;
    const b3_lanes before = b3_lanes_load(s->before);
    const b3_lanes now = b3_lanes_swapped(in);
    const b3_lanes change = b3_lanes_where(before != 0.0, (now - before) / before);
    const b3_pair_moments sums = b3_window_pair_push(&s->window, change, B3_PAIR_WITHOUT_XX);
    b3_lanes_store(s->before, now);
    out[0] = sums.yy == 0.0 ? sums.xy - sums.xy : sums.xy / sums.yy; /* 0, but NaN where real1 has one */
}

static const b3_param PARAMS[] = {B3_BARS("timeperiod", 5, 1, "returns")};

const b3_indicator b3_indicator_beta = {
    .name = "beta",
    .text = "Beta: slope of the returns of real1 on those of real0",
    .formula = "covariance(r0, r1) / variance(r0) over timeperiod returns r = real[i] / real[i-1] - 1",
    .start = "0 where the returns of real0 are constant, and a return from 0 is 0 (TA-Lib)",
    .source = "W. F. Sharpe, Capital Asset Prices, Journal of Finance 19, 1964",
    .inputs = "real0 real1",
    .outputs = "beta",
    .params = PARAMS,
    .input_count = 2,
    .output_count = 1,
    .param_count = B3_COUNT(PARAMS),
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
};
