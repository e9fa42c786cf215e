#include "kernel.h"
#include "triple.h"

static uint32_t lookback(const double *params) {
    return 3 * ((uint32_t)params[0] - 1);
}

static size_t size(const double *params) {
    (void)params;
    return sizeof(b3_triple);
}

static void init(void *stream, const double *params) {
    b3_triple_init(stream, (uint32_t)params[0], (int)params[1]);
}

static void update(void *stream, const double *in, double *out) {
    const b3_triple_value value = b3_triple_push(stream, in[0]);
    out[0] = 3.0 * value.first - 3.0 * value.second + value.third;
}

B3_RUN(b3_triple, 1, 1)

static const b3_param PARAMS[] = {B3_BARS("timeperiod", 30, 1, "of each average"), B3_SEED_PARAM};

const b3_indicator b3_indicator_tema = {
    .name = "tema",
    .text = "Triple exponential moving average (Mulloy)",
    .formula = "3 * ema - 3 * ema(ema) + ema(ema(ema))",
    .start = "each average is seeded from the first timeperiod values of the one before",
    .source = "P. G. Mulloy, Smoothing Data with Less Lag, Stocks & Commodities 12:2, 1994",
    .inputs = "real",
    .outputs = "tema",
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
