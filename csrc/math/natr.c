#include "average_range.h"
#include "kernel.h"

static uint32_t lookback(const double *params) {
    return (uint32_t)params[0];
}

static size_t size(const double *params) {
    (void)params;
    return sizeof(b3_average_range);
}

static void init(void *stream, const double *params) {
    b3_average_range *a = stream;
    a->close = NAN;
    b3_wilder_init(&a->range, (uint32_t)params[0], (int)params[1]);
    if (params[2] != 0.0) b3_smooth_plain(&a->range, (uint32_t)params[0]);
}

static void update(void *stream, const double *in, double *out) {
    b3_average_range *a = stream;
    const double range = b3_true_range(in[0], in[1], a->close);
    a->close = in[2];
    const double average = b3_smooth_push(&a->range, range);
    out[0] = in[2] == 0.0 ? 0.0 * average : 100.0 * average / in[2];
}

B3_RUN(b3_average_range, 3, 1)

static const b3_param PARAMS[] = {B3_BARS("timeperiod", 14, 1, "Wilder's period: the gain is 1 / timeperiod"), B3_SEED_PARAM,
                                  B3_SMOOTHING_PARAM};

const b3_indicator b3_indicator_natr = {
    .name = "natr",
    .text = "Normalised average true range, in percent of the close",
    .formula = "100 * atr / close",
    .start = "as atr; 0 where the close is 0 (TA-Lib)",
    .source = "J. Forman, Cross-Market Evaluations with Normalized Average True Range, Stocks & Commodities, 2006",
    .inputs = "high low close",
    .outputs = "natr",
    .params = PARAMS,
    .input_count = 3,
    .output_count = 1,
    .param_count = B3_COUNT(PARAMS),
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
    .run = run,
};
