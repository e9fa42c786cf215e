#include "kernel.h"
#include "window_var.h"

typedef struct deviation {
    double factor;
    double per_divisor;
    b3_window_var window;
} deviation;

static uint32_t lookback(const double *params) {
    return (uint32_t)params[0] - 1;
}

static size_t size(const double *params) {
    return offsetof(deviation, window) + b3_window_var_size((uint32_t)params[0]);
}

static void init(void *stream, const double *params) {
    deviation *d = stream;
    d->factor = params[1];
    d->per_divisor = 1.0 / (params[0] - params[2]);
    b3_window_var_init(&d->window, (uint32_t)params[0]);
}

static void update(void *stream, const double *in, double *out) {
    deviation *d = stream;
    out[0] = sqrt(b3_window_var_push(&d->window, in[0]).m2 * d->per_divisor) * d->factor;
}

static const b3_param PARAMS[] = {
    B3_BARS("timeperiod", 5, 1, "length of the window"),
    {"nbdev", 1, -1e6, 1e6, "", "the result is multiplied by it"},
    {"ddof", 0, 0, 1, "population|sample", "divisor: timeperiod (TA-Lib), or timeperiod - 1"},
};

const b3_indicator b3_indicator_stddev = {
    .name = "stddev",
    .text = "Standard deviation over a window",
    .formula = "nbdev * sqrt(sum((real - mean)^2, timeperiod) / (timeperiod - ddof))",
    .start = "TA-Lib gives 0 for a variance below 1e-14; this does not. A sample deviation of one value is NaN",
    .source = "by definition",
    .inputs = "real",
    .outputs = "stddev",
    .params = PARAMS,
    .input_count = 1,
    .output_count = 1,
    .param_count = B3_COUNT(PARAMS),
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
};
