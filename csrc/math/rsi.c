#include "kernel.h"
#include "smooth.h"

typedef struct strength {
    double before; /* NaN: none since the start or a restart */
    b3_smooth gain;
    b3_smooth change; /* of |change|, which is gain + loss */
} strength;

static uint32_t lookback(const double *params) {
    return (uint32_t)params[0];
}

static size_t size(const double *params) {
    (void)params;
    return sizeof(strength);
}

static void init(void *stream, const double *params) {
    strength *s = stream;
    s->before = NAN;
    b3_wilder_init(&s->gain, (uint32_t)params[0], (int)params[1]);
    b3_wilder_init(&s->change, (uint32_t)params[0], (int)params[1]);
}

static void update(void *stream, const double *in, double *out) {
    strength *s = stream;
    const double change = in[0] - s->before;
    s->before = in[0];
    const double gain = b3_smooth_push(&s->gain, change < 0.0 ? 0.0 : change);
    const double total = b3_smooth_push(&s->change, fabs(change));
    out[0] = total == 0.0 ? 0.0 : 100.0 * gain / total;
}

static const b3_param PARAMS[] = {B3_BARS("timeperiod", 14, 2, "Wilder's period: the gain is 1 / timeperiod"), B3_SEED_PARAM};

const b3_indicator b3_indicator_rsi = {
    .name = "rsi",
    .text = "Relative strength index (Wilder)",
    .formula = "100 * wilder(max(change, 0)) / wilder(|change|), change = real[i] - real[i-1]",
    .start = "averages start as the mean of the first timeperiod changes; 0 where nothing ever changed (TA-Lib)",
    .inputs = "real",
    .outputs = "rsi",
    .params = PARAMS,
    .input_count = 1,
    .output_count = 1,
    .param_count = B3_COUNT(PARAMS),
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
};
