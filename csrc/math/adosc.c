#include "adosc.h"
#include "finite.h"
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
    *(b3_chaikin *)stream =
        (b3_chaikin){.keep = {1.0 - 2.0 / (params[0] + 1.0), 1.0 - 2.0 / (params[1] + 1.0)}, .lookback = lookback(params)};
}

/* A bar of the warm-up, or one that is not finite, which starts it anew. */
static double update_cold(b3_chaikin *c, double fast, double slow) {
    if (!isfinite(fast + slow)) {
        c->seen = 0;
        return NAN;
    }
    c->ahead[0] = c->seen == 0 ? 0.0 : fast;
    c->ahead[1] = c->seen == 0 ? 0.0 : slow;
    if (c->seen <= c->lookback) ++c->seen;
    return c->seen > c->lookback ? c->ahead[1] - c->ahead[0] : NAN;
}

static void update(void *stream, const double *in, double *out) {
    b3_chaikin *c = stream;
    const double flow = b3_location(in[0], in[1], in[2]) * in[3];
    const double fast = c->keep[0] * (c->ahead[0] + flow);
    const double slow = c->keep[1] * (c->ahead[1] + flow);
    if (c->seen <= c->lookback || !b3_is_finite(fast + slow)) {
        out[0] = update_cold(c, fast, slow);
        return;
    }
    c->ahead[0] = fast;
    c->ahead[1] = slow;
    out[0] = slow - fast;
}

B3_RUN(b3_chaikin, 4, 1)

static const b3_param PARAMS[] = {B3_BARS("fastperiod", 3, 2, "of the fast average"), B3_BARS("slowperiod", 10, 2, "of the slow average")};

const b3_indicator b3_indicator_adosc = {
    .name = "adosc",
    .text = "Chaikin accumulation/distribution oscillator",
    .formula = "ema(ad, fastperiod) - ema(ad, slowperiod)",
    .start = "both averages start as the first ad, and anew after a NaN bar",
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
