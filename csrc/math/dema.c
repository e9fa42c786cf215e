#include "kernel.h"
#include "triple.h"

static uint32_t lookback(const double *params) {
    return 2 * ((uint32_t)params[0] - 1);
}

static size_t size(const double *params) {
    (void)params;
    return sizeof(b3_twice);
}

static void init(void *stream, const double *params) {
    b3_twice *t = stream;
    b3_ema_init(&t->first, (uint32_t)params[0], (int)params[1]);
    b3_ema_init(&t->second, (uint32_t)params[0], (int)params[1]);
}

static void update(void *stream, const double *in, double *out) {
    b3_twice *t = stream;
    double first = b3_smooth_next(&t->first, in[0]);
    double second = b3_smooth_next(&t->second, first);
    if (b3_is_finite(second)) { /* so is the first */
        t->first.value = first;
        t->second.value = second;
    } else {
        first = b3_smooth_any(&t->first, in[0]);
        second = b3_smooth_any(&t->second, first);
    }
    out[0] = 2.0 * first - second;
}

B3_RUN(b3_twice, 1, 1)

static const b3_param PARAMS[] = {B3_BARS("timeperiod", 30, 1, "of each average"), B3_SEED_PARAM};

const b3_indicator b3_indicator_dema = {
    .name = "dema",
    .text = "Double exponential moving average (Mulloy)",
    .formula = "2 * ema(real) - ema(ema(real))",
    .start = "each average is seeded from the first timeperiod values of the one before",
    .source = "P. G. Mulloy, Smoothing Data with Faster Moving Averages, Stocks & Commodities 12:1, 1994",
    .inputs = "real",
    .outputs = "dema",
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
