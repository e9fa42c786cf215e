#include "risk/limits.h"

#include "base/map.h"
#include "base/money.h"
#include "risk/filters.h"

#define NS_PER_SECOND 1000000000
#define WALK_LEVELS 256   /* of the book, to value a market order that is larger than the touch */
#define UNKNOWN INT64_MAX /* an exposure that cannot be told: no mark, no rate, or it does not fit */

typedef unsigned __int128 u128;

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

/* What risk knows of an instrument. */
typedef struct b3_desk {
    int64_t pending_buy_raw;
    int64_t pending_sell_raw;
    int64_t mark_raw;
    int64_t exposure_raw; /* this instrument's part of the sum */
    b3_instrument_limits limits;
    uint32_t orders;
    uint32_t reserved;
} b3_desk;

struct b3_risk {
    b3_limits limits;
    b3_int128 exposure; /* sum over desks */
    const b3_instrument *instruments;
    b3_account *account;
    b3_desk *desks;
    int64_t *rates; /* by currency: 8 digits, one unit of it in the reporting currency; 0 unknown */
    b3_reservation *reservations;
    b3_map *by_id;
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
    int64_t price_raw;    /* what the order is valued at */
    int64_t notional_raw; /* at price_raw, rounded up */
    int64_t lock_raw;
    int64_t exposure_raw; /* of the instrument, the order included */
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
    uint8_t *at = memory;
    b3_risk *risk = memory;
    at += rounded(sizeof(b3_risk));
    risk->desks = (b3_desk *)at;
    at += rounded(config->instrument_count * sizeof(b3_desk));
    risk->rates = (int64_t *)at;
    at += rounded(config->currency_count * sizeof(int64_t));
    risk->reservations = (b3_reservation *)at;
    at += rounded(config->order_capacity * sizeof(b3_reservation));
    risk->by_id = b3_map_init(at, config->order_capacity);
    risk->limits = config->limits;
    risk->instruments = config->instruments;
    risk->account = config->account;
    risk->instrument_count = config->instrument_count;
    risk->currency_count = config->currency_count;
    risk->reporting_currency = config->reporting_currency;
    risk->order_capacity = config->order_capacity;
    risk->fee_rate_raw = config->taker_fee_rate_raw > 0 ? config->taker_fee_rate_raw : 0;
    risk->tokens = (uint64_t)config->limits.orders_per_second * NS_PER_SECOND;
    risk->rates[config->reporting_currency] = b3_pow10[B3_MONEY_SCALE];
    for (uint32_t i = 0; i < config->instrument_count; i++) risk->desks[i].limits = config->per_instrument[i];
    for (uint32_t i = 0; i < config->order_capacity; i++) risk->reservations[i].next_free = i + 1;
    return risk;
}

/* ---------------------------------------------------------------- money, rounded up so that nothing is judged too small */

/* *out = a * b / divisor, rounded up; a, b >= 0. */
static int32_t mul_div_up(int64_t a, int64_t b, int64_t divisor, int64_t *out) {
    const u128 product = (u128)(uint64_t)a * (uint64_t)b;
    if ((uint64_t)(product >> 64) == 0) { /* nearly always: one 64-bit division */
        const uint64_t low = (uint64_t)product;
        const uint64_t quotient = low / (uint64_t)divisor;
        const uint64_t up = quotient + (quotient * (uint64_t)divisor != low);
        if (up > INT64_MAX) return B3_ERR_OVERFLOW;
        *out = (int64_t)up;
        return B3_OK;
    }
    const u128 up = (product + (uint64_t)divisor - 1) / (uint64_t)divisor;
    if (up > INT64_MAX) return B3_ERR_OVERFLOW;
    *out = (int64_t)up;
    return B3_OK;
}

static int32_t notional_up(const b3_instrument *instrument, int64_t price, int64_t qty, int64_t *out) {
    const int digits = instrument->price_scale + instrument->qty_scale - B3_MONEY_SCALE;
    if (digits >= 0) return mul_div_up(price, qty, b3_pow10[digits], out);
    return b3_notional(instrument, price, qty, out); /* exact: nothing to round */
}

/* What a buy costs at most at this price, taker fee included. */
static int32_t buy_cost(const b3_risk *risk, int64_t notional, int64_t *out) {
    int64_t fee = 0;
    if (mul_div_up(notional, risk->fee_rate_raw, b3_pow10[B3_MONEY_SCALE], &fee) != B3_OK) return B3_ERR_OVERFLOW;
    return b3_add(notional, fee, out);
}

static int32_t to_reporting(const b3_risk *risk, uint32_t currency, int64_t amount, int64_t *out) {
    const int64_t rate = risk->rates[currency];
    if (rate == 0) return B3_EMPTY;
    if (rate == b3_pow10[B3_MONEY_SCALE]) {
        *out = amount;
        return B3_OK;
    }
    return mul_div_up(amount, rate, b3_pow10[B3_MONEY_SCALE], out);
}

/* ---------------------------------------------------------------- worst case and exposure */

static int32_t worst_long(const b3_risk *risk, const b3_desk *desk, int64_t more, int64_t *out) {
    const int64_t held = b3_account_qty(risk->account, (uint32_t)(desk - risk->desks));
    int64_t sum = 0;
    if (b3_add(held, desk->pending_buy_raw, &sum) != B3_OK) return B3_ERR_OVERFLOW;
    return b3_add(sum, more, out);
}

static int32_t worst_short(const b3_risk *risk, const b3_desk *desk, int64_t more, int64_t *out) {
    const int64_t held = b3_account_qty(risk->account, (uint32_t)(desk - risk->desks));
    int64_t sum = 0;
    if (__builtin_sub_overflow(held, desk->pending_sell_raw, &sum)) return B3_ERR_OVERFLOW;
    return __builtin_sub_overflow(sum, more, out) ? B3_ERR_OVERFLOW : B3_OK;
}

/* Largest |position| that the open orders, and buy or sell more, may lead to; UNKNOWN when it does not fit. */
static int64_t worst_qty(const b3_risk *risk, const b3_desk *desk, int64_t buy_more, int64_t sell_more) {
    int64_t high = 0;
    int64_t low = 0;
    if (worst_long(risk, desk, buy_more, &high) != B3_OK || worst_short(risk, desk, sell_more, &low) != B3_OK) return UNKNOWN;
    if (low < -INT64_MAX) return UNKNOWN;
    return high > -low ? high : -low;
}

static int64_t exposure_of(const b3_risk *risk, const b3_desk *desk, int64_t qty) {
    if (qty == 0) return 0;
    const b3_instrument *instrument = &risk->instruments[desk - risk->desks];
    int64_t notional = 0;
    int64_t exposure = 0;
    if (qty == UNKNOWN || desk->mark_raw == 0 || notional_up(instrument, desk->mark_raw, qty, &notional) != B3_OK) return UNKNOWN;
    return to_reporting(risk, instrument->quote_currency, notional, &exposure) == B3_OK ? exposure : UNKNOWN;
}

static void set_exposure(b3_risk *risk, b3_desk *desk, int64_t exposure) {
    risk->exposure += (b3_int128)exposure - desk->exposure_raw;
    desk->exposure_raw = exposure;
}

static void refresh_exposure(b3_risk *risk, b3_desk *desk) {
    if (risk->limits.exposure_max_raw != 0) set_exposure(risk, desk, exposure_of(risk, desk, worst_qty(risk, desk, 0, 0)));
}

/* ---------------------------------------------------------------- the checks */

static uint16_t refuse(b3_case *c, uint16_t rule, int64_t limit, int64_t value) {
    c->limit_raw = limit;
    c->value_raw = value;
    return rule;
}

static uint16_t check_form(const b3_risk *risk, b3_case *c) {
    const b3_request *request = c->request;
    const uint32_t instrument = request->hdr.instrument;
    if (request->action != B3_NEW && request->action != B3_REPLACE) return refuse(c, B3_RULE_MALFORMED, 0, request->action);
    if (request->side != B3_BUY && request->side != B3_SELL) return refuse(c, B3_RULE_MALFORMED, 0, request->side);
    if (request->order_type != B3_MARKET && request->order_type != B3_LIMIT) return refuse(c, B3_RULE_MALFORMED, 0, request->order_type);
    if (request->tif < B3_GTC || request->tif > B3_POST_ONLY) return refuse(c, B3_RULE_MALFORMED, 0, request->tif);
    if (request->order_type == B3_MARKET && request->tif == B3_POST_ONLY) return refuse(c, B3_RULE_MALFORMED, 0, request->tif);
    if (request->order_type == B3_LIMIT && request->price_raw <= 0) return refuse(c, B3_RULE_MALFORMED, 0, request->price_raw);
    if (request->qty_raw <= 0) return refuse(c, B3_RULE_MALFORMED, 0, request->qty_raw);
    if (request->stop_price_raw != 0) return refuse(c, B3_RULE_MALFORMED, 0, request->stop_price_raw);
    if (request->order_id == 0) return refuse(c, B3_RULE_MALFORMED, 0, 0);
    if (instrument >= risk->instrument_count || c->view->instrument != &risk->instruments[instrument])
        return refuse(c, B3_RULE_MALFORMED, (int64_t)risk->instrument_count, instrument);
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
        int64_t notional = UNKNOWN;
        if (to_reporting(risk, c->instrument->quote_currency, c->notional_raw, &notional) != B3_OK || notional > notional_max)
            return refuse(c, B3_RULE_NOTIONAL_MAX, notional_max, notional);
    }
    return B3_RULE_NONE;
}

static uint16_t check_worst_case(const b3_risk *risk, b3_case *c) {
    const b3_limits *limits = &risk->limits;
    const int64_t qty = c->request->qty_raw;
    const int buy = c->request->side == B3_BUY;
    if (limits->open_orders_max != 0 && risk->open_orders >= limits->open_orders_max)
        return refuse(c, B3_RULE_OPEN_ORDERS, limits->open_orders_max, (int64_t)risk->open_orders + 1);
    if (risk->free_head == risk->order_capacity)
        return refuse(c, B3_RULE_OPEN_ORDERS, risk->order_capacity, (int64_t)risk->open_orders + 1);

    int64_t position = 0;
    const int32_t rc = buy ? worst_long(risk, c->desk, qty, &position) : worst_short(risk, c->desk, qty, &position);
    int64_t pending = 0;
    if (rc != B3_OK || position < -INT64_MAX || b3_add(buy ? c->desk->pending_buy_raw : c->desk->pending_sell_raw, qty, &pending) != B3_OK)
        return refuse(c, B3_RULE_OVERFLOW, INT64_MAX, qty);
    const int64_t position_max = c->desk->limits.position_max_raw;
    if (position_max != 0 && (buy ? position > position_max : position < -position_max))
        return refuse(c, B3_RULE_POSITION_MAX, buy ? position_max : -position_max, position);

    if (limits->exposure_max_raw == 0) return B3_RULE_NONE;
    const int64_t before = worst_qty(risk, c->desk, 0, 0);
    const int64_t after = worst_qty(risk, c->desk, buy ? qty : 0, buy ? 0 : qty);
    c->exposure_raw = after == before ? c->desk->exposure_raw : exposure_of(risk, c->desk, after);
    if (after <= before && after != UNKNOWN) return B3_RULE_NONE;
    const b3_int128 total = risk->exposure - c->desk->exposure_raw + c->exposure_raw;
    if (total > limits->exposure_max_raw)
        return refuse(c, B3_RULE_EXPOSURE_MAX, limits->exposure_max_raw, total > INT64_MAX ? INT64_MAX : (int64_t)total);
    return B3_RULE_NONE;
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
    int64_t qty = UNKNOWN;
    if (total <= 0) return 0;
    if (instrument->qty_scale <= B3_MONEY_SCALE) (void)mul_div_up(total, 1, b3_pow10[B3_MONEY_SCALE - instrument->qty_scale], &qty);
    else (void)mul_div_up(total, b3_pow10[instrument->qty_scale - B3_MONEY_SCALE], 1, &qty);
    return qty;
}

static uint16_t check_filters(const b3_risk *risk, b3_case *c) {
    const b3_touch *touch = c->view->touch;
    const int64_t mid = touch->bid_price_raw + (touch->ask_price_raw - touch->bid_price_raw) / 2;
    int64_t position = 0;
    if (c->instrument->position_max_raw != 0 && b3_add(base_held(risk, c->instrument), c->desk->pending_buy_raw, &position) != B3_OK)
        position = INT64_MAX;
    return b3_filters_check(c->instrument, c->request, mid, position, c->desk->orders, &c->limit_raw, &c->value_raw);
}

static uint16_t judge(b3_risk *risk, b3_case *c) {
    uint16_t rule = check_form(risk, c);
    if (rule != B3_RULE_NONE) return rule;
    c->instrument = c->view->instrument;
    c->desk = &risk->desks[c->request->hdr.instrument];
    if ((rule = check_market(risk, c)) != B3_RULE_NONE) return rule;
    b3_risk_on_mark(risk, c->request->hdr.instrument,
                    c->view->touch->bid_price_raw + (c->view->touch->ask_price_raw - c->view->touch->bid_price_raw) / 2);
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
    if (request->side == B3_BUY) c->desk->pending_buy_raw += request->qty_raw;
    else c->desk->pending_sell_raw += request->qty_raw;
    if (risk->limits.exposure_max_raw != 0) set_exposure(risk, c->desk, c->exposure_raw);
    if (risk->limits.orders_per_second != 0) risk->tokens -= NS_PER_SECOND;
    c->desk->orders++;
    risk->open_orders++;
    risk->last_id = request->order_id;
}

void b3_risk_decide(b3_risk *risk, const b3_request *request, const b3_view *view, b3_decision *decision) {
    b3_case c = {.request = request, .view = view};
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
        .limit_raw = rule == B3_RULE_NONE ? 0 : c.limit_raw,
        .value_raw = rule == B3_RULE_NONE ? 0 : c.value_raw,
    };
}

/* What must stay locked for the rest of an order. */
static int64_t lock_for(const b3_risk *risk, const b3_reservation *held, int64_t left) {
    const b3_instrument *instrument = &risk->instruments[held->instrument];
    int64_t amount = held->locked_raw; /* nothing was locked, or the rest cannot be told: as before */
    if (left == 0) return 0;
    if (held->locked_raw == 0) return 0;
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
    if (b3_map_get(risk->by_id, update->order_id, &index) != B3_OK) return;
    b3_reservation *held = &risk->reservations[index];
    b3_desk *desk = &risk->desks[held->instrument];
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
    refresh_exposure(risk, desk);
}

void b3_risk_on_mark(b3_risk *risk, uint32_t instrument, int64_t price_raw) {
    b3_desk *desk = &risk->desks[instrument];
    if (desk->mark_raw == price_raw) return;
    desk->mark_raw = price_raw;
    refresh_exposure(risk, desk);
}

void b3_risk_on_rate(b3_risk *risk, const b3_rate *rate) {
    if (rate->base >= risk->currency_count || rate->base == rate->quote || rate->quote != risk->reporting_currency) return;
    risk->rates[rate->base] = rate->rate_raw > 0 ? rate->rate_raw : 0;
    for (uint32_t i = 0; i < risk->instrument_count; i++)
        if (risk->instruments[i].quote_currency == rate->base) refresh_exposure(risk, &risk->desks[i]);
}

void b3_risk_read(const b3_risk *risk, uint32_t instrument, b3_risk_state *out) {
    const b3_desk *desk = &risk->desks[instrument];
    out->pending_buy_raw = desk->pending_buy_raw;
    out->pending_sell_raw = desk->pending_sell_raw;
    out->exposure_raw = risk->exposure > INT64_MAX ? INT64_MAX : (int64_t)risk->exposure;
    out->instrument_orders = desk->orders;
    out->open_orders = risk->open_orders;
}
