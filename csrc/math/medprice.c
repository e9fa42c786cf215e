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
    out[0] = (in[0] + in[1]) / 2.0;
}

B3_RUN_IN_PLACE(2, 1)

const b3_indicator b3_indicator_medprice = {
    .name = "medprice",
    .text = "Median price",
    .formula = "(high + low) / 2",
    .start = "-",
    .source = "S. B. Achelis, Technical Analysis from A to Z, 1995",
    .inputs = "high low",
    .outputs = "medprice",
    .params = NULL,
    .input_count = 2,
    .output_count = 1,
    .param_count = 0,
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
    .run = run,
};
