#include "kernel.h"
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
    const double sum = b3_window_sum_push((b3_window_sum *)(void *)w->data, in[0] * in[1]);
    out[0] = sum / b3_window_sum_push((b3_window_sum *)(void *)(w->data + w->volume_at), in[1]);
}

static const b3_param PARAMS[] = {B3_BARS("timeperiod", 30, 1, "length of the window")};

const b3_indicator b3_indicator_vwma = {
    .name = "vwma",
    .text = "Volume-weighted moving average",
    .formula = "sum(real * volume, timeperiod) / sum(volume, timeperiod)",
    .start = "NaN where the window holds no volume",
    .source = "B. Dormeier, Buff Up Your Moving Averages, Stocks & Commodities 19:2, 2001",
    .inputs = "real volume",
    .outputs = "vwma",
    .params = PARAMS,
    .input_count = 2,
    .output_count = 1,
    .param_count = B3_COUNT(PARAMS),
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
};
