#include "vwap.h"
#include "finite.h"
#include "kernel.h"

static uint32_t lookback(const double *params) {
    return params[0] == 0.0 ? 0 : (uint32_t)params[0] - 1;
}

static size_t size(const double *params) {
    return sizeof(b3_weighted_price) + (params[0] == 0.0 ? 0 : 2 * b3_window_sum_size((uint32_t)params[0]));
}

static void init(void *stream, const double *params) {
    b3_weighted_price *w = stream;
    *w = (b3_weighted_price){.notional_size = params[0] == 0.0 ? 0 : b3_window_sum_size((uint32_t)params[0])};
    if (w->notional_size == 0) return;
    b3_window_sum_init((b3_window_sum *)(void *)w->windows, (uint32_t)params[0]);
    b3_window_sum_init((b3_window_sum *)(void *)(w->windows + w->notional_size), (uint32_t)params[0]);
}

static void update(void *stream, const double *in, double *out) {
    b3_weighted_price *w = stream;
    const double volume = in[3];
    const double notional = (in[0] + in[1] + in[2]) / 3.0 * volume;
    if (w->notional_size == 0) {
        out[0] = NAN;
        if (b3_are_finite(notional, volume)) out[0] = b3_running_sum_push(&w->notional, notional) / b3_running_sum_push(&w->volume, volume);
        return;
    }
    const double sum = b3_window_sum_push((b3_window_sum *)(void *)w->windows, notional);
    out[0] = sum / b3_window_sum_push((b3_window_sum *)(void *)(w->windows + w->notional_size), volume);
}

B3_RUN_IN_PLACE(4, 1)

static const b3_param PARAMS[] = {B3_BARS("timeperiod", 0, 0, "length of the window; 0: from the first sample on")};

const b3_indicator b3_indicator_vwap = {
    .name = "vwap",
    .text = "Volume-weighted average price",
    .formula = "sum(typical * volume) / sum(volume), typical = (high + low + close) / 3",
    .start = "NaN while there was no volume; without a window a NaN or infinite bar is NaN and left out of the sums",
    .source = "S. A. Berkowitz, D. E. Logue, E. A. Noser, The Total Cost of Transactions on the NYSE, Journal of Finance 43, 1988",
    .inputs = "high low close volume",
    .outputs = "vwap",
    .params = PARAMS,
    .input_count = 4,
    .output_count = 1,
    .param_count = B3_COUNT(PARAMS),
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
    .run = run,
};
