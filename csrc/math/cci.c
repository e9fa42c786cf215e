#include "kernel.h"

typedef struct channel_index {
    uint32_t period;
    uint32_t k;
    uint32_t filled;
    uint32_t reserved;
    double sample[];
} channel_index;

static uint32_t lookback(const double *params) {
    return (uint32_t)params[0] - 1;
}

static size_t size(const double *params) {
    return sizeof(channel_index) + (size_t)params[0] * sizeof(double);
}

static void init(void *stream, const double *params) {
    *(channel_index *)stream = (channel_index){.period = (uint32_t)params[0]};
}

/* The mean deviation needs each sample again at every step: O(period), unlike all others. */
static void update(void *stream, const double *in, double *out) {
    channel_index *c = stream;
    const double typical = (in[0] + in[1] + in[2]) / 3.0;
    c->sample[c->k] = typical;
    c->k = c->k + 1 == c->period ? 0 : c->k + 1;
    out[0] = NAN;
    if (c->filled < c->period && ++c->filled < c->period) return;
    double sum = 0.0;
    for (uint32_t i = 0; i < c->period; ++i) sum += c->sample[i] - typical;
    const double offset = sum / c->period; /* of the mean from the newest: keeps the digits of a large price */
    double deviation = 0.0;
    for (uint32_t i = 0; i < c->period; ++i) deviation += fabs(c->sample[i] - typical - offset);
    out[0] = deviation == 0.0 ? 0.0 : -offset / (0.015 * (deviation / c->period));
}

static const b3_param PARAMS[] = {B3_BARS("timeperiod", 14, 2, "length of the window")};

const b3_indicator b3_indicator_cci = {
    .name = "cci",
    .text = "Commodity channel index (Lambert)",
    .formula = "(typical - mean) / (0.015 * mean(|typical - mean|)), typical = (high + low + close) / 3, over timeperiod",
    .start = "0 where nothing deviates (TA-Lib)",
    .source = "D. R. Lambert, Commodity Channel Index: Tool for Trading Cyclic Trends, Commodities, October 1980",
    .inputs = "high low close",
    .outputs = "cci",
    .params = PARAMS,
    .input_count = 3,
    .output_count = 1,
    .param_count = B3_COUNT(PARAMS),
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
};
