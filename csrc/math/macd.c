#include "macd.h"
#include "kernel.h"

static uint32_t slower(const double *params) {
    return (uint32_t)(params[0] > params[1] ? params[0] : params[1]);
}

static uint32_t faster(const double *params) {
    return (uint32_t)(params[0] > params[1] ? params[1] : params[0]);
}

static uint32_t lookback(const double *params) {
    return slower(params) - 1 + (uint32_t)params[2] - 1;
}

static size_t size(const double *params) {
    (void)params;
    return sizeof(b3_crossing);
}

static void init(void *stream, const double *params) {
    b3_crossing *c = stream;
    const int seed = (int)params[3];
    *c = (b3_crossing){.skip = seed == B3_SEED_SMA ? slower(params) - faster(params) : 0};
    b3_ema_init(&c->fast, faster(params), seed);
    b3_ema_init(&c->slow, slower(params), seed);
    b3_ema_init(&c->signal, (uint32_t)params[2], seed);
}

/* 0: an average is not warm, or x not finite; nothing has changed. */
static inline int push_warm(b3_crossing *c, double x, double *out) {
    const double slow = b3_smooth_next(&c->slow, x);
    const double fast = b3_smooth_next(&c->fast, x);
    const double macd = fast - slow;
    const double signal = b3_smooth_next(&c->signal, macd);
    if (!b3_is_finite(signal)) return 0;
    c->slow.value = slow;
    c->fast.value = fast;
    c->signal.value = signal;
    out[0] = macd;
    out[1] = signal;
    out[2] = macd - signal;
    return 1;
}

static void update(void *stream, const double *in, double *out) {
    b3_crossing *c = stream;
    if (push_warm(c, in[0], out)) return;
    const double slow = b3_smooth_push(&c->slow, in[0]);
    if (c->slow.seen == 0) c->skipped = 0;
    const int skips = c->slow.seen != 0 && c->skipped < c->skip;
    c->skipped += (uint32_t)skips;
    const double macd = skips ? NAN : b3_smooth_push(&c->fast, in[0]) - slow;
    const double signal = b3_smooth_push(&c->signal, macd);
    out[0] = isnan(signal) ? NAN : macd;
    out[1] = signal;
    out[2] = macd - signal;
}

B3_RUN(b3_crossing, 1, 3)

static const b3_param PARAMS[] = {
    B3_BARS("fastperiod", 12, 2, "of the fast average"),
    B3_BARS("slowperiod", 26, 2, "of the slow average; the two are swapped when this is the smaller"),
    B3_BARS("signalperiod", 9, 1, "of the average of macd"),
    B3_SEED_PARAM,
};

const b3_indicator b3_indicator_macd = {
    .name = "macd",
    .text = "Moving average convergence/divergence",
    .formula = "macd = ema(real, fastperiod) - ema(real, slowperiod); macdsignal = ema(macd, signalperiod); macdhist = macd - macdsignal",
    .start =
        "as TA-Lib, the fast average starts as the mean of the fastperiod samples up to number slowperiod, so that both averages start "
        "on the same sample; all three are NaN until the signal is there",
    .source = "G. Appel, The Moving Average Convergence-Divergence Method, 1979",
    .inputs = "real",
    .outputs = "macd macdsignal macdhist",
    .params = PARAMS,
    .input_count = 1,
    .output_count = 3,
    .param_count = B3_COUNT(PARAMS),
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
    .run = run,
};
