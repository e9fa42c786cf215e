#include "kernel.h"
#include "window_sum.h"

typedef struct chain {
    double weights;   /* sum of them */
    size_t second_at; /* byte offset of the second window */
    uint8_t data[];
} chain;

static uint32_t first_period(const double *params) {
    return ((uint32_t)params[0] + 1) / 2;
}

static uint32_t second_period(const double *params) {
    return (uint32_t)params[0] / 2 + 1;
}

static uint32_t lookback(const double *params) {
    return (uint32_t)params[0] - 1;
}

static size_t size(const double *params) {
    return sizeof(chain) + b3_window_sum_size(first_period(params)) + b3_window_sum_size(second_period(params));
}

static void init(void *stream, const double *params) {
    chain *c = stream;
    c->weights = (double)first_period(params) * second_period(params);
    c->second_at = b3_window_sum_size(first_period(params));
    b3_window_sum_init((b3_window_sum *)(void *)c->data, first_period(params));
    b3_window_sum_init((b3_window_sum *)(void *)(c->data + c->second_at), second_period(params));
}

static void update(void *stream, const double *in, double *out) {
    chain *c = stream;
    b3_window_sum *first = (b3_window_sum *)(void *)c->data;
    b3_window_sum *second = (b3_window_sum *)(void *)(c->data + c->second_at);
    out[0] = b3_window_sum_push(second, b3_window_sum_push(first, in[0])) / c->weights;
}

static const b3_param PARAMS[] = {B3_BARS("timeperiod", 30, 1, "length of the window")};

const b3_indicator b3_indicator_trima = {
    .name = "trima",
    .text = "Triangular moving average: weights rise to the middle of the window and fall again",
    .formula = "sma(sma(real, a), b), a + b = timeperiod + 1, a = b or a = b - 1",
    .start = "-",
    .source = "S. B. Achelis, Technical Analysis from A to Z, 1995",
    .inputs = "real",
    .outputs = "trima",
    .params = PARAMS,
    .input_count = 1,
    .output_count = 1,
    .param_count = B3_COUNT(PARAMS),
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
};
