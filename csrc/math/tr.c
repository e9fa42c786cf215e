#include "kernel.h"
#include "true_range.h"

static uint32_t lookback(const double *params) {
    (void)params;
    return 1;
}

static size_t size(const double *params) {
    (void)params;
    return sizeof(double);
}

static void init(void *stream, const double *params) {
    (void)params;
    *(double *)stream = NAN;
}

static void update(void *stream, const double *in, double *out) {
    double *close = stream;
    out[0] = b3_true_range(in[0], in[1], *close);
    *close = in[2];
}

B3_RUN(double, 3, 1)

const b3_indicator b3_indicator_tr = {
    .name = "tr",
    .text = "True range",
    .formula = "max(high - low, |high - close[i-1]|, |low - close[i-1]|)",
    .start = "the first bar has none",
    .source = "J. W. Wilder, New Concepts in Technical Trading Systems, 1978",
    .inputs = "high low close",
    .outputs = "tr",
    .params = NULL,
    .input_count = 3,
    .output_count = 1,
    .param_count = 0,
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
    .run = run,
};
