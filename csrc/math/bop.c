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
    const double range = in[1] - in[2];
    out[0] = range <= 0.0 ? 0.0 : (in[3] - in[0]) / range;
}

B3_RUN_IN_PLACE(4, 1)

const b3_indicator b3_indicator_bop = {
    .name = "bop",
    .text = "Balance of power",
    .formula = "(close - open) / (high - low)",
    .start = "0 where high <= low (TA-Lib)",
    .source = "I. Livshin, The Balance of Market Power, Stocks & Commodities 19:8, 2001",
    .inputs = "open high low close",
    .outputs = "bop",
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
