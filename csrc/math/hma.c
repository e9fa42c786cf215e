#include "kernel.h"
#include "window_weighted.h"

typedef struct hull {
    size_t whole_at; /* byte offsets of the second and third window */
    size_t root_at;
    uint8_t data[];
} hull;

static uint32_t root_period(const double *params) {
    return (uint32_t)sqrt(params[0]);
}

static uint32_t lookback(const double *params) {
    return (uint32_t)params[0] - 1 + root_period(params) - 1;
}

static size_t size(const double *params) {
    const uint32_t period = (uint32_t)params[0];
    return sizeof(hull) + b3_window_weighted_size(period / 2) + b3_window_weighted_size(period) +
           b3_window_weighted_size(root_period(params));
}

static void init(void *stream, const double *params) {
    hull *h = stream;
    const uint32_t period = (uint32_t)params[0];
    h->whole_at = b3_window_weighted_size(period / 2);
    h->root_at = h->whole_at + b3_window_weighted_size(period);
    b3_window_weighted_init((b3_window_weighted *)(void *)h->data, period / 2);
    b3_window_weighted_init((b3_window_weighted *)(void *)(h->data + h->whole_at), period);
    b3_window_weighted_init((b3_window_weighted *)(void *)(h->data + h->root_at), root_period(params));
}

static void update(void *stream, const double *in, double *out) {
    hull *h = stream;
    const double half = b3_window_weighted_push((b3_window_weighted *)(void *)h->data, in[0]);
    const double whole = b3_window_weighted_push((b3_window_weighted *)(void *)(h->data + h->whole_at), in[0]);
    out[0] = b3_window_weighted_push((b3_window_weighted *)(void *)(h->data + h->root_at), 2.0 * half - whole);
}

static const b3_param PARAMS[] = {B3_BARS("timeperiod", 30, 2, "length of the window")};

const b3_indicator b3_indicator_hma = {
    .name = "hma",
    .text = "Hull moving average",
    .formula = "wma(2 * wma(real, timeperiod / 2) - wma(real, timeperiod), sqrt(timeperiod)), both rounded down",
    .start = "-",
    .source = "A. Hull, Hull Moving Average, 2005",
    .inputs = "real",
    .outputs = "hma",
    .params = PARAMS,
    .input_count = 1,
    .output_count = 1,
    .param_count = B3_COUNT(PARAMS),
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
};
