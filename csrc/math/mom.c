#include "kernel.h"
#include "lag.h"

static uint32_t lookback(const double *params) {
    return (uint32_t)params[0];
}

static size_t size(const double *params) {
    return b3_lag_size((uint32_t)params[0]);
}

static void init(void *stream, const double *params) {
    b3_lag_init(stream, (uint32_t)params[0]);
}

static void update(void *stream, const double *in, double *out) {
    out[0] = in[0] - b3_lag_push(stream, in[0]);
}

B3_RUN_IN_PLACE(1, 1)

static const b3_param PARAMS[] = {B3_BARS("timeperiod", 10, 1, "samples back")};

const b3_indicator b3_indicator_mom = {
    .name = "mom",
    .text = "Momentum",
    .formula = "real[i] - real[i-timeperiod]",
    .start = "-",
    .source = "J. J. Murphy, Technical Analysis of the Financial Markets, 1999, ch. 10",
    .inputs = "real",
    .outputs = "mom",
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
