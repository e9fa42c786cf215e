#include "adx.h"
#include "kernel.h"

static uint32_t lookback(const double *params) {
    return 3 * (uint32_t)params[0] - 2;
}

static size_t size(const double *params) {
    return offsetof(b3_adx_rating, lag) + b3_lag_size((uint32_t)params[0] - 1);
}

static void init(void *stream, const double *params) {
    b3_adx_rating *r = stream;
    b3_adx_init(&r->adx, (uint32_t)params[0], params[1] != 0.0);
    b3_lag_init(&r->lag, (uint32_t)params[0] - 1);
}

static void update(void *stream, const double *in, double *out) {
    b3_adx_rating *r = stream;
    const double adx = b3_adx_push(&r->adx, in[0], in[1], in[2]);
    out[0] = 0.5 * (adx + b3_lag_push(&r->lag, adx));
}

B3_RUN_IN_PLACE(3, 1)

static const b3_param PARAMS[] = {B3_BARS("timeperiod", 14, 2, "Wilder's period"), B3_SMOOTHING_PARAM};

const b3_indicator b3_indicator_adxr = {
    .name = "adxr",
    .text = "Average directional movement index rating (Wilder)",
    .formula = "(adx[i] + adx[i-timeperiod+1]) / 2",
    .start = "as adx",
    .source = "J. W. Wilder, New Concepts in Technical Trading Systems, 1978",
    .inputs = "high low close",
    .outputs = "adxr",
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
