#include <string.h>

#include "finite.h"
#include "kernel.h"
#include "larger.h"
#include "sar.h"

static uint32_t lookback(const double *params) {
    (void)params;
    return 1;
}

static size_t size(const double *params) {
    (void)params;
    return sizeof(b3_parabola);
}

static void init(void *stream, const double *params) {
    const double step = params[0] < params[1] ? params[0] : params[1];
    *(b3_parabola *)stream = (b3_parabola){.step = step, .factor_max = params[1], .faster = {0.0, step}, .high = NAN, .low = NAN};
}

/* The first direction is that of the larger movement between the first two bars, up if they are equal. */
static void begin(b3_parabola *p, double high, double low) {
    const double down = p->low - low;
    const int falls = down > 0.0 && high - p->high < down;
    p->started = 1;
    p->rises = falls ? -1.0 : 1.0;
    p->factor = p->step;
    p->extreme = falls ? -low : high;
    p->stop = falls ? p->high : -p->low;
    p->high = high;
    p->low = low;
}

/* Whether a trend goes on with this bar: false while there is none, and for bars that are not finite. */
__attribute__((noinline, cold)) static int goes_on(b3_parabola *p, double high, double low) {
    if (!isfinite(high) || !isfinite(low) || isnan(p->high)) {
        p->started = 0;
        p->high = isfinite(low) ? high : NAN;
        p->high = isfinite(high) ? p->high : NAN;
        p->low = low;
        return 0;
    }
    if (!p->started) begin(p, high, low);
    return 1;
}

/* Whether the trend falls, and whether the bar goes further, nobody can foresee, so there is no branch on them; few bars
 * turn. */
static void update(void *stream, const double *in, double *out) {
    b3_parabola *p = stream;
    const double high = in[0];
    const double low = in[1];
    if ((p->started == 0 || !b3_is_finite(high - low)) && !goes_on(p, high, low)) {
        out[0] = NAN;
        return;
    }
    const double up = p->rises;
    const double down = -up;
    uint64_t falls;
    memcpy(&falls, &p->rises, sizeof falls);
    falls >>= 63;
    const double ahead = up * in[falls];
    const double behind = down * in[falls ^ 1];
    const double stop = p->stop;
    const double reached = b3_larger(ahead, p->extreme);
    const double factor = b3_smaller(p->factor + p->faster[ahead > p->extreme], p->factor_max);
    if (__builtin_expect(stop <= behind, 0)) {
        const double ahead_before = up * p->bar[falls];
        const double from = b3_larger(reached, ahead_before);
        p->stop = b3_larger(from - p->step * (behind + from), b3_larger(ahead, ahead_before));
        p->extreme = behind;
        p->factor = p->step;
        p->rises = down;
        out[0] = up * from;
    } else {
        p->stop = b3_larger(stop - factor * (reached + stop), b3_larger(behind, down * p->bar[falls ^ 1]));
        p->extreme = reached;
        p->factor = factor;
        out[0] = down * stop;
    }
    p->high = high;
    p->low = low;
}

B3_RUN(b3_parabola, 2, 1)

static const b3_param PARAMS[] = {{"acceleration", 0.02, 0, 1e6, "", "first factor, and what each new extreme adds"},
                                  {"maximum", 0.2, 0, 1e6, "", "greatest factor"}};

const b3_indicator b3_indicator_sar = {
    .name = "sar",
    .text = "Parabolic stop and reverse (Wilder)",
    .formula = "sar += factor * (extreme - sar), held outside the last two bars; turns when the price touches it",
    .start = "starts on the second bar, in the direction of the larger movement to it (TA-Lib)",
    .source = "J. W. Wilder, New Concepts in Technical Trading Systems, 1978",
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
