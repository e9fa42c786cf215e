#include "kernel.h"
#include "window_var.h"

typedef struct spread {
    double divisor;
    b3_window_var window;
} spread;

static uint32_t lookback(const double *params) {
    return (uint32_t)params[0] - 1;
}

static size_t size(const double *params) {
    return offsetof(spread, window) + b3_window_var_size((uint32_t)params[0]);
}

static void init(void *stream, const double *params) {
    spread *s = stream;
    s->divisor = params[0] - params[2];
    b3_window_var_init(&s->window, (uint32_t)params[0]);
}

static void update(void *stream, const double *in, double *out) {
    spread *s = stream;
    out[0] = b3_window_var_push(&s->window, in[0]).m2 / s->divisor;
}

static const b3_param PARAMS[] = {B3_BARS("timeperiod", 5, 1, "length of the window"),
                                  {"nbdev", 1, -1e6, 1e6, "", "ignored, as TA-Lib does"},
                                  {"ddof", 0, 0, 1, "population|sample", "divisor: timeperiod (TA-Lib), or timeperiod - 1"}};

const b3_indicator b3_indicator_var = {
    .name = "var",
    .text = "Variance over a window",
    .formula = "sum((real - mean)^2, timeperiod) / (timeperiod - ddof)",
    .start = "a sample variance of one value is NaN",
    .source = "by definition",
    .inputs = "real",
    .outputs = "var",
    .params = PARAMS,
    .input_count = 1,
    .output_count = 1,
    .param_count = B3_COUNT(PARAMS),
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
};
