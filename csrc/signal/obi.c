/* Order-book imbalance: buys while the best levels hold far more bids than asks, sells what it has when that fades; with allow_short
 * also the other way round. Looks at the book on every quote, trades at most once per cool-down, and says the imbalance with every bar.
 */
#include <math.h>

#include "imbalance.h"
#include "order_size.h"
#include "sizing.h"
#include "strategies.h"

enum { LEVELS, ENTER, LEAVE, MAX_POSITION, COOL_DOWN_MS, ALLOW_SHORT, SIZING, PARAM_COUNT = SIZING + B3_SIZING_PARAM_COUNT };
enum { SIGNAL_IMBALANCE, SIGNAL_MICROPRICE, SIGNAL_COUNT };

#define LEVELS_MAX 50

typedef struct imbalance_state {
    uint32_t size;
    uint32_t version;
    uint32_t levels;
    uint8_t allow_short;
    uint8_t ordered; /* last_order_ns is known */
    uint8_t reserved[2];
    double enter;
    double leave;
    int64_t position_max_raw;
    int64_t cool_down_ns;
    int64_t last_order_ns;
    double imbalance; /* newest; NaN before there is one */
    b3_sizing sizing;
} imbalance_state;

static const b3_param PARAMS[] = {
    [LEVELS] = {"levels", 5, 1, LEVELS_MAX, "levels", "best levels of each side that count"},
    [ENTER] = {"enter", 0.6, 0, 1, "", "imbalance at or above which a position is opened, 0..1"},
    [LEAVE] = {"leave", 0.1, -1, 1, "", "imbalance at or below which it is closed; less than enter"},
    [MAX_POSITION] = {"max_position", 0.01, 0, 1e9, "base", "no order opens more than this"},
    [COOL_DOWN_MS] = {"cool_down_ms", 1000, 0, 86400000, "ms", "least time between two orders"},
    [ALLOW_SHORT] = {"allow_short", 0, 0, 1, "no|yes", "sell first when asks prevail"},
    B3_SIZING_PARAMS(SIZING, 0.01),
};
static const char *const SIGNALS[] = {[SIGNAL_IMBALANCE] = "imbalance", [SIGNAL_MICROPRICE] = "microprice_deviation_bps"};

static int32_t init(void *state, const double *params, const b3_instrument *instrument) {
    imbalance_state *s = state;
    if (!b3_strategy_params_valid(PARAMS, PARAM_COUNT, params) || params[LEAVE] >= params[ENTER]) return B3_ERR_ARGUMENT;
    s->size = sizeof *s;
    s->version = 1;
    s->levels = (uint32_t)params[LEVELS];
    s->enter = params[ENTER];
    s->leave = params[LEAVE];
    s->cool_down_ns = (int64_t)(params[COOL_DOWN_MS] * 1e6);
    s->allow_short = params[ALLOW_SHORT] > 0.0;
    s->imbalance = NAN;
    if (b3_order_size_raw(instrument, params[MAX_POSITION], &s->position_max_raw) != B3_OK) return B3_ERR_ARGUMENT;
    return b3_sizing_init(&s->sizing, &params[SIZING], instrument);
}

/* Quantity to trade now, sell negative; 0: nothing to do. */
static int64_t wanted_raw(const imbalance_state *s, const b3_view *view) {
    const int64_t held_raw = view->position->qty_raw;
    if (held_raw > 0 && s->imbalance <= s->leave) return -held_raw;
    if (held_raw < 0 && -s->imbalance <= s->leave) return -held_raw;
    const int buys = held_raw >= 0 && s->imbalance >= s->enter;
    const int sells = held_raw <= 0 && s->allow_short && -s->imbalance >= s->enter;
    if (!buys && !sells) return 0;
    const int64_t entry_raw = b3_sizing_qty_raw(&s->sizing, view, buys ? B3_BUY : B3_SELL);
    if (entry_raw > s->position_max_raw - (held_raw < 0 ? -held_raw : held_raw)) return 0;
    return buys ? entry_raw : -entry_raw;
}

static double imbalance_now(const imbalance_state *s, const b3_view *view) {
    b3_book_level bids[LEVELS_MAX];
    b3_book_level asks[LEVELS_MAX];
    const uint32_t bid_count = view->levels(view->book, B3_BUY, bids, s->levels);
    return b3_imbalance(bids, bid_count, asks, view->levels(view->book, B3_SELL, asks, s->levels));
}

/* The depth book, and so the imbalance, changes with the quotes that come from it alone; a ticker's may still find a cool-down over. */
static int32_t on_quote(imbalance_state *s, const b3_header *event, const b3_view *view, b3_slot *out) {
    if ((view->flags & B3_VIEW_SYNCED) == 0) return 0;
    if ((event->flags & B3_FLAG_DEPTH) != 0) s->imbalance = imbalance_now(s, view);
    if (view->open_orders > 0 || (view->flags & (B3_VIEW_HALTED | B3_VIEW_CROSSED)) != 0) return 0;
    if (s->ordered && view->now_ns - s->last_order_ns < s->cool_down_ns) return 0;
    const int64_t signed_raw = wanted_raw(s, view);
    if (signed_raw == 0) return 0;
    const int64_t qty_raw = b3_order_size_market(view->instrument, view->touch, signed_raw < 0 ? -signed_raw : signed_raw);
    if (qty_raw == 0) return 0;
    s->ordered = 1;
    s->last_order_ns = view->now_ns;
    return b3_strategy_put_market(out, signed_raw < 0 ? B3_SELL : B3_BUY, qty_raw);
}

static int32_t on_bar(imbalance_state *s, const b3_bar *bar, const b3_view *view, b3_slot *out) {
    b3_sizing_on_bar(&s->sizing, bar, view->instrument);
    const double deviation = b3_microprice_deviation(view->touch);
    int32_t count = 0;
    if (!isnan(s->imbalance)) count += b3_strategy_put_signal(&out[count], SIGNAL_IMBALANCE, s->imbalance);
    if (!isnan(deviation)) count += b3_strategy_put_signal(&out[count], SIGNAL_MICROPRICE, deviation);
    return count;
}

static int32_t on_event(void *state, const b3_header *event, const b3_view *view, b3_slot *out, int32_t cap) {
    if (cap < SIGNAL_COUNT) return B3_ERR_CAPACITY;
    if (event->kind == B3_QUOTE) return on_quote(state, event, view, out);
    return b3_is_own_bar(event) ? on_bar(state, (const b3_bar *)(const void *)event, view, out) : 0;
}

const b3_strategy b3_strategy_obi = {
    .name = "obi",
    .text = "long while bids prevail in the best levels (short while asks do)",
    .abi = B3_STRATEGY_ABI,
    .state_size = sizeof(imbalance_state),
    .param_count = PARAM_COUNT,
    .signal_count = SIGNAL_COUNT,
    .params = PARAMS,
    .signals = SIGNALS,
    .kinds = 1U << B3_QUOTE | 1U << B3_BAR,
    .init = init,
    .on_event = on_event,
};
