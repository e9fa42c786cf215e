#include "kernel.h"
#include "smooth.h"

static uint32_t lookback(const double *params) {
    return (uint32_t)params[0] - 1;
}

static size_t size(const double *params) {
    (void)params;
    return sizeof(b3_smooth);
}

static void init(void *stream, const double *params) {
    if (params[2] == 0.0) b3_ema_init(stream, (uint32_t)params[0], (int)params[1]);
    else b3_wilder_init(stream, (uint32_t)params[0], (int)params[1]);
}

static void update(void *stream, const double *in, double *out) {
    out[0] = b3_smooth_push(stream, in[0]);
}

B3_RUN(b3_smooth, 1, 1)

static const b3_param PARAMS[] = {B3_BARS("timeperiod", 30, 1, "the gain is 2 / (timeperiod + 1), or as smoothing says"),
                                  B3_SEED_PARAM,
                                  {"smoothing", 0, 0, 1, "plain|wilder", "the gain: 2 / (timeperiod + 1), or Wilder's 1 / timeperiod"}};

const b3_indicator b3_indicator_ema = {
    .name = "ema",
    .text = "Exponential moving average",
    .formula = "y[i] = y[i-1] + 2 / (timeperiod + 1) * (real[i] - y[i-1])",
    .start = "y[timeperiod-1] = mean of the first timeperiod samples; seed=first: y[0] = real[0]",
    .source = "R. G. Brown, Statistical Forecasting for Inventory Control, 1959; P. N. Haurlan, Measuring Trend Values, 1968",
    .inputs = "real",
    .outputs = "ema",
    .params = PARAMS,
    .input_count = 1,
    .output_count = 1,
    .param_count = B3_COUNT(PARAMS),
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
    .run = run,
};
