#include "kernel.h"

typedef struct parabola {
    double step;
    double factor_max;
    double factor;
    double extreme;
    double sar;
    double high; /* of the bar before; NaN: none */
    double low;
    uint32_t started;
    uint32_t is_long;
} parabola;

static uint32_t lookback(const double *params) {
    (void)params;
    return 1;
}

static size_t size(const double *params) {
    (void)params;
    return sizeof(parabola);
}

static void init(void *stream, const double *params) {
    const double step = params[0] < params[1] ? params[0] : params[1];
    *(parabola *)stream = (parabola){.step = step, .factor_max = params[1], .high = NAN, .low = NAN};
}

/* The first direction is that of the larger movement between the first two bars, up if they are equal. */
static void begin(parabola *p, double high, double low) {
    const double down = p->low - low;
    p->started = 1;
    p->is_long = !(down > 0.0 && high - p->high < down);
    p->factor = p->step;
    p->extreme = p->is_long ? high : low;
    p->sar = p->is_long ? p->low : p->high;
    p->high = high;
    p->low = low;
}

/* Next stop, never inside the last two bars. Longs; shorts are the same with all signs changed. */
static double advance(double sar, double factor, double extreme, double low, double low_before) {
    const double next = sar + factor * (extreme - sar);
    return fmin(next, fmin(low, low_before));
}

static double step_long(parabola *p, double high, double low) {
    double shown = p->sar;
    if (low <= p->sar) {
        p->is_long = 0;
        shown = fmax(p->extreme, fmax(p->high, high));
        p->factor = p->step;
        p->extreme = low;
        p->sar = -advance(-shown, p->factor, -p->extreme, -high, -p->high);
        return shown;
    }
    if (high > p->extreme) {
        p->extreme = high;
        p->factor = fmin(p->factor + p->step, p->factor_max);
    }
    p->sar = advance(p->sar, p->factor, p->extreme, low, p->low);
    return shown;
}

static void mirror(parabola *p) {
    const double high = p->high;
    p->high = -p->low;
    p->low = -high;
    p->sar = -p->sar;
    p->extreme = -p->extreme;
    p->is_long = !p->is_long;
}

static void update(void *stream, const double *in, double *out) {
    parabola *p = stream;
    const double high = in[0];
    const double low = in[1];
    out[0] = NAN;
    if (!isfinite(high) || !isfinite(low) || isnan(p->high)) {
        p->started = 0;
        p->high = isfinite(low) ? high : NAN;
        p->high = isfinite(high) ? p->high : NAN;
        p->low = low;
        return;
    }
    if (!p->started) begin(p, high, low);
    if (p->is_long) {
        out[0] = step_long(p, high, low);
    } else {
        mirror(p);
        out[0] = -step_long(p, -low, -high);
        mirror(p);
    }
    p->high = high;
    p->low = low;
}

B3_RUN(parabola, 2, 1)

static const b3_param PARAMS[] = {{"acceleration", 0.02, 0, 1e6, "", "first factor, and what each new extreme adds"},
                                  {"maximum", 0.2, 0, 1e6, "", "greatest factor"}};

const b3_indicator b3_indicator_sar = {
    .name = "sar",
    .text = "Parabolic stop and reverse (Wilder)",
    .formula = "sar += factor * (extreme - sar), held outside the last two bars; turns when the price touches it",
    .start = "starts on the second bar, in the direction of the larger movement to it (TA-Lib)",
    .inputs = "high low",
    .outputs = "sar",
    .params = PARAMS,
    .input_count = 2,
    .output_count = 1,
    .param_count = B3_COUNT(PARAMS),
    .lookback = lookback,
    .size = size,
    .init = init,
    .update = update,
    .run = run,
};
