#include "kernel.h"
#include "range_position.h"
#include "window_sum.h"

typedef struct stochastic {
    size_t average_at; /* byte offset of the window of the average */
    uint8_t data[];
} stochastic;

static uint32_t lookback(const double *params) {
    return (uint32_t)params[0] - 1 + (uint32_t)params[1] - 1;
}

static size_t size(const double *params) {
    return sizeof(stochastic) + b3_range_window_size((uint32_t)params[0]) + b3_window_sum_size((uint32_t)params[1]);
}

static void init(void *stream, const double *params) {
    stochastic *s = stream;
    s->average_at = b3_range_window_size((uint32_t)params[0]);
    b3_range_window_init((b3_range_window *)(void *)s->data, (uint32_t)params[0]);
    b3_window_sum_init((b3_window_sum *)(void *)(s->data + s->average_at), (uint32_t)params[1]);
}

static void update(void *stream, const double *in, double *out) {
    stochastic *s = stream;
    b3_window_sum *average = (b3_window_sum *)(void *)(s->data + s->average_at);
    const b3_range range = b3_range_window_push((b3_range_window *)(void *)s->data, in[0], in[1]);
    const double fastk = b3_range_percent(range, in[2]);
    out[1] = b3_window_mean_push(average, fastk);
    out[0] = isnan(out[1]) ? NAN : fastk;
}

static const b3_param PARAMS[] = {B3_BARS("fastk_period", 5, 1, "bars of the range"),
                                  B3_BARS("fastd_period", 3, 1, "of the average of fastk")};

const b3_indicator b3_indicator_stochf = {
    .name = "stochf",
    .text = "Stochastic oscillator, fast",
    .formula = "fastk = 100 * (close - min(low)) / (max(high) - min(low)) over fastk_period; fastd = sma(fastk, fastd_period)",
    .start = "0 where the range is empty (TA-Lib); both are NaN until fastd is there",
    .source = "G. C. Lane, Lane's Stochastics, Stocks & Commodities 2:3, 1984",
    .inputs = "high low close",
    .outputs = "fastk fastd",
    .params = PARAMS,
    .input_count = 3,
    .output_count = 2,
    .param_count = B3_COUNT(PARAMS),
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
};
