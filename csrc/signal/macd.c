/* MACD: long after the macd line of the closes crosses above its signal line; flat, or short, after it crosses below. Orders are goal.h's.
 */
#include "math/macd.h"
#include "goal.h"
#include "strategies.h"

enum { FAST, SLOW, SIGNAL, ALLOW_SHORT, SIZING, PARAM_COUNT = SIZING + B3_SIZING_PARAM_COUNT };
enum { SIGNAL_MACD, SIGNAL_LINE, SIGNAL_HIST, SIGNAL_COUNT };

typedef struct momentum {
    uint32_t size;
    uint32_t version;
    b3_goal goal;
    b3_sizing sizing;
    b3_crossing macd;
} momentum;

static const b3_param PARAMS[] = {
    [FAST] = {"fast", 12, 2, B3_BARS_MAX, "bars", "period of the fast EMA"},
    [SLOW] = {"slow", 26, 3, B3_BARS_MAX, "bars", "period of the slow EMA; more than fast"},
    [SIGNAL] = {"signal", 9, 1, B3_BARS_MAX, "bars", "period of the EMA of macd, the signal line"},
    [ALLOW_SHORT] = {"allow_short", 0, 0, 1, "no|yes", "go short on a cross below, instead of flat"},
    B3_SIZING_PARAMS(SIZING, 0.01),
};
static const char *const SIGNALS[] = {[SIGNAL_MACD] = "macd", [SIGNAL_LINE] = "macd_signal", [SIGNAL_HIST] = "macd_hist"};

static int32_t init(void *state, const double *params, const b3_instrument *instrument) {
    momentum *m = state;
    if (!b3_strategy_params_valid(PARAMS, PARAM_COUNT, params) || params[FAST] >= params[SLOW]) return B3_ERR_ARGUMENT;
    const double macd[] = {params[FAST], params[SLOW], params[SIGNAL]};
    m->size = sizeof *m;
    m->version = 1;
    m->goal.allow_short = params[ALLOW_SHORT] > 0.0;
    if (b3_stream_init(&b3_indicator_macd, macd, 3, &m->macd, sizeof m->macd) != B3_OK) return B3_ERR_ARGUMENT;
    return b3_sizing_init(&m->sizing, &params[SIZING], instrument);
}

static int32_t on_event(void *state, const b3_header *event, const b3_view *view, b3_slot *out, int32_t cap) {
    momentum *m = state;
    const b3_bar *bar = (const b3_bar *)(const void *)event;
    if (!b3_is_own_bar(event)) return 0;
    if (cap < 1 + SIGNAL_COUNT) return B3_ERR_CAPACITY;
    b3_sizing_on_bar(&m->sizing, bar, view->instrument);
    const double close = b3_strategy_price(view->instrument, bar->close_raw);
    double lines[SIGNAL_COUNT]; /* in the order of the signals */
    b3_indicator_macd.update(&m->macd, &close, lines);
    if (isnan(lines[SIGNAL_LINE])) return 0;
    b3_goal_on_cross(&m->goal, lines[SIGNAL_MACD], lines[SIGNAL_LINE]);
    int32_t count = b3_goal_trade(&m->goal, &m->sizing, view, out);
    for (uint32_t i = 0; i < SIGNAL_COUNT; ++i) count += b3_strategy_put_signal(&out[count], i, lines[i]);
    return count;
}

const b3_strategy b3_strategy_macd = {
    .name = "macd",
    .text = "long while the MACD of the closes is above its signal line, else flat (or short)",
    .abi = B3_STRATEGY_ABI,
    .state_size = sizeof(momentum),
    .param_count = PARAM_COUNT,
    .signal_count = SIGNAL_COUNT,
    .params = PARAMS,
    .signals = SIGNALS,
    .kinds = 1U << B3_BAR,
    .init = init,
    .on_event = on_event,
};
