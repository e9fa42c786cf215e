#include "ewma_covariance.h"
#include "finite.h"
#include "kernel.h"

static uint32_t lookback(const double *params) {
    (void)params;
    return 0;
}

static size_t size(const double *params) {
    (void)params;
    return sizeof(b3_weighted_covariance);
}

static void init(void *stream, const double *params) {
    *(b3_weighted_covariance *)stream =
        (b3_weighted_covariance){.decay = params[0], .adjust = params[1] != 0.0, .zero_mean = params[2] != 0.0};
}

static void update(void *stream, const double *in, double *out) {
    b3_weighted_covariance *w = stream;
    if (!b3_are_finite(in[0], in[1])) {
        w->weight = 0.0;
        out[0] = NAN;
        return;
    }
    if (w->weight == 0.0) {
        w->mean[0] = w->zero_mean ? 0.0 : in[0];
        w->mean[1] = w->zero_mean ? 0.0 : in[1];
        w->value = w->zero_mean ? in[0] * in[1] : 0.0;
    }
    w->weight = w->adjust ? w->decay * w->weight + 1.0 : 1.0;
    const double gain = w->adjust ? 1.0 / w->weight : 1.0 - w->decay;
    const double product = (in[0] - w->mean[0]) * (in[1] - w->mean[1]);
    if (w->zero_mean) {
        w->value += gain * (product - w->value);
    } else {
        w->value = (1.0 - gain) * (w->value + gain * product);
        for (int i = 0; i < 2; ++i) w->mean[i] += gain * (in[i] - w->mean[i]);
    }
    out[0] = w->value;
}

static const b3_param PARAMS[] = {
    {"decay", 0.94, 0, 0.999999999, "", "weight of the past, 0 .. 1"},
    {"adjust", 0, 0, 1, "no|yes", "divide by the weights there are, as for a short history"},
    {"mean", 0, 0, 1, "weighted|zero", "what deviations are from: the weighted means, or 0 (RiskMetrics, for returns)"}};

const b3_indicator b3_indicator_ewma_covariance = {
    .name = "ewma_covariance",
    .text = "Exponentially weighted covariance with a given decay",
    .formula = "c[i] = decay * (c[i-1] + (1 - decay) * (x[i] - mean x[i-1]) * (y[i] - mean y[i-1])), means as ewma; "
               "mean=zero: ewma(x * y)",
    .start = "c[0] = 0 (mean=zero: x[0] * y[0]); a sample with a NaN or infinity gives NaN and starts it anew",
    .source = "T. Finch, Incremental Calculation of Weighted Mean and Variance, 2009; mean=zero: J.P. Morgan, RiskMetrics Technical "
              "Document, 1996",
    .inputs = "real0 real1",
    .outputs = "covariance",
    .params = PARAMS,
    .input_count = 2,
    .output_count = 1,
    .param_count = B3_COUNT(PARAMS),
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
};
