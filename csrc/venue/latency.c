#include "venue/latency.h"

#include "base/money.h"

#define FRACTION_BITS 32
#define LN2_Q63 UINT64_C(6393154322601327829) /* ln 2 x 2^63 */

static uint64_t mixed(uint64_t seed, uint64_t n) {
    uint64_t word = seed + (n + 1) * UINT64_C(0x9e3779b97f4a7c15);
    word = (word ^ word >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    word = (word ^ word >> 27) * UINT64_C(0x94d049bb133111eb);
    return word ^ word >> 31;
}

/* log2(x) x 2^32 for x >= 1, by squaring: each squaring brings out one binary digit. */
static uint64_t log2_q32(uint64_t x) {
    const uint64_t whole = 63 - (uint64_t)__builtin_clzll(x);
    uint64_t mantissa = x << (63 - whole); /* 1 .. 2, 63 digits after the point */
    uint64_t log = whole;
    for (int i = 0; i < FRACTION_BITS; i++) {
        const b3_uint128 square = (b3_uint128)mantissa * mantissa; /* 1 .. 4, 126 digits */
        const uint64_t two = (uint64_t)(square >> 127);
        mantissa = (uint64_t)(square >> (63 + two));
        log = log << 1 | two;
    }
    return log;
}

int64_t b3_latency_draw(uint64_t seed, uint64_t n, int64_t mean_ns) {
    const uint64_t word = mixed(seed, n);
    const uint64_t below = (UINT64_C(64) << FRACTION_BITS) - log2_q32(word == 0 ? 1 : word); /* -log2(u), 32 digits */
    const uint64_t natural = (uint64_t)((b3_uint128)below * LN2_Q63 >> 63);
    return (int64_t)((b3_uint128)natural * (uint64_t)mean_ns >> FRACTION_BITS);
}

static int possible(const b3_latency_model *model) {
    return model->constant_ns >= 0 && model->constant_ns <= B3_LATENCY_MAX_NS && model->spread_ns >= 0 &&
           model->spread_ns <= B3_LATENCY_MAX_NS;
}

int32_t b3_latency_init(b3_latency_state *latency, const b3_paper_config *config) {
    if (!possible(&config->order_entry) || !possible(&config->market_data)) return B3_ERR_ARGUMENT;
    *latency = (b3_latency_state){.order_entry = config->order_entry, .market_data = config->market_data, .seed = config->seed};
    return B3_OK;
}

int64_t b3_latency_arrival(b3_latency_state *latency, int64_t now_ns) {
    const b3_latency_model *entry = &latency->order_entry;
    const b3_latency_model *data = &latency->market_data;
    int64_t arrival_ns = now_ns + entry->constant_ns + data->constant_ns;
    if (entry->spread_ns != 0) arrival_ns += b3_latency_draw(latency->seed, 2 * latency->drawn, entry->spread_ns);
    if (data->spread_ns != 0) arrival_ns += b3_latency_draw(latency->seed, 2 * latency->drawn + 1, data->spread_ns);
    latency->drawn++;
    if (arrival_ns < latency->last_ns) arrival_ns = latency->last_ns;
    latency->last_ns = arrival_ns;
    return arrival_ns;
}
