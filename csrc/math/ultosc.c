#include "kernel.h"
#include "true_range.h"
#include "window_two.h"

typedef struct pressure {
    double close;
    size_t at[3]; /* byte offsets of windows of pressure and range */
    uint8_t data[];
} pressure;

static void sorted(const double *params, uint32_t *periods) {
    const double low = fmin(fmin(params[0], params[1]), params[2]);
    const double high = fmax(fmax(params[0], params[1]), params[2]);
    periods[0] = (uint32_t)low;
    periods[1] = (uint32_t)(params[0] + params[1] + params[2] - low - high);
    periods[2] = (uint32_t)high;
}

static uint32_t lookback(const double *params) {
    return (uint32_t)fmax(fmax(params[0], params[1]), params[2]);
}

static size_t size(const double *params) {
    size_t bytes = sizeof(pressure);
    for (int i = 0; i < 3; ++i) bytes += b3_window_two_size((uint32_t)params[i]);
    return bytes;
}

static void init(void *stream, const double *params) {
    pressure *p = stream;
    uint32_t periods[3];
    sorted(params, periods);
    p->close = NAN;
    size_t at = 0;
    for (int i = 0; i < 3; ++i) {
        p->at[i] = at;
        b3_window_two_init((b3_window_two *)(void *)(p->data + at), periods[i]);
        at += b3_window_two_size(periods[i]);
    }
}

static inline b3_lanes sums_of(pressure *p, int window, b3_lanes both) {
    return b3_window_two_push((b3_window_two *)(void *)(p->data + p->at[window]), both);
}

/* Two divisions in one, as a divider takes as long for one. */
static void update(void *stream, const double *in, double *out) {
    pressure *p = stream;
    const double range = b3_true_range(in[0], in[1], p->close);
    const double low = in[1] < p->close ? in[1] : p->close; /* no fmin: it is a call */
    const double gained = isnan(range) ? NAN : in[2] - low;
    const b3_lanes both = {gained, range};
    const b3_lanes first = sums_of(p, 0, both);
    const b3_lanes second = sums_of(p, 1, both);
    const b3_lanes third = sums_of(p, 2, both);
    const b3_lanes ranges = {first[1], second[1]};
    const b3_lanes weighted = b3_lanes_where(ranges != 0.0, (b3_lanes){4.0, 2.0} * (b3_lanes){first[0], second[0]} / ranges);
    const b3_lanes last = b3_lanes_where((b3_lanes){third[1]} != 0.0, (b3_lanes){third[0]} / (b3_lanes){third[1], 1.0});
    p->close = in[2];
    out[0] = (100.0 / 7.0) * (weighted[0] + weighted[1] + last[0]);
}

static const b3_param PARAMS[] = {B3_BARS("timeperiod1", 7, 1, "one of three periods; their order does not matter"),
                                  B3_BARS("timeperiod2", 14, 1, ""), B3_BARS("timeperiod3", 28, 1, "")};

const b3_indicator b3_indicator_ultosc = {
    .name = "ultosc",
    .text = "Ultimate oscillator (Williams)",
    .formula = "100 * (4 * a1 + 2 * a2 + a3) / 7, a = sum(close - true low) / sum(true range) over each period, shortest first",
    .start = "a window in which nothing moved counts 0 (TA-Lib)",
    .source = "L. Williams, The Ultimate Oscillator, Stocks & Commodities 3:4, 1985",
    .inputs = "high low close",
    .outputs = "ultosc",
    .params = PARAMS,
    .input_count = 3,
    .output_count = 1,
    .param_count = B3_COUNT(PARAMS),
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
};
