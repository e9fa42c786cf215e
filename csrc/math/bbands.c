#include "kernel.h"
#include "window_var.h"

typedef struct bands {
    double per_divisor;
    double up;
    double down;
    b3_window_var window;
} bands;

static uint32_t lookback(const double *params) {
    return (uint32_t)params[0] - 1;
}

static size_t size(const double *params) {
    return offsetof(bands, window) + b3_window_var_size((uint32_t)params[0]);
}

static void init(void *stream, const double *params) {
    bands *b = stream;
    b->up = params[1];
    b->down = params[2];
    b->per_divisor = 1.0 / (params[0] - params[3]);
    b3_window_var_init(&b->window, (uint32_t)params[0]);
}

static void update(void *stream, const double *in, double *out) {
    bands *b = stream;
    const b3_moments moments = b3_window_var_push(&b->window, in[0]);
    const double deviation = sqrt(moments.m2 * b->per_divisor);
    out[0] = moments.mean + b->up * deviation;
    out[1] = moments.mean;
    out[2] = moments.mean - b->down * deviation;
}

static const b3_param PARAMS[] = {
    B3_BARS("timeperiod", 20, 1, "length of the window"),
    {"nbdevup", 2, -1e6, 1e6, "", "deviations from the middle to the upper band"},
    {"nbdevdn", 2, -1e6, 1e6, "", "deviations from the middle to the lower band"},
    {"ddof", 0, 0, 1, "population|sample", "divisor of the variance: timeperiod (TA-Lib, Bollinger), or timeperiod - 1"},
};

const b3_indicator b3_indicator_bbands = {
    .name = "bbands",
    .text = "Bollinger bands around the simple moving average",
    .formula = "middle = sma(real); upper = middle + nbdevup * stddev(real); lower = middle - nbdevdn * stddev(real)",
    .start = "the sample deviation of one value is NaN, and so are its bands",
    .source = "J. Bollinger, Bollinger on Bollinger Bands, 2001",
    .inputs = "real",
    .outputs = "upperband middleband lowerband",
    .params = PARAMS,
    .input_count = 1,
    .output_count = 3,
    .param_count = B3_COUNT(PARAMS),
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
};
