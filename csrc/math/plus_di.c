#include "directional.h"
#include "kernel.h"

static uint32_t lookback(const double *params) {
    return (uint32_t)params[0];
}

static size_t size(const double *params) {
    (void)params;
    return sizeof(b3_directional);
}

static void init(void *stream, const double *params) {
    b3_directional_init(stream, (uint32_t)params[0], params[1] != 0.0);
}

static void update(void *stream, const double *in, double *out) {
    b3_directional *d = stream;
    out[0] = b3_directional_push(d, in[0], in[1], in[2]) ? b3_movement_percent(d->plus, d->range) : NAN;
}

B3_RUN(b3_directional, 3, 1)

static const b3_param PARAMS[] = {B3_BARS("timeperiod", 14, 2, "Wilder's period"), B3_SMOOTHING_PARAM};

const b3_indicator b3_indicator_plus_di = {
    .name = "plus_di",
    .text = "Directional indicator, up (Wilder)",
    .formula = "100 * wilder_sum(movement up) / wilder_sum(true range)",
    .start = "the first timeperiod - 1 movements are summed, then the sums decay by the gain a bar (TA-Lib)",
    .source = "J. W. Wilder, New Concepts in Technical Trading Systems, 1978",
    .inputs = "high low close",
    .outputs = "plus_di",
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
