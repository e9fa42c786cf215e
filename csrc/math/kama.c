#include "kama.h"
#include "finite.h"
#include "kernel.h"

static uint32_t lookback(const double *params) {
    return (uint32_t)params[0];
}

static size_t size(const double *params) {
    return sizeof(b3_adaptive) + ((size_t)params[0] + 1) * sizeof(b3_adaptive_slot);
}

static void restart(b3_adaptive *a, uint32_t period) {
    *a = (b3_adaptive){.before = NAN, .period = period};
    a->slot[0] = (b3_adaptive_slot){0};
    for (uint32_t j = 1; j <= period; ++j) a->slot[j] = (b3_adaptive_slot){NAN, NAN};
}

static void init(void *stream, const double *params) {
    restart(stream, (uint32_t)params[0]);
}

static inline void turn(b3_adaptive *a) {
    double path = 0.0;
    for (uint32_t j = 1; j < a->period; ++j) a->slot[j].path = path += a->slot[j].path;
    a->path = 0.0;
    a->older = a->period;
}

/* Whether there is an output: from the first one on the recursion goes from the sample before it. */
static int is_warm(b3_adaptive *a, double before) {
    if (++a->seen <= a->period) return 0;
    a->seen = (uint64_t)a->period + 2;
    a->value = before;
    return 1;
}

static void update(void *stream, const double *in, double *out) {
    b3_adaptive *a = stream;
    const double x = in[0];
    out[0] = NAN;
    if (!b3_is_finite(x)) {
        restart(a, a->period);
        return;
    }
    if (a->older == 0) turn(a);
    b3_adaptive_slot *slot = a->slot + a->older--;
    const double before = a->before;
    const double change = fabs(x - before);
    const double way = fabs(x - slot->sample);
    *slot = (b3_adaptive_slot){change, x};
    a->before = x;
    a->path += change;
    if (a->seen <= a->period && !is_warm(a, before)) return;
    const double path = slot[-1].path + a->path;
    const double efficiency = way >= path ? 1.0 : way / path;
    const double speed = efficiency * (2.0 / 3.0 - 2.0 / 31.0) + 2.0 / 31.0;
    out[0] = a->value += speed * speed * (x - a->value);
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
