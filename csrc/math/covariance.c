#include "kernel.h"
#include "window_pair.h"

typedef struct covariation {
    double divisor;
    b3_window_pair window;
} covariation;

static uint32_t lookback(const double *params) {
    return (uint32_t)params[0] - 1;
}

static size_t size(const double *params) {
    return offsetof(covariation, window) + b3_window_pair_size((uint32_t)params[0]);
}

static void init(void *stream, const double *params) {
    covariation *c = stream;
    c->divisor = params[0] - params[1];
    b3_window_pair_init(&c->window, (uint32_t)params[0]);
}

static void update(void *stream, const double *in, double *out) {
    covariation *c = stream;
    out[0] = b3_window_pair_push(&c->window, b3_lanes_swapped(in), B3_PAIR_WITHOUT_XX).xy / c->divisor;
}

static const b3_param PARAMS[] = {B3_BARS("timeperiod", 30, 1, "length of the window"),
                                  {"ddof", 0, 0, 1, "population|sample", "divisor: timeperiod, or timeperiod - 1"}};

const b3_indicator b3_indicator_covariance = {
    .name = "covariance",
    .text = "Covariance over a window",
    .formula = "sum((x - mean x) * (y - mean y), timeperiod) / (timeperiod - ddof)",
    .start = "a sample covariance of one pair is NaN",
    .source = "by definition",
    .inputs = "real0 real1",
    .outputs = "covariance",
    .params = PARAMS,
    .input_count = 2,
    .output_count = 1,
    .param_count = B3_COUNT(PARAMS),
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
};
