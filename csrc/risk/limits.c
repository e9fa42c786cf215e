#include "risk/limits.h"

#include "base/map.h"
#include "base/money.h"
#include "risk/filters.h"
#include "risk/worst_case.h"

#define NS_PER_SECOND 1000000000
#define WALK_LEVELS 256 /* of the book, to value a market order that is larger than the touch */

/* What an open order may still become. */
typedef struct b3_reservation {
    int64_t qty_raw;   /* the order's */
    int64_t left_raw;  /* not yet filled */
    int64_t price_raw; /* a buy is locked at this price */
    int64_t locked_raw;
    uint64_t order_id;
    uint32_t instrument;
    uint32_t next_free;
    uint32_t side;
    uint32_t reserved;
} b3_reservation;

struct b3_risk {
    b3_worst_case worst;
    b3_int128 exposure_max; /* at the scale of exposures */
    b3_limits limits;
    const b3_instrument *instruments;
    b3_account *account;
    b3_reservation *reservations;
    b3_map *by_id;
    const b3_standing *standing;
    uint64_t last_id;
    uint64_t tokens; /* 10^-9 orders */
    int64_t tokens_ns;
    int64_t fee_rate_raw;
    uint32_t instrument_count;
    uint32_t currency_count;
    uint32_t reporting_currency;
    uint32_t order_capacity;
    uint32_t open_orders;
    uint32_t free_head; /* order_capacity: none */
};

/* One request being judged: found out once, used by several checks and by the charge. */
typedef struct b3_case {
    const b3_request *request;
    const b3_view *view;
    const b3_instrument *instrument;
    b3_desk *desk;
    int64_t mid_raw;
    int64_t price_raw;    /* what the order is valued at */
    int64_t notional_raw; /* at price_raw, rounded up */
    int64_t lock_raw;
    b3_int128 exposure; /* of the instrument, the order included; < 0: the order does not enlarge it */
    int64_t limit_raw;
    int64_t value_raw;
} b3_case;

static size_t rounded(size_t bytes) {
    return (bytes + 63) & ~(size_t)63;
}

size_t b3_risk_size(const b3_risk_config *config) {
    return rounded(sizeof(b3_risk)) + rounded(config->instrument_count * sizeof(b3_desk)) +
           rounded(config->currency_count * sizeof(int64_t)) + rounded(config->order_capacity * sizeof(b3_reservation)) +
           b3_map_size(config->order_capacity);
}

b3_risk *b3_risk_init(void *memory, const b3_risk_config *config) {
    if (config->order_capacity == 0 || config->reporting_currency >= config->currency_count) return NULL;
    if (config->instrument_count > B3_EXPOSURE_INSTRUMENTS_MAX) return NULL;
    uint8_t *at = memory;
    b3_risk *risk = memory;
    at += rounded(sizeof(b3_risk));
    b3_desk *desks = (b3_desk *)(void *)at;
    at += rounded(config->instrument_count * sizeof(b3_desk));
    int64_t *rates = (int64_t *)(void *)at;
    at += rounded(config->currency_count * sizeof(int64_t));
    risk->reservations = (b3_reservation *)(void *)at;
    at += rounded(config->order_capacity * sizeof(b3_reservation));
    risk->by_id = b3_map_init(at, config->order_capacity);
    risk->limits = config->limits;
    risk->standing = config->standing;
    risk->exposure_max = config->limits.exposure_max_raw * B3_EXPOSURE_PER_MONEY;
    risk->instruments = config->instruments;
    risk->account = config->account;
    risk->instrument_count = config->instrument_count;
    risk->currency_count = config->currency_count;
    risk->reporting_currency = config->reporting_currency;
    risk->order_capacity = config->order_capacity;
    risk->fee_rate_raw = config->taker_fee_rate_raw > 0 ? config->taker_fee_rate_raw : 0;
    risk->tokens = (uint64_t)config->limits.orders_per_second * NS_PER_SECOND;
    b3_worst_case_init(&risk->worst, desks, rates, config->instruments, config->per_instrument, config->instrument_count, config->account,
                       config->limits.exposure_max_raw != 0);
    rates[config->reporting_currency] = b3_pow10[B3_MONEY_SCALE];
    for (uint32_t i = 0; i < config->order_capacity; i++) risk->reservations[i].next_free = i + 1;
    return risk;
}

/* ---------------------------------------------------------------- money, rounded up so that nothing is judged too small */

static int32_t notional_up(const b3_instrument *instrument, int64_t price, int64_t qty, int64_t *out) {
    const int digits = instrument->price_scale + instrument->qty_scale - B3_MONEY_SCALE;
    if (digits >= 0) return b3_mul_div_up(price, qty, b3_pow10[digits], out);
    return b3_notional(instrument, price, qty, out); /* exact: nothing to round */
}

/* What a buy costs at most at this price, taker fee included. */
static int32_t buy_cost(const b3_risk *risk, int64_t notional, int64_t *out) {
    int64_t fee = 0;
    if (b3_mul_div_up(notional, risk->fee_rate_raw, b3_pow10[B3_MONEY_SCALE], &fee) != B3_OK) return B3_ERR_OVERFLOW;
    return __builtin_add_overflow(notional, fee, out) ? B3_ERR_OVERFLOW : B3_OK;
}

static int32_t to_reporting(const b3_risk *risk, uint32_t currency, int64_t amount, int64_t *out) {
    const int64_t rate = risk->worst.rates[currency];
    if (rate == 0) return B3_EMPTY;
    if (rate == b3_pow10[B3_MONEY_SCALE]) {
        *out = amount;
        return B3_OK;
    }
    return b3_mul_div_up(amount, rate, b3_pow10[B3_MONEY_SCALE], out);
}

/* ---------------------------------------------------------------- the checks */

static uint16_t refuse(b3_case *c, uint16_t rule, int64_t limit, int64_t value) {
    c->limit_raw = limit;
    c->value_raw = value;
    return rule;
}

/* Every field within what is supported. One test for all: this is on the path of every order. */
static int is_well_formed(const b3_request *request) {
    const int market = request->order_type == B3_MARKET;
    const int limit = request->order_type == B3_LIMIT;
    const int action = (request->action == B3_NEW) | (request->action == B3_REPLACE);
    const int side = (uint8_t)(request->side - B3_BUY) <= B3_SELL - B3_BUY;
    const int tif = (uint8_t)(request->tif - B3_GTC) <= B3_POST_ONLY - B3_GTC;
    const int kind = (limit & (request->price_raw > 0)) | (market & (request->tif != B3_POST_ONLY));
    return action & side & tif & kind & (request->qty_raw > 0) & (request->stop_price_raw == 0) & (request->order_id != 0);
}

static uint16_t check_form(const b3_risk *risk, b3_case *c) {
    const b3_request *request = c->request;
    const uint32_t instrument = request->hdr.instrument;
    if (!is_well_formed(request)) return refuse(c, B3_RULE_MALFORMED, 0, 0);
    if (instrument >= risk->instrument_count || c->view->instrument != &risk->instruments[instrument])
        return refuse(c, B3_RULE_MALFORMED, 0, 0);
    if (request->order_id <= risk->last_id) return refuse(c, B3_RULE_DUPLICATE_ID, (int64_t)risk->last_id, (int64_t)request->order_id);
    if (request->action == B3_REPLACE) {
        uint64_t index = 0;
        if (b3_map_get(risk->by_id, request->orig_order_id, &index) != B3_OK || risk->reservations[index].instrument != instrument)
            return refuse(c, B3_RULE_UNKNOWN_ORDER, 0, (int64_t)request->orig_order_id);
    }
    return B3_RULE_NONE;
}

static uint16_t check_market(const b3_risk *risk, b3_case *c) {
    const b3_view *view = c->view;
    const b3_touch *touch = view->touch;
    if ((view->flags & (B3_VIEW_HALTED | B3_VIEW_SYNCED)) != B3_VIEW_SYNCED) return refuse(c, B3_RULE_HALTED, B3_VIEW_SYNCED, view->flags);
    if (!c->instrument->trading) return refuse(c, B3_RULE_NOT_TRADING, 1, 0);
    if (touch->bid_price_raw <= 0 || touch->bid_qty_raw <= 0 || touch->ask_price_raw <= 0 || touch->ask_qty_raw <= 0)
        return refuse(c, B3_RULE_NO_TOUCH, 0, 0);
    if (risk->limits.stale_after_ns != 0) {
        const int64_t age_ns = touch->ts_recv_ns > 0 ? view->now_ns - touch->ts_recv_ns : INT64_MAX;
        if (age_ns > risk->limits.stale_after_ns) return refuse(c, B3_RULE_STALE, risk->limits.stale_after_ns, age_ns);
    }
    if ((view->flags & B3_VIEW_CROSSED) || touch->bid_price_raw >= touch->ask_price_raw)
        return refuse(c, B3_RULE_CROSSED, touch->ask_price_raw, touch->bid_price_raw);
    return B3_RULE_NONE;
}

/* Whole tokens are orders; a token is 10^9 units, so that a refill is one multiplication. */
static uint16_t check_rate(b3_risk *risk, b3_case *c) {
    const uint64_t rate = risk->limits.orders_per_second;
    if (rate == 0) return B3_RULE_NONE;
    const int64_t now_ns = c->view->now_ns;
    if (now_ns > risk->tokens_ns) {
        const uint64_t elapsed_ns = (uint64_t)now_ns - (uint64_t)risk->tokens_ns;
        const uint64_t room = rate * NS_PER_SECOND - risk->tokens;
        const uint64_t refill = elapsed_ns < NS_PER_SECOND ? elapsed_ns * rate : rate * NS_PER_SECOND;
        risk->tokens += refill < room ? refill : room;
        risk->tokens_ns = now_ns;
    }
    return risk->tokens >= NS_PER_SECOND ? B3_RULE_NONE : refuse(c, B3_RULE_ORDER_RATE, (int64_t)rate, (int64_t)rate + 1);
}

/* Worst displayed price that a market buy of this size reaches. */
static int64_t market_buy_price(const b3_view *view, int64_t qty) {
    int64_t price = view->touch->ask_price_raw;
    int64_t left = qty - view->touch->ask_qty_raw;
    if (left <= 0 || view->levels == NULL) return price;
    b3_book_level levels[WALK_LEVELS];
    const uint32_t count = view->levels(view->book, B3_SELL, levels, WALK_LEVELS);
    for (uint32_t i = 0; i < count && left > 0; i++) {
        if (levels[i].price_raw <= view->touch->ask_price_raw) continue;
        price = levels[i].price_raw;
        left -= levels[i].qty_raw;
    }
    return price;
}

static uint16_t check_size(const b3_risk *risk, b3_case *c) {
    const b3_request *request = c->request;
    const int64_t qty_max = c->desk->limits.order_qty_max_raw;
    if (qty_max != 0 && request->qty_raw > qty_max) return refuse(c, B3_RULE_QTY_MAX, qty_max, request->qty_raw);
    if (request->order_type == B3_LIMIT) c->price_raw = request->price_raw;
    else c->price_raw = request->side == B3_BUY ? market_buy_price(c->view, request->qty_raw) : c->view->touch->bid_price_raw;
    if (notional_up(c->instrument, c->price_raw, request->qty_raw, &c->notional_raw) != B3_OK)
        return refuse(c, B3_RULE_OVERFLOW, INT64_MAX, request->qty_raw);
    const int64_t notional_max = risk->limits.order_notional_max_raw;
    if (notional_max != 0) {
        int64_t notional = INT64_MAX;
        if (to_reporting(risk, c->instrument->quote_currency, c->notional_raw, &notional) != B3_OK || notional > notional_max)
            return refuse(c, B3_RULE_NOTIONAL_MAX, notional_max, notional);
    }
    return B3_RULE_NONE;
}

static int64_t larger(int64_t a, int64_t b) {
    return a > b ? a : b;
}

/* An order that does not enlarge the worst case passes whatever the exposure is: the way out stays open. high, low: with the order. */
static uint16_t check_exposure(const b3_risk *risk, b3_case *c, int64_t high, int64_t low) {
    const int64_t qty = larger(high, -low);
    if (risk->limits.exposure_max_raw == 0 || qty <= larger(c->desk->high_raw, -c->desk->low_raw)) return B3_RULE_NONE;
    c->exposure = b3_worst_exposure(&risk->worst, c->desk, c->mid_raw, qty);
    const b3_int128 total = risk->worst.exposure - c->desk->exposure + c->exposure;
    if (total <= risk->exposure_max) return B3_RULE_NONE;
    return refuse(c, B3_RULE_EXPOSURE_MAX, risk->limits.exposure_max_raw, b3_worst_money(total));
}

static uint16_t check_worst_case(const b3_risk *risk, b3_case *c) {
    const b3_desk *desk = c->desk;
    const int64_t qty = c->request->qty_raw;
    const int64_t position_max = desk->limits.position_max_raw;
    const uint32_t open_max = risk->limits.open_orders_max;
    int64_t high = desk->high_raw;
    int64_t low = desk->low_raw;
    int64_t pending = 0;
    if (open_max != 0 && risk->open_orders >= open_max) return refuse(c, B3_RULE_OPEN_ORDERS, open_max, (int64_t)risk->open_orders + 1);
    if (risk->free_head == risk->order_capacity)
        return refuse(c, B3_RULE_OPEN_ORDERS, risk->order_capacity, (int64_t)risk->open_orders + 1);
    if (c->request->side == B3_BUY) {
        if (__builtin_add_overflow(high, qty, &high) || __builtin_add_overflow(desk->pending_buy_raw, qty, &pending))
            return refuse(c, B3_RULE_OVERFLOW, INT64_MAX, qty);
        if (position_max != 0 && high > position_max) return refuse(c, B3_RULE_POSITION_MAX, position_max, high);
    } else {
        if (b3_add(low, -qty, &low) != B3_OK || __builtin_add_overflow(desk->pending_sell_raw, qty, &pending))
            return refuse(c, B3_RULE_OVERFLOW, INT64_MAX, qty);
        if (position_max != 0 && low < -position_max) return refuse(c, B3_RULE_POSITION_MAX, -position_max, low);
    }
    return check_exposure(risk, c, high, low);
}

static uint16_t check_cash(const b3_risk *risk, b3_case *c) {
    uint32_t currency = c->instrument->quote_currency;
    int32_t rc = B3_OK;
    if (c->request->side == B3_BUY) {
        rc = buy_cost(risk, c->notional_raw, &c->lock_raw);
    } else {
        if (risk->limits.allow_short) return B3_RULE_NONE;
        currency = c->instrument->base_currency;
        rc = b3_account_base_amount(c->instrument, c->request->qty_raw, &c->lock_raw);
    }
    if (rc != B3_OK) return refuse(c, B3_RULE_OVERFLOW, INT64_MAX, c->request->qty_raw);
    const int64_t cash_free = b3_account_free(risk->account, currency);
    return c->lock_raw > cash_free ? refuse(c, B3_RULE_CASH, cash_free, c->lock_raw) : B3_RULE_NONE;
}

/* The base asset that the account holds, in the instrument's quantity, rounded up. */
static int64_t base_held(const b3_risk *risk, const b3_instrument *instrument) {
    const int64_t total = b3_account_total(risk->account, instrument->base_currency);
    const int finer = instrument->qty_scale - B3_MONEY_SCALE;
    int64_t qty = INT64_MAX;
    if (total <= 0) return 0;
    if (finer == 0) return total;
    if (finer < 0) (void)b3_mul_div_up(total, 1, b3_pow10[-finer], &qty);
    else (void)b3_mul_div_up(total, b3_pow10[finer], 1, &qty);
    return qty;
}

static uint16_t check_filters(const b3_risk *risk, b3_case *c) {
    int64_t position = 0;
    if (c->instrument->position_max_raw != 0 && __builtin_add_overflow(base_held(risk, c->instrument), c->desk->pending_buy_raw, &position))
        position = INT64_MAX;
    return b3_filters_check(c->instrument, c->request, c->mid_raw, position, c->desk->orders, &c->limit_raw, &c->value_raw);
}

static uint16_t check_standing(const b3_risk *risk, b3_case *c) {
    const b3_standing *standing = risk->standing;
    const b3_request *request = c->request;
    if (standing == NULL || (request->hdr.flags & B3_FLAG_EXIT) != 0) return B3_RULE_NONE;
    if (standing->rule == B3_RULE_KILLED) return refuse(c, standing->rule, standing->limit_raw, standing->value_raw);
    if (standing->exiting[request->hdr.instrument]) return refuse(c, B3_RULE_EXIT, 0, 0);
    const b3_desk *desk = &risk->worst.desks[request->hdr.instrument];
    const int64_t room = request->side == B3_BUY ? -(desk->low_raw + desk->pending_sell_raw) - desk->pending_buy_raw
                                                 : desk->high_raw - desk->pending_buy_raw - desk->pending_sell_raw;
    if (standing->rule == B3_RULE_NONE || request->qty_raw <= room) return B3_RULE_NONE;
    return refuse(c, standing->rule, standing->limit_raw, standing->value_raw);
}

static uint16_t judge(b3_risk *risk, b3_case *c) {
    uint16_t rule = check_form(risk, c);
    if (rule != B3_RULE_NONE) return rule;
    if ((rule = check_standing(risk, c)) != B3_RULE_NONE) return rule;
    c->instrument = c->view->instrument;
    c->desk = &risk->worst.desks[c->request->hdr.instrument];
    if ((rule = check_market(risk, c)) != B3_RULE_NONE) return rule;
    c->mid_raw = c->view->touch->bid_price_raw + (c->view->touch->ask_price_raw - c->view->touch->bid_price_raw) / 2;
    if ((rule = check_rate(risk, c)) != B3_RULE_NONE) return rule;
    if ((rule = check_size(risk, c)) != B3_RULE_NONE) return rule;
    if ((rule = check_worst_case(risk, c)) != B3_RULE_NONE) return rule;
    if ((rule = check_cash(risk, c)) != B3_RULE_NONE) return rule;
    return check_filters(risk, c);
}

/* ---------------------------------------------------------------- reservations */

static uint32_t locked_currency(const b3_risk *risk, const b3_reservation *held) {
    const b3_instrument *instrument = &risk->instruments[held->instrument];
    return held->side == B3_BUY ? instrument->quote_currency : instrument->base_currency;
}

static void charge(b3_risk *risk, const b3_case *c) {
    const b3_request *request = c->request;
    const uint32_t index = risk->free_head;
    b3_reservation *held = &risk->reservations[index];
    risk->free_head = held->next_free;
    held->qty_raw = request->qty_raw;
    held->left_raw = request->qty_raw;
    held->price_raw = c->price_raw;
    held->locked_raw = c->lock_raw;
    held->order_id = request->order_id;
    held->instrument = request->hdr.instrument;
    held->side = request->side;
    (void)b3_map_put(risk->by_id, request->order_id, index); /* as many slots as the map has entries: it cannot be full */
    (void)b3_account_lock(risk->account, locked_currency(risk, held), c->lock_raw); /* at most what is free: it fits */
    if (request->side == B3_BUY) {
        c->desk->pending_buy_raw += request->qty_raw;
        c->desk->high_raw += request->qty_raw;
    } else {
        c->desk->pending_sell_raw += request->qty_raw;
        c->desk->low_raw -= request->qty_raw;
    }
    if (c->exposure >= 0) {
        b3_worst_set_exposure(&risk->worst, c->desk, c->exposure);
        c->desk->mark_raw = c->mid_raw;
    }
    if (risk->limits.orders_per_second != 0) risk->tokens -= NS_PER_SECOND;
    c->desk->orders++;
    risk->open_orders++;
    risk->last_id = request->order_id;
}

void b3_risk_decide(b3_risk *risk, const b3_request *request, const b3_view *view, b3_decision *decision) {
    b3_case c = {.request = request, .view = view, .exposure = -1};
    uint16_t rule = B3_RULE_NONE;
    if (request->action != B3_CANCEL) {
        rule = judge(risk, &c);
        if (rule == B3_RULE_NONE) charge(risk, &c);
    }
    *decision = (b3_decision){
        .hdr = {.kind = B3_DECISION,
                .version = 1,
                .venue = request->hdr.venue,
                .account = request->hdr.account,
                .instrument = request->hdr.instrument,
                .strategy = request->hdr.strategy},
        .rule = rule,
        .allowed = rule == B3_RULE_NONE,
        .action = request->action,
        .order_id = request->action == B3_CANCEL ? request->orig_order_id : request->order_id,
        .limit_raw = c.limit_raw,
        .value_raw = c.value_raw,
    };
}

/* What must stay locked for the rest of an order. */
static int64_t lock_for(const b3_risk *risk, const b3_reservation *held, int64_t left) {
    const b3_instrument *instrument = &risk->instruments[held->instrument];
    int64_t amount = held->locked_raw; /* nothing was locked, or the rest cannot be told: as before */
    if (left == 0 || held->locked_raw == 0) return 0;
    if (held->side == B3_SELL) return b3_account_base_amount(instrument, left, &amount) == B3_OK ? amount : held->locked_raw;
    int64_t notional = 0;
    if (notional_up(instrument, held->price_raw, left, &notional) != B3_OK || buy_cost(risk, notional, &amount) != B3_OK)
        return held->locked_raw;
    return amount;
}

static int is_done(uint8_t state) {
    return state == B3_FILLED || state == B3_CANCELED || state == B3_REJECTED || state == B3_EXPIRED;
}

void b3_risk_on_update(b3_risk *risk, const b3_update *update) {
    uint64_t index = 0;
    if (update->hdr.flags & B3_FLAG_CANCEL_REJECT) return;
    if (b3_map_get(risk->by_id, update->order_id, &index) != B3_OK) {
        /* A fill of an order that holds nothing here has moved the position all the same. */
        if (update->last_qty_raw != 0 && update->hdr.instrument < risk->instrument_count)
            b3_worst_refresh(&risk->worst, update->hdr.instrument);
        return;
    }
    b3_reservation *held = &risk->reservations[index];
    b3_desk *desk = &risk->worst.desks[held->instrument];
    int64_t left = held->qty_raw - update->cum_qty_raw;
    if (update->cum_qty_raw < 0 || left > held->left_raw) left = held->left_raw; /* an older update */
    if (left < 0 || is_done(update->state)) left = 0;

    const int64_t given_back = held->left_raw - left;
    if (held->side == B3_BUY) desk->pending_buy_raw -= given_back;
    else desk->pending_sell_raw -= given_back;
    const int64_t lock = lock_for(risk, held, left);
    (void)b3_account_lock(risk->account, locked_currency(risk, held), lock - held->locked_raw); /* toward 0: it fits */
    held->locked_raw = lock;
    held->left_raw = left;
    if (is_done(update->state)) {
        (void)b3_map_remove(risk->by_id, update->order_id); /* it was found above */
        held->next_free = risk->free_head;
        risk->free_head = (uint32_t)index;
        desk->orders--;
        risk->open_orders--;
    }
    b3_worst_refresh(&risk->worst, held->instrument);
}

void b3_risk_on_mark(b3_risk *risk, uint32_t instrument, int64_t price_raw) {
    b3_worst_on_mark(&risk->worst, instrument, price_raw);
}

void b3_risk_on_rate(b3_risk *risk, const b3_rate *rate) {
    if (rate->base >= risk->currency_count || rate->base == rate->quote || rate->quote != risk->reporting_currency) return;
    b3_worst_on_rate(&risk->worst, rate->base, rate->rate_raw);
}

void b3_risk_read(const b3_risk *risk, uint32_t instrument, b3_risk_state *out) {
    const b3_desk *desk = &risk->worst.desks[instrument];
    out->pending_buy_raw = desk->pending_buy_raw;
    out->pending_sell_raw = desk->pending_sell_raw;
    out->exposure_raw = b3_worst_money(risk->worst.exposure);
    out->instrument_orders = desk->orders;
    out->open_orders = risk->open_orders;
}
