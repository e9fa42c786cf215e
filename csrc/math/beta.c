#include "kernel.h"
#include "two_lanes.h"
#include "window_pair.h"

typedef struct slope {
    double before0;
    double before1;
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
    s->before0 = s->before1 = NAN;
    b3_window_pair_init(&s->window, (uint32_t)params[0]);
}

static void update(void *stream, const double *in, double *out) {
    slope *s = stream;
    const b3_lanes before = {s->before0, s->before1};
    const b3_lanes change = ((b3_lanes){in[0], in[1]} - before) / before;
    const b3_pair_sums sums =
        b3_window_pair_push(&s->window, s->before0 == 0.0 ? 0.0 : change[0], s->before1 == 0.0 ? 0.0 : change[1]);
    s->before0 = in[0];
    s->before1 = in[1];
    out[0] = sums.xx == 0.0 ? sums.xy - sums.xy : sums.xy / sums.xx; /* 0, but NaN where real1 has one */
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
