#include "kernel.h"
#include "window_var.h"

typedef struct score {
    double per_divisor;
    b3_window_var window;
} score;

static uint32_t lookback(const double *params) {
    return (uint32_t)params[0] - 1;
}

static size_t size(const double *params) {
    return offsetof(score, window) + b3_window_var_size((uint32_t)params[0]);
}

static void init(void *stream, const double *params) {
    score *s = stream;
    s->per_divisor = 1.0 / (params[0] - params[1]);
    b3_window_var_init(&s->window, (uint32_t)params[0]);
}

static void update(void *stream, const double *in, double *out) {
    score *s = stream;
    const b3_moments moments = b3_window_var_push(&s->window, in[0]);
    out[0] = moments.newest / sqrt(moments.m2 * s->per_divisor);
}

static const b3_param PARAMS[] = {B3_BARS("timeperiod", 20, 1, "length of the window"),
                                  {"ddof", 0, 0, 1, "population|sample", "divisor: timeperiod, or timeperiod - 1"}};

const b3_indicator b3_indicator_zscore = {
    .name = "zscore",
    .text = "Distance from the mean of a window, in standard deviations",
    .formula = "(real - mean) / sqrt(sum((real - mean)^2, timeperiod) / (timeperiod - ddof))",
    .start = "NaN where nothing deviates",
    .source = "by definition",
    .inputs = "real",
    .outputs = "zscore",
    .params = PARAMS,
    .input_count = 1,
    .output_count = 1,
    .param_count = B3_COUNT(PARAMS),
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
};
