#include "stochrsi.h"
#include "kernel.h"

static uint32_t lookback(const double *params) {
    return (uint32_t)params[0] + (uint32_t)params[1] - 1 + (uint32_t)params[2] - 1;
}

static size_t size(const double *params) {
    return b3_stochrsi_size((uint32_t)params[1], (uint32_t)params[2]);
}

static void init(void *stream, const double *params) {
    b3_stochrsi *s = stream;
    b3_strength_init(&s->rsi, (uint32_t)params[0], (int)params[3]);
    b3_stochrsi_restart(s, (uint32_t)params[1], (uint32_t)params[2]);
}

static void update(void *stream, const double *in, double *out) {
    b3_stochrsi *s = stream;
    b3_stochrsi_push(s, b3_rsi_push(&s->rsi, in[0]), out);
}

static const b3_param PARAMS[] = {B3_BARS("timeperiod", 14, 2, "Wilder's period of rsi"),
                                  B3_BARS("fastk_period", 5, 1, "bars of the range"),
                                  B3_BARS("fastd_period", 3, 1, "of the average of fastk"), B3_SEED_PARAM};

const b3_indicator b3_indicator_stochrsi = {
    .name = "stochrsi",
    .text = "Stochastic oscillator of the relative strength index",
    .formula = "stochf of rsi(real, timeperiod) as high, low and close",
    .start = "as rsi; 0 where the range is empty (TA-Lib) or, below 1e-9, rounding",
    .source = "T. S. Chande, S. Kroll, The New Technical Trader, 1994",
    .inputs = "real",
    .outputs = "fastk fastd",
    .params = PARAMS,
    .input_count = 1,
    .output_count = 2,
    .param_count = B3_COUNT(PARAMS),
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
};
