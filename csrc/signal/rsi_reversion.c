/* RSI reversion: long once the RSI of the closes is down at `lower`, until it is back at `leave`; with allow_short the mirror image
 * around 50: short at 100 - lower, until 100 - leave. Orders are goal.h's.
 */
#include "goal.h"
#include "math/strength.h"
#include "strategies.h"

enum { PERIOD, LOWER, LEAVE, ALLOW_SHORT, SIZING, PARAM_COUNT = SIZING + B3_SIZING_PARAM_COUNT };
enum { SIGNAL_RSI, SIGNAL_COUNT };

typedef struct reversion {
    uint32_t size;
    uint32_t version;
    b3_goal goal;
    b3_sizing sizing;
    b3_strength rsi;
    double enter; /* of the score 50 - rsi */
    double leave;
} reversion;

static const b3_param PARAMS[] = {
    [PERIOD] = {"period", 14, 2, B3_BARS_MAX, "bars", "Wilder's period of the RSI"},
    [LOWER] = {"lower", 30, 0, 50, "rsi", "RSI at or below which a long is opened; a short at or above 100 - lower"},
    [LEAVE] = {"leave", 50, 0, 100, "rsi", "RSI at or above which a long is closed; a short at or below 100 - leave; more than lower"},
    [ALLOW_SHORT] = {"allow_short", 0, 0, 1, "no|yes", "sell first when the RSI is high"},
    B3_SIZING_PARAMS(SIZING, 0.01),
};
static const char *const SIGNALS[] = {[SIGNAL_RSI] = "rsi"};

static int32_t init(void *state, const double *params, const b3_instrument *instrument) {
    reversion *r = state;
    if (!b3_strategy_params_valid(PARAMS, PARAM_COUNT, params) || params[LOWER] >= params[LEAVE]) return B3_ERR_ARGUMENT;
    r->size = sizeof *r;
    r->version = 1;
    r->goal.allow_short = params[ALLOW_SHORT] > 0.0;
    r->enter = 50.0 - params[LOWER];
    r->leave = 50.0 - params[LEAVE];
    if (b3_stream_init(&b3_indicator_rsi, &params[PERIOD], 1, &r->rsi, sizeof r->rsi) != B3_OK) return B3_ERR_ARGUMENT;
    return b3_sizing_init(&r->sizing, &params[SIZING], instrument);
}

static int32_t on_event(void *state, const b3_header *event, const b3_view *view, b3_slot *out, int32_t cap) {
    reversion *r = state;
    const b3_bar *bar = (const b3_bar *)(const void *)event;
    if (!b3_is_own_bar(event)) return 0;
    if (cap < 1 + SIGNAL_COUNT) return B3_ERR_CAPACITY;
    b3_sizing_on_bar(&r->sizing, bar, view->instrument);
    const double rsi = b3_rsi_push(&r->rsi, b3_strategy_price(view->instrument, bar->close_raw));
    if (isnan(rsi)) return 0;
    b3_goal_on_score(&r->goal, 50.0 - rsi, r->enter, r->leave);
    const int32_t count = b3_goal_trade(&r->goal, &r->sizing, view, out);
    return count + b3_strategy_put_signal(&out[count], SIGNAL_RSI, rsi);
}

const b3_strategy b3_strategy_rsi_reversion = {
    .name = "rsi_reversion",
    .text = "long from a low RSI of the closes until it is back in the middle (short from a high one)",
    .abi = B3_STRATEGY_ABI,
    .state_size = sizeof(reversion),
    .param_count = PARAM_COUNT,
    .signal_count = SIGNAL_COUNT,
    .params = PARAMS,
    .signals = SIGNALS,
    .kinds = 1U << B3_BAR,
    .init = init,
    .on_event = on_event,
};
