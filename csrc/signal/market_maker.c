/* Market maker: a post-only bid and ask around Avellaneda and Stoikov's reservation price (avellaneda_stoikov.h).
 *
 * Horizon: always horizon_s ahead, T - t = horizon_s at every moment: a session without an end, so the skew does not fade as their T
 * comes near. sigma^2: every sample_ms the mid's change since the sample before, squared, per second, averaged exponentially. Nothing is
 * quoted before warm_up samples.
 *
 * Prices go to the tick on the passive side, and never reach the opposite touch. A side has one order at most. It is asked for, moved
 * (by REPLACE, when the bound on inventory has room for both, else by CANCEL and a new one) or taken back; until the answer is there, that
 * side rests. It moves when its price is requote_bps off, once an interval_ms at most. After a refusal the side waits retry_ms; after one
 * for POST_ONLY (the market came first), interval_ms. While the book is halted, not whole, crossed or one-sided all quotes are cancelled.
 */
#include "avellaneda_stoikov.h"
#include "math/ewma.h"
#include "order_size.h"
#include "sizing.h"
#include "strategies.h"

enum {
    GAMMA,
    KAPPA,
    HORIZON_S,
    MIN_SPREAD_BPS,
    MAX_INVENTORY,
    ALLOW_SHORT,
    REQUOTE_BPS,
    INTERVAL_MS,
    RETRY_MS,
    SAMPLE_MS,
    DECAY,
    WARM_UP,
    SIZING,
    PARAM_COUNT = SIZING + B3_SIZING_PARAM_COUNT
};
enum { SIGNAL_RESERVATION, SIGNAL_HALF_SPREAD, SIGNAL_SIGMA, SIGNAL_INVENTORY, SIGNAL_COUNT };
enum { BID, ASK, SIDES };

#define BPS 1e-4

/* One side's order. */
typedef struct quote {
    uint64_t order_id; /* at the venue; 0: none */
    int64_t price_raw; /* its */
    int64_t open_raw;
    int64_t next_ns; /* nothing new of this side before */
    uint8_t asked;   /* a NEW or REPLACE is under way */
    uint8_t leaves;  /* a CANCEL or REPLACE of order_id is */
    uint8_t reserved[6];
} quote;

typedef struct maker {
    uint32_t size;
    uint32_t version;
    double gamma;
    double horizon_s;
    double arrival_bps;
    double half_spread_min_bps;
    double requote_rate;
    int64_t inventory_max_raw;
    int64_t short_max_raw;
    int64_t interval_ns;
    int64_t retry_ns;
    int64_t sample_ns;
    double warm_up;
    double samples;
    double sampled_mid; /* 0: none yet */
    int64_t sampled_ns;
    b3_weighted_mean variance; /* bps^2 a second */
    b3_sizing sizing;
    quote quotes[SIDES];
} maker;

static const b3_param PARAMS[] = {
    [GAMMA] = {"gamma", 0.05, 1e-6, 1e3, "1/bps", "risk aversion: how far inventory moves the quotes, and volatility parts them"},
    [KAPPA] = {"kappa", 1, 1e-6, 1e6, "1/bps", "how fast the chance of a fill falls with the distance from the mid"},
    [HORIZON_S] = {"horizon_s", 30, 1e-3, 86400, "s", "time ahead over which inventory is a risk, T - t; the same at every moment"},
    [MIN_SPREAD_BPS] = {"min_spread_bps", 1, 0, 1e4, "bps", "least distance between the two quotes"},
    [MAX_INVENTORY] = {"max_inventory", 0.05, 0, 1e9, "base", "position at most, with all that is quoted filled"},
    [ALLOW_SHORT] = {"allow_short", 0, 0, 1, "no|yes", "position down to -max_inventory; else only what is held is offered"},
    [REQUOTE_BPS] = {"requote_bps", 0.5, 0, 1e4, "bps", "a quote stays while it is less than this off"},
    [INTERVAL_MS] = {"interval_ms", 500, 0, 86400000, "ms", "least time between two new quotes of one side"},
    [RETRY_MS] = {"retry_ms", 2000, 0, 86400000, "ms", "pause of a side after a refusal"},
    [SAMPLE_MS] = {"sample_ms", 1000, 1, 86400000, "ms", "time between two samples of the mid, for its volatility"},
    [DECAY] = {"decay", 0.97, 0, 0.999999, "", "weight of the past in the volatility, a sample"},
    [WARM_UP] = {"warm_up", 30, 1, 1e6, "samples", "before the first quote"},
    B3_SIZING_PARAMS(SIZING, 0.01),
};
static const char *const SIGNALS[] = {[SIGNAL_RESERVATION] = "reservation_bps",
                                      [SIGNAL_HALF_SPREAD] = "half_spread_bps",
                                      [SIGNAL_SIGMA] = "sigma_bps",
                                      [SIGNAL_INVENTORY] = "inventory"};

static int64_t to_ns(double ms) {
    return (int64_t)(ms * 1e6);
}

static int32_t init(void *state, const double *params, const b3_instrument *instrument) {
    maker *m = state;
    if (!b3_strategy_params_valid(PARAMS, PARAM_COUNT, params)) return B3_ERR_ARGUMENT;
    m->size = sizeof *m;
    m->version = 1;
    m->gamma = params[GAMMA];
    m->horizon_s = params[HORIZON_S];
    m->arrival_bps = b3_maker_arrival(params[GAMMA], params[KAPPA]);
    m->half_spread_min_bps = 0.5 * params[MIN_SPREAD_BPS];
    m->requote_rate = params[REQUOTE_BPS] * BPS;
    m->interval_ns = to_ns(params[INTERVAL_MS]);
    m->retry_ns = to_ns(params[RETRY_MS]);
    m->sample_ns = to_ns(params[SAMPLE_MS]);
    m->warm_up = params[WARM_UP];
    b3_weighted_mean_init(&m->variance, params[DECAY], 1);
    if (b3_order_size_raw(instrument, params[MAX_INVENTORY], &m->inventory_max_raw) != B3_OK) return B3_ERR_ARGUMENT;
    m->short_max_raw = params[ALLOW_SHORT] > 0.0 ? m->inventory_max_raw : 0;
    return b3_sizing_init(&m->sizing, &params[SIZING], instrument);
}

/* ---------------------------------------------------------------- what should be shown */

static int is_whole(const b3_view *view) {
    const uint32_t bad = view->flags & (B3_VIEW_HALTED | B3_VIEW_CROSSED);
    return bad == 0 && (view->flags & B3_VIEW_SYNCED) != 0 && view->touch->bid_qty_raw > 0 && view->touch->ask_qty_raw > 0;
}

static double mid_of(const b3_touch *touch) {
    return 0.5 * ((double)touch->bid_price_raw + (double)touch->ask_price_raw);
}

static void sample(maker *m, const b3_view *view) {
    const double mid = mid_of(view->touch);
    if (m->sampled_mid > 0.0) {
        const int64_t passed_ns = view->now_ns - m->sampled_ns;
        if (passed_ns < m->sample_ns) return;
        const double change_bps = (mid / m->sampled_mid - 1.0) / BPS;
        (void)b3_weighted_mean_push(&m->variance, change_bps * change_bps / ((double)passed_ns * 1e-9));
        m->samples += 1.0;
    }
    m->sampled_mid = mid;
    m->sampled_ns = view->now_ns;
}

/* Inventory in quotes; 0 while nothing would be quoted anyway. */
static double inventory(const b3_view *view, int64_t size_raw) {
    return size_raw > 0 ? (double)view->position->qty_raw / (double)size_raw : 0.0;
}

static b3_maker_prices prices_of(const maker *m, double q) {
    b3_maker_prices prices = b3_maker_quote(q, m->gamma, m->variance.value * m->horizon_s, m->arrival_bps);
    if (prices.half_spread_bps < m->half_spread_min_bps) prices.half_spread_bps = m->half_spread_min_bps;
    return prices;
}

/* Down to a tick, and below the ask. A price that is no number of the venue's: 0. */
static int64_t bid_price(const b3_instrument *instrument, const b3_touch *touch, double price) {
    const int64_t most_raw = touch->ask_price_raw - 1;
    if (!(price >= 1.0)) return 0;
    const int64_t raw = price < (double)most_raw ? (int64_t)price : most_raw;
    return raw - raw % instrument->tick_raw;
}

/* Up to a tick, and above the bid. */
static int64_t ask_price(const b3_instrument *instrument, const b3_touch *touch, double price) {
    const int64_t least_raw = touch->bid_price_raw + 1;
    if (!(price < 0x1p62)) return 0;
    const int64_t raw = price > (double)least_raw ? (int64_t)ceil(price) : least_raw;
    const int64_t off_raw = raw % instrument->tick_raw;
    return off_raw == 0 ? raw : raw + (instrument->tick_raw - off_raw);
}

static int64_t price_at(int side, const b3_view *view, const b3_maker_prices *prices) {
    const double off_bps = side == BID ? -prices->half_spread_bps : prices->half_spread_bps;
    const double price = mid_of(view->touch) * (1.0 + (prices->reservation_bps + off_bps) * BPS);
    return side == BID ? bid_price(view->instrument, view->touch, price) : ask_price(view->instrument, view->touch, price);
}

/* ---------------------------------------------------------------- orders towards it */

static int32_t cancel(quote *at, uint8_t side, b3_slot *out) {
    at->leaves = 1;
    return b3_strategy_put_cancel(out, side, at->order_id);
}

/* What may be filled on a side without passing the bound on inventory. */
static int64_t room_of(const maker *m, int side, int64_t held_raw) {
    return side == BID ? m->inventory_max_raw - held_raw : held_raw + m->short_max_raw;
}

/* A new order, or one in place of another. */
static int32_t show(const maker *m, quote *at, int side, const b3_view *view, int64_t price_raw, int64_t size_raw, b3_slot *out) {
    const uint8_t order_side = side == BID ? B3_BUY : B3_SELL;
    const int64_t room_raw = room_of(m, side, view->position->qty_raw);
    const int64_t qty_raw =
        price_raw <= 0 ? 0 : b3_order_size_limit(view->instrument, price_raw, size_raw < room_raw ? size_raw : room_raw);
    const int replaces = at->order_id != 0;
    /* The order may be filled in part before the REPLACE is there: both have to fit. */
    if (replaces && (qty_raw == 0 || room_raw - at->open_raw < qty_raw)) return cancel(at, order_side, out);
    if (qty_raw == 0) return 0;
    at->asked = 1;
    at->leaves = (uint8_t)replaces;
    at->next_ns = view->now_ns + m->interval_ns;
    return b3_strategy_put_quote(out, order_side, price_raw, qty_raw, at->order_id);
}

/* Whether an order is where it should be, or not so far off that it is worth a message. */
static int is_near(const maker *m, const quote *at, int64_t price_raw) {
    const double off_raw = fabs((double)(price_raw - at->price_raw));
    return at->order_id != 0 && (off_raw == 0.0 || off_raw < m->requote_rate * (double)at->price_raw);
}

static int32_t work(maker *m, const b3_view *view, b3_slot *out) {
    const int shows = is_whole(view) && m->samples >= m->warm_up;
    int free[SIDES]; /* to be moved or shown anew */
    int32_t count = 0;
    for (int side = 0; side < SIDES; ++side) {
        quote *at = &m->quotes[side];
        const int busy = at->asked || at->leaves;
        free[side] = !busy && shows && view->now_ns >= at->next_ns;
        if (busy || at->order_id == 0 || (shows && at->open_raw <= room_of(m, side, view->position->qty_raw))) continue;
        count += cancel(at, side == BID ? B3_BUY : B3_SELL, &out[count]);
        free[side] = 0;
    }
    if (!free[BID] && !free[ASK]) return count;
    const int64_t size_raw = b3_sizing_qty_raw(&m->sizing, view, B3_BUY);
    const b3_maker_prices prices = prices_of(m, inventory(view, size_raw));
    for (int side = 0; side < SIDES; ++side) {
        if (!free[side]) continue;
        const int64_t price_raw = price_at(side, view, &prices);
        if (!is_near(m, &m->quotes[side], price_raw)) count += show(m, &m->quotes[side], side, view, price_raw, size_raw, &out[count]);
    }
    return count;
}

/* ---------------------------------------------------------------- what became of them */

static quote *quote_of(maker *m, const b3_update *update) {
    for (int side = 0; side < SIDES; ++side)
        if (m->quotes[side].order_id == update->order_id) return &m->quotes[side];
    return update->side == B3_BUY ? &m->quotes[BID] : update->side == B3_SELL ? &m->quotes[ASK] : NULL;
}

static void on_update(maker *m, const b3_update *update, int64_t now_ns) {
    quote *at = quote_of(m, update);
    if (at == NULL) return;
    const int known = at->order_id == update->order_id;
    if ((update->hdr.flags & B3_FLAG_CANCEL_REJECT) != 0) {
        if (known) at->leaves = 0;
        return;
    }
    if (!known && (!at->asked || update->order_type != B3_LIMIT)) return; /* not ours: the engine takes a position out */
    switch (update->state) {
    case B3_WORKING:
    case B3_PARTIALLY_FILLED:
        if (!known) at->asked = at->leaves = 0;
        at->order_id = update->order_id;
        at->price_raw = update->price_raw;
        at->open_raw = update->qty_raw - update->cum_qty_raw;
        return;
    case B3_REJECTED:
        at->asked = at->leaves = 0; /* refused before it was sent, a REPLACE leaves its order as it is */
        at->next_ns = now_ns + (update->rule == B3_RULE_POST_ONLY ? m->interval_ns : m->retry_ns);
        return;
    case B3_FILLED:
    case B3_CANCELED:
    case B3_EXPIRED:
        if (known) {
            at->order_id = 0;
            at->leaves = 0;
        } else {
            at->asked = 0;
        }
        return;
    default: return;
    }
}

static int32_t on_bar(maker *m, const b3_bar *bar, const b3_view *view, b3_slot *out) {
    b3_sizing_on_bar(&m->sizing, bar, view->instrument);
    if (!is_whole(view) || m->samples < m->warm_up) return 0;
    const double q = inventory(view, b3_sizing_qty_raw(&m->sizing, view, B3_BUY));
    const b3_maker_prices prices = prices_of(m, q);
    int32_t count = 0;
    count += b3_strategy_put_signal(&out[count], SIGNAL_RESERVATION, prices.reservation_bps);
    count += b3_strategy_put_signal(&out[count], SIGNAL_HALF_SPREAD, prices.half_spread_bps);
    count += b3_strategy_put_signal(&out[count], SIGNAL_SIGMA, sqrt(m->variance.value));
    count += b3_strategy_put_signal(&out[count], SIGNAL_INVENTORY, q);
    return count;
}

static int32_t on_event(void *state, const b3_header *event, const b3_view *view, b3_slot *out, int32_t cap) {
    maker *m = state;
    int32_t count = 0;
    if (cap < SIDES + SIGNAL_COUNT) return B3_ERR_CAPACITY;
    if (event->kind == B3_QUOTE && is_whole(view)) sample(m, view);
    else if (event->kind == B3_UPDATE) on_update(m, (const b3_update *)(const void *)event, view->now_ns);
    else if (b3_is_own_bar(event)) count = on_bar(m, (const b3_bar *)(const void *)event, view, out);
    return count + work(m, view, &out[count]);
}

const b3_strategy b3_strategy_market_maker = {
    .name = "market_maker",
    .text = "a post-only bid and ask around the Avellaneda-Stoikov reservation price, skewed by inventory",
    .abi = B3_STRATEGY_ABI,
    .state_size = sizeof(maker),
    .param_count = PARAM_COUNT,
    .signal_count = SIGNAL_COUNT,
    .params = PARAMS,
    .signals = SIGNALS,
    .kinds = 1U << B3_QUOTE | 1U << B3_BAR | 1U << B3_UPDATE | 1U << B3_SYSTEM,
    .init = init,
    .on_event = on_event,
};
