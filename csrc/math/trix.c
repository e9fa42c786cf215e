#include "kernel.h"
#include "triple.h"

static uint32_t lookback(const double *params) {
    return 3 * ((uint32_t)params[0] - 1) + 1;
}

static size_t size(const double *params) {
    (void)params;
    return sizeof(b3_triple_rate);
}

static void init(void *stream, const double *params) {
    b3_triple_rate *r = stream;
    b3_triple_init(&r->triple, (uint32_t)params[0], (int)params[1]);
    r->before = NAN;
}

static void update(void *stream, const double *in, double *out) {
    b3_triple_rate *r = stream;
    const double third = b3_triple_push(&r->triple, in[0]).third;
    out[0] = r->before == 0.0 ? 0.0 : (third / r->before - 1.0) * 100.0;
    r->before = third;
}

B3_RUN(b3_triple_rate, 1, 1)

static const b3_param PARAMS[] = {B3_BARS("timeperiod", 30, 1, "of each average"), B3_SEED_PARAM};

const b3_indicator b3_indicator_trix = {
    .name = "trix",
    .text = "Rate of change of a triple exponential moving average, in percent",
    .formula = "100 * (t[i] / t[i-1] - 1), t = ema(ema(ema(real)))",
    .start = "each average is seeded from the first timeperiod values of the one before",
    .source = "J. K. Hutson, Good TRIX, Stocks & Commodities 1:5, 1983",
    .inputs = "real",
    .outputs = "trix",
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
