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
    out[0] = b3_smooth_push(&a->range, range);
}

B3_RUN(b3_average_range, 3, 1)

static const b3_param PARAMS[] = {B3_BARS("timeperiod", 14, 1, "Wilder's period: the gain is 1 / timeperiod"), B3_SEED_PARAM,
                                  B3_SMOOTHING_PARAM};

const b3_indicator b3_indicator_atr = {
    .name = "atr",
    .text = "Average true range (Wilder)",
    .formula = "wilder(max(high - low, |high - close[i-1]|, |low - close[i-1]|))",
    .start = "mean of the first timeperiod true ranges; the first bar has none",
    .source = "J. W. Wilder, New Concepts in Technical Trading Systems, 1978",
    .inputs = "high low close",
    .outputs = "atr",
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
