#include "kernel.h"

typedef struct weighted_mean {
    double decay;
    double value;
    double weight; /* adjust=yes: sum of decay^j so far; 0: nothing seen since the start or a restart */
    uint64_t adjust;
} weighted_mean;

static uint32_t lookback(const double *params) {
    (void)params;
    return 0;
}

static size_t size(const double *params) {
    (void)params;
    return sizeof(weighted_mean);
}

static void init(void *stream, const double *params) {
    *(weighted_mean *)stream = (weighted_mean){.decay = params[0], .adjust = params[1] != 0.0};
}

static void update(void *stream, const double *in, double *out) {
    weighted_mean *w = stream;
    if (!isfinite(in[0])) {
        w->weight = 0.0;
        out[0] = NAN;
        return;
    }
    if (w->weight == 0.0) w->value = in[0];
    w->weight = w->adjust ? w->decay * w->weight + 1.0 : 1.0;
    const double gain = w->adjust ? 1.0 / w->weight : 1.0 - w->decay;
    out[0] = w->value += gain * (in[0] - w->value);
}

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
};
