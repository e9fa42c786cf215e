#include "adosc.h"
#include "kernel.h"
#include "location.h"

static uint32_t longer(const double *params) {
    return (uint32_t)fmax(params[0], params[1]);
}

static uint32_t lookback(const double *params) {
    return longer(params) - 1;
}

static size_t size(const double *params) {
    (void)params;
    return sizeof(b3_chaikin);
}

static void init(void *stream, const double *params) {
    b3_chaikin *o = stream;
    o->ad = (b3_running_sum){0};
    b3_ema_init(&o->fast, (uint32_t)params[0], B3_SEED_FIRST);
    b3_ema_init(&o->slow, (uint32_t)params[1], B3_SEED_FIRST);
}

static void update(void *stream, const double *in, double *out) {
    b3_chaikin *o = stream;
    const double flow = b3_location(in[0], in[1], in[2]) * in[3];
    const double line = isfinite(flow) ? b3_running_sum_push(&o->ad, flow) : NAN;
    const b3_smooth_values averages = b3_smooth_push_two(&o->fast, line, &o->slow, line);
    out[0] = averages.first - averages.second;
}

B3_RUN(b3_chaikin, 4, 1)

static const b3_param PARAMS[] = {B3_BARS("fastperiod", 3, 2, "of the fast average"), B3_BARS("slowperiod", 10, 2, "of the slow average")};

const b3_indicator b3_indicator_adosc = {
    .name = "adosc",
    .text = "Chaikin accumulation/distribution oscillator",
    .formula = "ema(ad, fastperiod) - ema(ad, slowperiod)",
    .start = "both averages start as the first ad; after a NaN bar they start anew, ad goes on",
    .source = "M. Chaikin; S. B. Achelis, Technical Analysis from A to Z, 1995",
    .inputs = "high low close volume",
    .outputs = "adosc",
    .params = PARAMS,
    .input_count = 4,
    .output_count = 1,
    .param_count = B3_COUNT(PARAMS),
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
    .run = run,
};
