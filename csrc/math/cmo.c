#include "kernel.h"
#include "strength.h"

static uint32_t lookback(const double *params) {
    return (uint32_t)params[0];
}

static size_t size(const double *params) {
    (void)params;
    return sizeof(b3_strength);
}

static void init(void *stream, const double *params) {
    b3_strength *s = stream;
    b3_strength_init(s, (uint32_t)params[0], (int)params[1]);
    if (params[2] == 0.0) return;
    b3_smooth_plain(&s->gain, (uint32_t)params[0]);
    b3_smooth_plain(&s->change, (uint32_t)params[0]);
}

static void update(void *stream, const double *in, double *out) {
    const b3_strength_now now = b3_strength_push(stream, in[0]);
    out[0] = now.total == 0.0 ? 0.0 : 200.0 * now.gain / now.total - 100.0;
}

B3_RUN(b3_strength, 1, 1)

static const b3_param PARAMS[] = {B3_BARS("timeperiod", 14, 2, "Wilder's period"), B3_SEED_PARAM, B3_SMOOTHING_PARAM};

const b3_indicator b3_indicator_cmo = {
    .name = "cmo",
    .text = "Chande momentum oscillator",
    .formula = "100 * (wilder(gain) - wilder(loss)) / (wilder(gain) + wilder(loss))",
    .start = "Wilder's averages as TA-Lib; Chande's own definition has plain sums. 0 where nothing ever changed",
    .source = "T. S. Chande, S. Kroll, The New Technical Trader, 1994",
    .inputs = "real",
    .outputs = "cmo",
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
