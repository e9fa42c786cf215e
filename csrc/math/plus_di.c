#include "directional.h"
#include "finite.h"
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

/* Restarts, seeds, and bars after which nothing ever moved. */
__attribute__((noinline, cold)) static double any(b3_directional *d, const double *in) {
    return b3_directional_push(d, in[0], in[1], in[2]) ? b3_movement_percent(d->plus, d->range) : NAN;
}

static void update(void *stream, const double *in, double *out) {
    b3_directional *d = stream;
    const b3_directional_sums sums = b3_directional_next(d, d->keep, in[0], in[1]);
    const double percent = 100.0 * sums.moved[0] / sums.range;
    if (d->seen == d->period && b3_is_finite(percent + sums.range + d->close)) {
        b3_directional_set(d, &sums, in[0], in[1], in[2]);
        out[0] = percent;
    } else {
        out[0] = any(d, in);
    }
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
