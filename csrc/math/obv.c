#include "obv.h"
#include "finite.h"
#include "kernel.h"

static uint32_t lookback(const double *params) {
    (void)params;
    return 0;
}

static size_t size(const double *params) {
    (void)params;
    return sizeof(b3_volume_balance);
}

static void init(void *stream, const double *params) {
    (void)params;
    *(b3_volume_balance *)stream = (b3_volume_balance){.before = -INFINITY};
}

static void update(void *stream, const double *in, double *out) {
    b3_volume_balance *b = stream;
    const double price = in[0];
    const double volume = in[1];
    if (!b3_are_finite(price, volume)) {
        out[0] = NAN;
        return;
    }
    const double sign = (double)((price > b->before) - (price < b->before));
    b->before = price;
    out[0] = b3_running_sum_push(&b->sum, sign * volume);
}

B3_RUN(b3_volume_balance, 2, 1)

const b3_indicator b3_indicator_obv = {
    .name = "obv",
    .text = "On-balance volume",
    .formula = "y[i] = y[i-1] + volume where real rose, - volume where it fell",
    .start = "y[0] = volume[0] (TA-Lib). A NaN or infinite bar gives NaN and is left out",
    .source = "J. E. Granville, Granville's New Key to Stock Market Profits, 1963",
    .inputs = "real volume",
    .outputs = "obv",
    .params = NULL,
    .input_count = 2,
    .output_count = 1,
    .param_count = 0,
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
    .run = run,
};
