#include "kernel.h"
#include "two_lanes.h"

/* Each sample is there twice, `period` places apart, so that a window is in one piece. */
typedef struct channel_index {
    uint32_t period;
    uint32_t k; /* where the oldest sample is, and the newest will be */
    double per_period;
    double sample[];
} channel_index;

static uint32_t lookback(const double *params) {
    return (uint32_t)params[0] - 1;
}

static size_t size(const double *params) {
    return sizeof(channel_index) + 2 * (size_t)params[0] * sizeof(double);
}

static void init(void *stream, const double *params) {
    channel_index *c = stream;
    *c = (channel_index){.period = (uint32_t)params[0], .per_period = 1.0 / params[0]};
    for (uint32_t i = 0; i < 2 * c->period; ++i) c->sample[i] = NAN;
}

static inline double both(b3_lanes x) {
    return x[0] + x[1];
}

/* Sum of x - base. Two sums a lane, as one would wait for each addition. */
static inline double sum_from(const double *x, const double *end, double base) {
    b3_lanes even = {0.0};
    b3_lanes odd = {0.0};
    for (; end - x >= 4; x += 4) {
        even += b3_lanes_load(x) - base;
        odd += b3_lanes_load(x + 2) - base;
    }
    if (end - x >= 2) {
        even += b3_lanes_load(x) - base;
        x += 2;
    }
    const double sum = both(even + odd);
    return x != end ? sum + (x[0] - base) : sum;
}

/* Sum of |x - base - mean|. */
static inline double distance_from(const double *x, const double *end, double base, double mean) {
    b3_lanes even = {0.0};
    b3_lanes odd = {0.0};
    for (; end - x >= 4; x += 4) {
        even += b3_lanes_abs(b3_lanes_load(x) - base - mean);
        odd += b3_lanes_abs(b3_lanes_load(x + 2) - base - mean);
    }
    if (end - x >= 2) {
        even += b3_lanes_abs(b3_lanes_load(x) - base - mean);
        x += 2;
    }
    const double sum = both(even + odd);
    return x != end ? sum + fabs(x[0] - base - mean) : sum;
}

/* The mean deviation needs each sample again at every step: O(period), unlike all others. The newest is not read back, as a vector would
 * wait for its store. */
static void update(void *stream, const double *in, double *out) {
    channel_index *c = stream;
    const uint32_t period = c->period;
    const uint32_t k = c->k;
    const double typical = (in[0] + in[1] + in[2]) / 3.0;
    const double *older = c->sample + k + 1;
    const double *end = c->sample + k + period;
    const double base = older[0]; /* differences from a sample of the window keep the digits of a large price */
    const double newest = typical - base;
    const double mean = (sum_from(older, end, base) + newest) * c->per_period; /* from base as well */
    const double distance = newest - mean;
    const double deviation = fabs(distance) + distance_from(older, end, base, mean);
    c->sample[k] = c->sample[k + period] = typical;
    c->k = k + 1 == period ? 0 : k + 1;
    out[0] = deviation == 0.0 ? 0.0 : distance / (0.015 * c->per_period * deviation);
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
