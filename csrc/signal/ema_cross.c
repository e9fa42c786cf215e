/* Moving-average cross: long after the fast EMA of the bars' closes crosses above the slow one; flat, or short, after it crosses below.
 * Orders are goal.h's.
 */
#include "goal.h"
#include "strategies.h"

enum { FAST, SLOW, ALLOW_SHORT, SIZING, PARAM_COUNT = SIZING + B3_SIZING_PARAM_COUNT };
enum { SIGNAL_FAST, SIGNAL_SLOW, SIGNAL_COUNT };

typedef struct cross {
    uint32_t size;
    uint32_t version;
    b3_goal goal;
    b3_sizing sizing;
    b3_smooth fast;
    b3_smooth slow;
} cross;

static const b3_param PARAMS[] = {
    [FAST] = {"fast", 12, 1, 100000, "bars", "period of the fast EMA"},
    [SLOW] = {"slow", 26, 2, 100000, "bars", "period of the slow EMA; more than fast"},
    [ALLOW_SHORT] = {"allow_short", 0, 0, 1, "no|yes", "go short on a cross below, instead of flat"},
    B3_SIZING_PARAMS(SIZING, 0.01),
};
static const char *const SIGNALS[] = {[SIGNAL_FAST] = "ema_fast", [SIGNAL_SLOW] = "ema_slow"};

static int32_t init(void *state, const double *params, const b3_instrument *instrument) {
    cross *c = state;
    if (!b3_strategy_params_valid(PARAMS, PARAM_COUNT, params) || params[FAST] >= params[SLOW]) return B3_ERR_ARGUMENT;
    c->size = sizeof *c;
    c->version = 1;
    c->goal.allow_short = params[ALLOW_SHORT] > 0.0;
    b3_ema_init(&c->fast, (uint32_t)params[FAST], B3_SEED_SMA);
    b3_ema_init(&c->slow, (uint32_t)params[SLOW], B3_SEED_SMA);
    return b3_sizing_init(&c->sizing, &params[SIZING], instrument);
}

static int32_t on_event(void *state, const b3_header *event, const b3_view *view, b3_slot *out, int32_t cap) {
    cross *c = state;
    const b3_bar *bar = (const b3_bar *)(const void *)event;
    if (!b3_is_own_bar(event)) return 0;
    if (cap < 1 + SIGNAL_COUNT) return B3_ERR_CAPACITY;
    b3_sizing_on_bar(&c->sizing, bar, view->instrument);
    const double close = b3_strategy_price(view->instrument, bar->close_raw);
    const double fast = b3_smooth_push(&c->fast, close);
    const double slow = b3_smooth_push(&c->slow, close);
    if (isnan(slow)) return 0;
    b3_goal_on_cross(&c->goal, fast, slow);
    int32_t count = b3_goal_trade(&c->goal, &c->sizing, view, out);
    count += b3_strategy_put_signal(&out[count], SIGNAL_FAST, fast);
    count += b3_strategy_put_signal(&out[count], SIGNAL_SLOW, slow);
    return count;
}

const b3_strategy b3_strategy_ema_cross = {
    .name = "ema_cross",
    .text = "long while the fast EMA of the closes is above the slow one, else flat (or short)",
    .abi = B3_STRATEGY_ABI,
    .state_size = sizeof(cross),
    .param_count = PARAM_COUNT,
    .signal_count = SIGNAL_COUNT,
    .params = PARAMS,
    .signals = SIGNALS,
    .kinds = 1U << B3_BAR,
    .init = init,
    .on_event = on_event,
};
