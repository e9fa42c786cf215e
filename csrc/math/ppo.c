#include "ppo.h"
#include "kernel.h"

static uint32_t slower(const double *params) {
    return (uint32_t)fmax(params[0], params[1]);
}

static uint32_t faster(const double *params) {
    return (uint32_t)fmin(params[0], params[1]);
}

static uint32_t lookback(const double *params) {
    return slower(params) - 1;
}

static size_t size(const double *params) {
    return sizeof(b3_price_oscillator) + b3_window_sum_size(faster(params)) + b3_window_sum_size(slower(params));
}

static void init(void *stream, const double *params) {
    b3_price_oscillator *a = stream;
    a->is_ema = params[2] != 0.0;
    a->slow_at = b3_window_sum_size(faster(params));
    b3_ema_init(&a->ema, faster(params), (int)params[3]);
    b3_ema_init(&a->slow_ema, slower(params), (int)params[3]);
    b3_window_sum_init((b3_window_sum *)(void *)a->data, faster(params));
    b3_window_sum_init((b3_window_sum *)(void *)(a->data + a->slow_at), slower(params));
}

static b3_smooth_values means_push(b3_price_oscillator *a, double x) {
    b3_window_sum *fast = (b3_window_sum *)(void *)a->data;
    b3_window_sum *slow = (b3_window_sum *)(void *)(a->data + a->slow_at);
    return (b3_smooth_values){b3_window_mean_push(fast, x), b3_window_mean_push(slow, x)};
}

static double percent(b3_smooth_values fast_and_slow) {
    const double slow = fast_and_slow.second;
    return slow == 0.0 ? 0.0 : 100.0 * (fast_and_slow.first - slow) / slow;
}

static void update(void *stream, const double *in, double *out) {
    b3_price_oscillator *a = stream;
    out[0] = a->is_ema ? percent(b3_smooth_push_two(&a->ema, in[0], &a->slow_ema, in[0])) : percent(means_push(a, in[0]));
}

B3_RUN_IN_PLACE(1, 1)

static const b3_param PARAMS[] = {B3_BARS("fastperiod", 12, 2, "of the fast average"),
                                  B3_BARS("slowperiod", 26, 2, "of the slow average; the two are swapped when this is the smaller"),
                                  {"matype", 1, 0, 1, "sma|ema", "kind of average"},
                                  B3_SEED_PARAM};

const b3_indicator b3_indicator_ppo = {
    .name = "ppo",
    .text = "Percentage price oscillator",
    .formula = "100 * (ma(real, fastperiod) - ma(real, slowperiod)) / ma(real, slowperiod)",
    .start = "0 where the slow average is 0 (TA-Lib)",
    .source = "S. B. Achelis, Technical Analysis from A to Z, 1995 (price oscillator)",
    .inputs = "real",
    .outputs = "ppo",
    .params = PARAMS,
    .input_count = 1,
    .output_count = 1,
    .param_count = B3_COUNT(PARAMS),
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
    .run = run,
};
