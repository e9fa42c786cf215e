#include "kernel.h"
#include "range_position.h"
#include "window_sum.h"

typedef struct stochastic {
    double bars[2];  /* in slowk, and in slowd, which is made of sums of slowk's */
    size_t slowk_at; /* byte offsets of the windows of the sums */
    size_t slowd_at;
    uint8_t data[];
} stochastic;

static uint32_t lookback(const double *params) {
    return (uint32_t)params[0] + (uint32_t)params[1] + (uint32_t)params[2] - 3;
}

static size_t size(const double *params) {
    const size_t averages = b3_window_sum_size((uint32_t)params[1]) + b3_window_sum_size((uint32_t)params[2]);
    return sizeof(stochastic) + b3_range_window_size((uint32_t)params[0]) + averages;
}

static void init(void *stream, const double *params) {
    stochastic *s = stream;
    s->bars[0] = params[1];
    s->bars[1] = params[1] * params[2];
    s->slowk_at = b3_range_window_size((uint32_t)params[0]);
    s->slowd_at = s->slowk_at + b3_window_sum_size((uint32_t)params[1]);
    b3_range_window_init((b3_range_window *)(void *)s->data, (uint32_t)params[0]);
    b3_window_sum_init((b3_window_sum *)(void *)(s->data + s->slowk_at), (uint32_t)params[1]);
    b3_window_sum_init((b3_window_sum *)(void *)(s->data + s->slowd_at), (uint32_t)params[2]);
}

static void update(void *stream, const double *in, double *out) {
    stochastic *s = stream;
    b3_window_sum *slowk = (b3_window_sum *)(void *)(s->data + s->slowk_at);
    b3_window_sum *slowd = (b3_window_sum *)(void *)(s->data + s->slowd_at);
    const b3_range range = b3_range_window_push((b3_range_window *)(void *)s->data, in[0], in[1]);
    const double k = b3_window_sum_push(slowk, b3_range_percent(range, in[2]));
    const double d = b3_window_sum_push(slowd, k);
    b3_lanes_store(out, (b3_lanes){isnan(d) ? NAN : k, d} / b3_lanes_load(s->bars));
}

static const b3_param PARAMS[] = {B3_BARS("fastk_period", 5, 1, "bars of the range"),
                                  B3_BARS("slowk_period", 3, 1, "of the average of fastk"),
                                  B3_BARS("slowd_period", 3, 1, "of the average of slowk")};

const b3_indicator b3_indicator_stoch = {
    .name = "stoch",
    .text = "Stochastic oscillator, slow",
    .formula = "slowk = sma(fastk, slowk_period); slowd = sma(slowk, slowd_period); fastk as in stochf",
    .start = "0 where the range is empty (TA-Lib); both are NaN until slowd is there",
    .source = "G. C. Lane, Lane's Stochastics, Stocks & Commodities 2:3, 1984",
    .inputs = "high low close",
    .outputs = "slowk slowd",
    .params = PARAMS,
    .input_count = 3,
    .output_count = 2,
    .param_count = B3_COUNT(PARAMS),
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
};
