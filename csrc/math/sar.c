#include "kernel.h"
#include "parabola.h"

static uint32_t lookback(const double *params) {
    (void)params;
    return 1;
}

static size_t size(const double *params) {
    (void)params;
    return sizeof(b3_parabola);
}

static void init(void *stream, const double *params) {
    const double step = params[0] < params[1] ? params[0] : params[1];
    *(b3_parabola *)stream = (b3_parabola){.step = step, .factor_max = params[1], .high = NAN, .low = NAN};
}

/* The first direction is that of the larger movement between the first two bars, up if they are equal. */
static void begin(b3_parabola *p, double high, double low) {
    const double down = p->low - low;
    const int falls = down > 0.0 && high - p->high < down;
    p->started = 1;
    p->rises = falls ? -1.0 : 1.0;
    p->factor = p->step;
    p->extreme = falls ? -low : high;
    p->stop = falls ? p->high : -p->low;
    p->high = high;
    p->low = low;
}

static void update(void *stream, const double *in, double *out) {
    b3_parabola *p = stream;
    const double high = in[0];
    const double low = in[1];
    out[0] = NAN;
    if (!isfinite(high) || !isfinite(low) || isnan(p->high)) {
        p->started = 0;
        p->high = isfinite(low) ? high : NAN;
        p->high = isfinite(high) ? p->high : NAN;
        p->low = low;
        return;
    }
    if (!p->started) begin(p, high, low);
    b3_trend trend = {p->stop, p->extreme, p->factor, p->rises};
    out[0] = b3_trend_push(&trend, p->step, p->factor_max, high, low, p->high, p->low);
    p->stop = trend.stop;
    p->extreme = trend.extreme;
    p->factor = trend.factor;
    p->rises = trend.rises;
    p->high = high;
    p->low = low;
}

B3_RUN(b3_parabola, 2, 1)

static const b3_param PARAMS[] = {{"acceleration", 0.02, 0, 1e6, "", "first factor, and what each new extreme adds"},
                                  {"maximum", 0.2, 0, 1e6, "", "greatest factor"}};

const b3_indicator b3_indicator_sar = {
    .name = "sar",
    .text = "Parabolic stop and reverse (Wilder)",
    .formula = "sar += factor * (extreme - sar), held outside the last two bars; turns when the price touches it",
    .start = "starts on the second bar, in the direction of the larger movement to it (TA-Lib)",
    .source = "J. W. Wilder, New Concepts in Technical Trading Systems, 1978",
    .inputs = "high low",
    .outputs = "sar",
    .params = PARAMS,
    .input_count = 2,
    .output_count = 1,
    .param_count = B3_COUNT(PARAMS),
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
    .run = run,
};
