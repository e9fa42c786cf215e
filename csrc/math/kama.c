#include "adaptive.h"
#include "kernel.h"

static uint32_t lookback(const double *params) {
    return (uint32_t)params[0];
}

static size_t size(const double *params) {
    return sizeof(b3_adaptive) + b3_lag_size((uint32_t)params[0]) + b3_window_sum_size((uint32_t)params[0]);
}

static void restart(b3_adaptive *a, uint32_t period) {
    a->seen = 0;
    a->before = NAN;
    b3_lag_init((b3_lag *)(void *)a->data, period);
    b3_window_sum_init((b3_window_sum *)(void *)(a->data + a->changes_at), period);
}

static void init(void *stream, const double *params) {
    b3_adaptive *a = stream;
    a->changes_at = b3_lag_size((uint32_t)params[0]);
    restart(a, (uint32_t)params[0]);
}

static void update(void *stream, const double *in, double *out) {
    b3_adaptive *a = stream;
    b3_lag *samples = (b3_lag *)(void *)a->data;
    out[0] = NAN;
    if (!isfinite(in[0])) {
        restart(a, samples->period);
        return;
    }
    const double before = a->before;
    const double old = b3_lag_push(samples, in[0]);
    a->before = in[0];
    if (++a->seen == 1) return;
    const double path = b3_window_sum_push((b3_window_sum *)(void *)(a->data + a->changes_at), fabs(in[0] - before));
    if (a->seen <= samples->period) return;
    if (a->seen == (uint64_t)samples->period + 1) a->value = before;
    a->seen = (uint64_t)samples->period + 2;
    const double way = fabs(in[0] - old);
    const double efficiency = way >= path ? 1.0 : way / path;
    const double speed = efficiency * (2.0 / 3.0 - 2.0 / 31.0) + 2.0 / 31.0;
    out[0] = a->value += speed * speed * (in[0] - a->value);
}

B3_RUN_IN_PLACE(1, 1)

static const b3_param PARAMS[] = {B3_BARS("timeperiod", 30, 2, "samples of the efficiency ratio")};

const b3_indicator b3_indicator_kama = {
    .name = "kama",
    .text = "Kaufman adaptive moving average",
    .formula = "y[i] = y[i-1] + s^2 * (real[i] - y[i-1]); s = e * (2/3 - 2/31) + 2/31; e = |real[i] - real[i-timeperiod]| / sum(|change|, "
               "timeperiod)",
    .start = "y starts as the sample before the first output; e is 1 where nothing changed",
    .source = "P. J. Kaufman, Smarter Trading, 1995",
    .inputs = "real",
    .outputs = "kama",
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
