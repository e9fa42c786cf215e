#include "keltner.h"
#include "kernel.h"

static uint32_t lookback(const double *params) {
    const uint32_t middle = (uint32_t)params[0] - 1;
    const uint32_t range = (uint32_t)params[1];
    return middle > range ? middle : range;
}

static size_t size(const double *params) {
    (void)params;
    return sizeof(b3_keltner);
}

static void init(void *stream, const double *params) {
    b3_keltner *c = stream;
    c->multiplier = params[2];
    c->close = NAN;
    b3_ema_init(&c->middle, (uint32_t)params[0], (int)params[3]);
    b3_wilder_init(&c->range, (uint32_t)params[1], (int)params[3]);
}

static void update(void *stream, const double *in, double *out) {
    b3_keltner *c = stream;
    const double range = b3_true_range(in[0], in[1], c->close);
    c->close = in[2];
    const b3_smooth_values averages = b3_smooth_push_two(&c->range, range, &c->middle, in[2]);
    const double width = c->multiplier * averages.first;
    const double middle = averages.second;
    out[0] = middle + width;
    out[1] = isnan(width) ? NAN : middle;
    out[2] = middle - width;
}

B3_RUN(b3_keltner, 3, 3)

static const b3_param PARAMS[] = {B3_BARS("timeperiod", 20, 1, "of the average"),
                                  B3_BARS("atrperiod", 10, 1, "of the average true range"),
                                  {"multiplier", 2, -1e6, 1e6, "", "true ranges from the middle to a band"},
                                  B3_SEED_PARAM};

const b3_indicator b3_indicator_keltner = {
    .name = "keltner",
    .text = "Keltner channel (Raschke)",
    .formula = "middle = ema(close, timeperiod); upper, lower = middle +- multiplier * atr(atrperiod)",
    .start = "as ema and atr; all three are NaN until both are there",
    .source = "C. W. Keltner, How to Make Money in Commodities, 1960; with EMA and true range as L. B. Raschke",
    .inputs = "high low close",
    .outputs = "upperband middleband lowerband",
    .params = PARAMS,
    .input_count = 3,
    .output_count = 3,
    .param_count = B3_COUNT(PARAMS),
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
    .run = run,
};
