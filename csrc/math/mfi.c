#include "kernel.h"
#include "window_two.h"

typedef struct flow {
    double before;        /* typical price of the bar before */
    b3_window_two window; /* of rising flow, of all flow */
} flow;

static uint32_t lookback(const double *params) {
    return (uint32_t)params[0];
}

static size_t size(const double *params) {
    return offsetof(flow, window) + b3_window_two_size((uint32_t)params[0]);
}

static void init(void *stream, const double *params) {
    flow *f = stream;
    f->before = NAN;
    b3_window_two_init(&f->window, (uint32_t)params[0]);
}

/* No branch on whether the price rises, as nobody can foresee it. Where it is NaN both flows are. */
static void update(void *stream, const double *in, double *out) {
    flow *f = stream;
    const double typical = (in[0] + in[1] + in[2]) / 3.0;
    const double change = typical - f->before;
    const double money = isnan(change) ? NAN : typical * in[3];
    f->before = typical;
    const b3_lanes moves = {change, fabs(change)};
    const b3_lanes sums = b3_window_two_push(&f->window, b3_lanes_where(moves > 0.0, (b3_lanes){1.0, 1.0}) * money);
    out[0] = sums[1] == 0.0 ? 0.0 : 100.0 * sums[0] / sums[1];
}

static const b3_param PARAMS[] = {B3_BARS("timeperiod", 14, 1, "changes")};

const b3_indicator b3_indicator_mfi = {
    .name = "mfi",
    .text = "Money flow index",
    .formula = "100 * sum(flow where typical rose) / sum(flow where it rose or fell), flow = typical * volume, over timeperiod",
    .start = "0 where no money flowed; TA-Lib gives 0 for any flow below 1",
    .source = "G. Quong, A. Soudack, Volume-Weighted RSI: Money Flow, Stocks & Commodities 7:3, 1989",
    .inputs = "high low close volume",
    .outputs = "mfi",
    .params = PARAMS,
    .input_count = 4,
    .output_count = 1,
    .param_count = B3_COUNT(PARAMS),
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
};
