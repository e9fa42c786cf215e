#include "kernel.h"

static uint32_t lookback(const double *params) {
    (void)params;
    return 0;
}

static size_t size(const double *params) {
    (void)params;
    return 0;
}

static void init(void *stream, const double *params) {
    (void)stream;
    (void)params;
}

static void update(void *stream, const double *in, double *out) {
    (void)stream;
    out[0] = (in[0] + in[1] + in[2] + in[3]) / 4.0;
}

B3_RUN_IN_PLACE(4, 1)

const b3_indicator b3_indicator_avgprice = {
    .name = "avgprice",
    .text = "Average price",
    .formula = "(open + high + low + close) / 4",
    .start = "-",
    .source = "by definition",
    .inputs = "open high low close",
    .outputs = "avgprice",
    .params = NULL,
    .input_count = 4,
    .output_count = 1,
    .param_count = 0,
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
    .run = run,
};
