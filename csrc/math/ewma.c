#include "ewma.h"
#include "kernel.h"

static uint32_t lookback(const double *params) {
    (void)params;
    return 0;
}

static size_t size(const double *params) {
    (void)params;
    return sizeof(b3_weighted_mean);
}

static void init(void *stream, const double *params) {
    b3_weighted_mean_init(stream, params[0], params[1] != 0.0);
}

static void update(void *stream, const double *in, double *out) {
    out[0] = b3_weighted_mean_push(stream, in[0]);
}

B3_RUN(b3_weighted_mean, 1, 1)

static const b3_param PARAMS[] = {{"decay", 0.94, 0, 0.999999999, "", "weight of the past, 0 .. 1"},
                                  {"adjust", 0, 0, 1, "no|yes", "divide by the weights there are, as for a short history"}};

const b3_indicator b3_indicator_ewma = {
    .name = "ewma",
    .text = "Exponentially weighted mean with a given decay",
    .formula = "y[i] = decay * y[i-1] + (1 - decay) * real[i]; adjust=yes: sum(decay^j * real[i-j]) / sum(decay^j)",
    .start = "y[0] = real[0]; a NaN or infinite sample gives NaN and starts it anew",
    .source = "S. W. Roberts, Control Chart Tests Based on Geometric Moving Averages, Technometrics 1, 1959",
    .inputs = "real",
    .outputs = "ewma",
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
