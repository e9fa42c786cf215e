#include "kernel.h"
#include "location.h"
#include "window_sum.h"

typedef struct weighted {
    size_t volume_at; /* byte offset of the second window */
    uint8_t data[];
} weighted;

static uint32_t lookback(const double *params) {
    return (uint32_t)params[0] - 1;
}

static size_t size(const double *params) {
    return sizeof(weighted) + 2 * b3_window_sum_size((uint32_t)params[0]);
}

static void init(void *stream, const double *params) {
    weighted *w = stream;
    w->volume_at = b3_window_sum_size((uint32_t)params[0]);
    b3_window_sum_init((b3_window_sum *)(void *)w->data, (uint32_t)params[0]);
    b3_window_sum_init((b3_window_sum *)(void *)(w->data + w->volume_at), (uint32_t)params[0]);
}

static void update(void *stream, const double *in, double *out) {
    weighted *w = stream;
    const double sum = b3_window_sum_push((b3_window_sum *)(void *)w->data, b3_location(in[0], in[1], in[2]) * in[3]);
    out[0] = sum / b3_window_sum_push((b3_window_sum *)(void *)(w->data + w->volume_at), in[3]);
}

static const b3_param PARAMS[] = {B3_BARS("timeperiod", 20, 1, "length of the window")};

const b3_indicator b3_indicator_cmf = {
    .name = "cmf",
    .text = "Chaikin money flow",
    .formula = "sum(location * volume, timeperiod) / sum(volume, timeperiod), location = ((close - low) - (high - close)) / (high - low)",
    .start = "NaN where the window holds no volume; location is 0 where high = low",
    .source = "M. Chaikin; C. D. Kirkpatrick, J. R. Dahlquist, Technical Analysis, 2006",
    .inputs = "high low close volume",
    .outputs = "cmf",
    .params = PARAMS,
    .input_count = 4,
    .output_count = 1,
    .param_count = B3_COUNT(PARAMS),
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
};
