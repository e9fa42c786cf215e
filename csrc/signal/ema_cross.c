/* Moving-average cross: long after the fast EMA of the bars' closes crosses above the slow one; flat, or short, after it crosses below.
 *
 * The first bar on which both averages are known only says which one is above. An entry is tried once, at the cross (or as soon as no
 * order of ours is open); an exit is tried on every bar until the position is gone. Only our own bars count, not the venue's klines.
 */
#include <math.h>

#include "base/money.h"
#include "math/smooth.h"
#include "order_size.h"
#include "strategies.h"

enum { FAST, SLOW, QTY, ALLOW_SHORT, PARAM_COUNT };
enum { SIGNAL_FAST, SIGNAL_SLOW, SIGNAL_COUNT };

typedef struct cross {
    uint32_t size;
    uint32_t version;
    b3_smooth fast;
    b3_smooth slow;
    int64_t qty_raw;
    int64_t target_raw; /* position that the last cross asks for */
    int32_t above;      /* 1: fast above slow, -1: below, 0: not known yet */
    uint8_t allow_short;
    uint8_t entry_due; /* a cross asked for a position, and no order was sent for it yet */
    uint8_t reserved[2];
} cross;

static const b3_param PARAMS[] = {
    [FAST] = {"fast", 12, 1, 100000, "bars", "period of the fast EMA"},
    [SLOW] = {"slow", 26, 2, 100000, "bars", "period of the slow EMA; more than fast"},
    [QTY] = {"qty", 0.01, 0, 1e9, "base", "size of a position; rounded down to the lot"},
    [ALLOW_SHORT] = {"allow_short", 0, 0, 1, "no|yes", "go short on a cross below, instead of flat"},
};
static const char *const SIGNALS[] = {[SIGNAL_FAST] = "ema_fast", [SIGNAL_SLOW] = "ema_slow"};

static int32_t init(void *state, const double *params, const b3_instrument *instrument) {
    cross *c = state;
    if (!b3_strategy_in_bounds(PARAMS, PARAM_COUNT, params)) return B3_ERR_ARGUMENT;
    if (params[FAST] != floor(params[FAST]) || params[SLOW] != floor(params[SLOW]) || params[FAST] >= params[SLOW]) return B3_ERR_ARGUMENT;
    c->size = sizeof *c;
    c->version = 1;
    c->allow_short = params[ALLOW_SHORT] > 0.0;
    b3_ema_init(&c->fast, (uint32_t)params[FAST], B3_SEED_SMA);
    b3_ema_init(&c->slow, (uint32_t)params[SLOW], B3_SEED_SMA);
    return b3_order_size_raw(instrument, params[QTY], &c->qty_raw);
}

static void see_cross(cross *c, double fast, double slow) {
    const int32_t above = fast > slow ? 1 : fast < slow ? -1 : c->above;
    if (c->above != 0 && above != c->above) {
        c->target_raw = above > 0 ? c->qty_raw : c->allow_short ? -c->qty_raw : 0;
        c->entry_due = c->target_raw != 0;
    }
    c->above = above;
}

/* What is missing to the target: an exit whenever the position is on the wrong side of it, an entry once. */
static int32_t trade(cross *c, const b3_view *view, b3_slot *out) {
    const int64_t held_raw = view->position->qty_raw;
    const int leaves = (held_raw > 0 && c->target_raw <= 0) || (held_raw < 0 && c->target_raw >= 0);
    if (view->open_orders > 0 || (view->flags & B3_VIEW_HALTED) != 0 || (!leaves && !c->entry_due)) return 0;
    const int64_t missing_raw = (c->entry_due ? c->target_raw : 0) - held_raw;
    const int64_t qty_raw = b3_order_size_market(view->instrument, view->touch, missing_raw < 0 ? -missing_raw : missing_raw);
    c->entry_due = 0;
    return qty_raw == 0 ? 0 : b3_strategy_put_market(out, missing_raw < 0 ? B3_SELL : B3_BUY, qty_raw);
}

static int32_t on_event(void *state, const b3_header *event, const b3_view *view, b3_slot *out, int32_t cap) {
    cross *c = state;
    const b3_bar *bar = (const b3_bar *)(const void *)event;
    if (event->kind != B3_BAR || (event->flags & B3_FLAG_VENUE) != 0) return 0;
    if (cap < 1 + SIGNAL_COUNT) return B3_ERR_CAPACITY;
    const double close = (double)bar->close_raw / (double)b3_pow10[view->instrument->price_scale];
    const double fast = b3_smooth_push(&c->fast, close);
    const double slow = b3_smooth_push(&c->slow, close);
    if (isnan(slow)) return 0;
    see_cross(c, fast, slow);
    int32_t count = trade(c, view, out);
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
