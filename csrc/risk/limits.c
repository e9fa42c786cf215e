#include "base/money.h"
#include "risk/filters.h"
#include "risk/inside.h"
#include "risk/passes.h"

#define WALK_LEVELS 256 /* of the book, to value a market order that is larger than the touch */

static size_t rounded(size_t bytes) {
    return (bytes + 63) & ~(size_t)63;
}

/* One slot an instrument beyond what strategies may use: an exit always finds one. */
static uint32_t slots(const b3_risk_config *config) {
    return config->order_capacity + config->instrument_count;
}

size_t b3_risk_size(const b3_risk_config *config) {
    return rounded(sizeof(b3_risk)) + rounded(config->instrument_count * sizeof(b3_desk)) +
           rounded(config->instrument_count * sizeof(b3_bounds)) + rounded(config->currency_count * sizeof(int64_t)) +
           b3_reservations_size(slots(config), config->instrument_count);
}

b3_risk *b3_risk_init(void *memory, const b3_risk_config *config) {
    if (config->order_capacity == 0 || config->reporting_currency >= config->currency_count) return NULL;
    if (config->instrument_count > B3_EXPOSURE_INSTRUMENTS_MAX) return NULL;
    uint8_t *at = memory;
    b3_risk *risk = memory;
    at += rounded(sizeof(b3_risk));
    b3_desk *desks = (b3_desk *)(void *)at;
    at += rounded(config->instrument_count * sizeof(b3_desk));
    risk->bounds = (b3_bounds *)(void *)at;
    at += rounded(config->instrument_count * sizeof(b3_bounds));
    int64_t *rates = (int64_t *)(void *)at;
    at += rounded(config->currency_count * sizeof(int64_t));
    b3_reservations_init(&risk->held, at, slots(config));
    risk->limits = config->limits;
    risk->instruments = config->instruments;
    risk->standing = config->standing;
    risk->account = config->account;
    risk->instrument_count = config->instrument_count;
    risk->currency_count = config->currency_count;
    risk->reporting_currency = config->reporting_currency;
    risk->order_capacity = config->order_capacity;
    risk->fee_rate_raw = config->taker_fee_rate_raw > 0 ? config->taker_fee_rate_raw : 0;
    risk->bucket = (uint64_t)config->limits.orders_per_second * B3_NS_PER_SECOND;
    b3_worst_case_init(&risk->worst, desks, rates, config->instruments, config->per_instrument, config->instrument_count, config->account,
                       config->limits.exposure_max_raw != 0 || config->limits.net_exposure_max_raw != 0);
    b3_worst_on_rate(&risk->worst, config->reporting_currency, b3_pow10[B3_MONEY_SCALE]);
    b3_quick_init(risk);
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

static int is_stop(const b3_request *request) {
    return request->order_type == B3_STOP || request->order_type == B3_STOP_LIMIT;
}

static int has_limit(const b3_request *request) {
    return request->order_type == B3_LIMIT || request->order_type == B3_STOP_LIMIT;
}

/* Every field within what is supported. One test for all: this is on the path of every order. */
static int is_well_formed(const b3_request *request) {
    const int stop = is_stop(request);
    const int limit = has_limit(request);
    const int action = (request->action == B3_NEW) | (request->action == B3_REPLACE);
    const int side = (uint8_t)(request->side - B3_BUY) <= B3_SELL - B3_BUY;
    const int type = (uint8_t)(request->order_type - B3_MARKET) <= B3_STOP_LIMIT - B3_MARKET;
    const int tif = (uint8_t)(request->tif - B3_GTC) <= (limit ? B3_POST_ONLY : B3_FOK) - B3_GTC;
    const int price = !limit | (request->price_raw > 0);
    const int stop_price = stop ? request->stop_price_raw > 0 : request->stop_price_raw == 0;
    const int flags = (request->hdr.flags & ~(B3_FLAG_REDUCE_ONLY | B3_FLAG_EXIT)) == 0;
    return action & side & type & tif & price & stop_price & flags & (request->qty_raw > 0) & (request->order_id != 0);
}

static uint16_t check_form(const b3_risk *risk, b3_case *c) {
    const b3_request *request = c->request;
    const uint32_t instrument = request->hdr.instrument;
    if (!is_well_formed(request)) return refuse(c, B3_RULE_MALFORMED, 0, 0);
    if (instrument >= risk->instrument_count || c->view->instrument != &risk->instruments[instrument])
        return refuse(c, B3_RULE_MALFORMED, 0, 0);
    if (request->order_id <= risk->last_id) return refuse(c, B3_RULE_DUPLICATE_ID, (int64_t)risk->last_id, (int64_t)request->order_id);
    if (request->action == B3_REPLACE) {
        const b3_reservation *original = b3_reservations_find(&risk->held, request->orig_order_id);
        if (original == NULL || original->instrument != instrument)
            return refuse(c, B3_RULE_UNKNOWN_ORDER, 0, (int64_t)request->orig_order_id);
    }
    return B3_RULE_NONE;
}

/* What nothing but an exit passes. */
static uint16_t check_standing(const b3_risk *risk, b3_case *c) {
    const b3_standing *standing = risk->standing;
    if (standing == NULL) return B3_RULE_NONE;
    if (standing->rule == B3_RULE_KILLED) return refuse(c, B3_RULE_KILLED, standing->limit_raw, standing->value_raw);
    return standing->exiting[c->request->hdr.instrument] ? refuse(c, B3_RULE_EXIT, 0, 0) : B3_RULE_NONE;
}

static uint16_t check_market(const b3_risk *risk, b3_case *c) {
    const b3_view *view = c->view;
    const b3_touch *touch = view->touch;
    if ((view->flags & (B3_VIEW_HALTED | B3_VIEW_SYNCED)) != B3_VIEW_SYNCED) return refuse(c, B3_RULE_HALTED, B3_VIEW_SYNCED, view->flags);
    if (!c->instrument->trading) return refuse(c, B3_RULE_NOT_TRADING, 1, 0);
    if (c->mid_raw == 0) return refuse(c, B3_RULE_NO_TOUCH, 0, 0);
    if (risk->limits.stale_after_ns != 0) {
        const int64_t age_ns = touch->ts_recv_ns > 0 ? view->now_ns - touch->ts_recv_ns : INT64_MAX;
        if (age_ns > risk->limits.stale_after_ns) return refuse(c, B3_RULE_STALE, risk->limits.stale_after_ns, age_ns);
    }
    if (risk->limits.late_after_ns != 0 && view->late_ns > risk->limits.late_after_ns)
        return refuse(c, B3_RULE_FEED_LATE, risk->limits.late_after_ns, view->late_ns);
    if ((view->flags & B3_VIEW_CROSSED) || touch->bid_price_raw >= touch->ask_price_raw)
        return refuse(c, B3_RULE_CROSSED, touch->ask_price_raw, touch->bid_price_raw);
    return B3_RULE_NONE;
}

static uint16_t check_rate(b3_risk *risk, b3_case *c) {
    const uint64_t rate = risk->limits.orders_per_second;
    if (rate == 0) return B3_RULE_NONE;
    b3_risk_refill(risk, c->view->now_ns);
    return b3_risk_has_token(risk) ? B3_RULE_NONE : refuse(c, B3_RULE_ORDER_RATE, (int64_t)rate, (int64_t)rate + 1);
}

/* What may be taken off the position from this side so that it cannot pass zero, whatever of that side fills. */
static int64_t reducible(const b3_case *c) {
    const int64_t room = c->request->side == B3_BUY ? -c->desk->high_raw : c->desk->low_raw;
    return room > 0 ? room : 0;
}

static uint16_t check_reduction(const b3_risk *risk, b3_case *c) {
    const b3_standing *standing = risk->standing;
    const int64_t qty = c->request->qty_raw;
    if ((c->request->hdr.flags & (B3_FLAG_REDUCE_ONLY | B3_FLAG_EXIT)) != 0 && qty > reducible(c))
        return refuse(c, B3_RULE_REDUCE_ONLY, reducible(c), qty);
    if (standing != NULL && standing->rule != B3_RULE_NONE && standing->rule != B3_RULE_KILLED && qty > reducible(c))
        return refuse(c, standing->rule, standing->limit_raw, standing->value_raw);
    return B3_RULE_NONE;
}

/* Worst displayed price that a market order of this size reaches. */
static int64_t market_reach(const b3_view *view, uint8_t side, int64_t qty) {
    const b3_touch *touch = view->touch;
    const int buy = side == B3_BUY;
    int64_t price = buy ? touch->ask_price_raw : touch->bid_price_raw;
    int64_t left = qty - (buy ? touch->ask_qty_raw : touch->bid_qty_raw);
    if (left <= 0 || view->levels == NULL) return price;
    b3_book_level levels[WALK_LEVELS];
    const uint32_t count = view->levels(view->book, buy ? B3_SELL : B3_BUY, levels, WALK_LEVELS);
    for (uint32_t i = 0; i < count && left > 0; i++) {
        if (buy ? levels[i].price_raw <= price : levels[i].price_raw >= price) continue;
        price = levels[i].price_raw;
        left -= levels[i].qty_raw;
    }
    return price;
}

static uint16_t value_order(b3_case *c) {
    const b3_request *request = c->request;
    if (has_limit(request)) {
        c->price_raw = c->reach_raw = request->price_raw;
    } else if (request->order_type == B3_STOP) {
        c->price_raw = c->reach_raw = request->stop_price_raw;
    } else {
        c->reach_raw = market_reach(c->view, request->side, request->qty_raw);
        c->price_raw = request->side == B3_BUY ? c->reach_raw : c->view->touch->bid_price_raw;
    }
    if (notional_up(c->instrument, c->price_raw, request->qty_raw, &c->notional_raw) != B3_OK)
        return refuse(c, B3_RULE_OVERFLOW, INT64_MAX, request->qty_raw);
    return B3_RULE_NONE;
}

static uint16_t check_collar(const b3_risk *risk, b3_case *c) {
    const b3_request *request = c->request;
    const b3_touch *touch = c->view->touch;
    const int64_t one = b3_pow10[B3_MONEY_SCALE];
    const int buy = request->side == B3_BUY;
    int64_t from = buy ? touch->ask_price_raw : touch->bid_price_raw;
    if (is_stop(request)) {
        if (buy ? request->stop_price_raw <= from : request->stop_price_raw >= from)
            return refuse(c, B3_RULE_PRICE_COLLAR, from, request->stop_price_raw);
        from = request->stop_price_raw;
    }
    const int64_t rate = risk->limits.price_collar_rate_raw;
    if (rate == 0 || (buy ? c->reach_raw <= from : c->reach_raw >= from)) return B3_RULE_NONE;
    const b3_int128 bound = (b3_int128)from * (buy ? one + rate : one - rate);
    const b3_int128 reach = (b3_int128)c->reach_raw * one;
    if (buy ? reach <= bound : reach >= bound) return B3_RULE_NONE;
    const b3_int128 told = buy ? bound / one : (bound + one - 1) / one; /* the last price that is allowed */
    return refuse(c, B3_RULE_PRICE_COLLAR, told > INT64_MAX ? INT64_MAX : (int64_t)told, c->reach_raw);
}

static uint16_t check_size(const b3_risk *risk, b3_case *c) {
    const int64_t qty = c->request->qty_raw;
    const int64_t qty_max = c->desk->limits.order_qty_max_raw;
    if (qty_max != 0 && qty > qty_max) return refuse(c, B3_RULE_QTY_MAX, qty_max, qty);
    uint16_t rule = value_order(c);
    if (rule == B3_RULE_NONE) rule = check_collar(risk, c);
    if (rule != B3_RULE_NONE) return rule;
    const int64_t notional_max = risk->limits.order_notional_max_raw;
    if (notional_max != 0) {
        int64_t notional = INT64_MAX;
        if (to_reporting(risk, c->instrument->quote_currency, c->notional_raw, &notional) != B3_OK || notional > notional_max)
            return refuse(c, B3_RULE_NOTIONAL_MAX, notional_max, notional);
    }
    return B3_RULE_NONE;
}

static uint16_t check_slots(const b3_risk *risk, b3_case *c, uint32_t most) {
    const uint32_t open = risk->held.count;
    return open >= most ? refuse(c, B3_RULE_OPEN_ORDERS, most, (int64_t)open + 1) : B3_RULE_NONE;
}

/* The worst case with the order in it. */
static uint16_t worst_after(b3_case *c, int64_t *high, int64_t *low) {
    const b3_desk *desk = c->desk;
    const int64_t qty = c->request->qty_raw;
    const int buy = c->request->side == B3_BUY;
    int64_t pending = 0;
    *high = desk->high_raw;
    *low = desk->low_raw;
    int failed = __builtin_add_overflow(buy ? desk->pending_buy_raw : desk->pending_sell_raw, qty, &pending);
    failed |= buy ? __builtin_add_overflow(*high, qty, high) : b3_add(*low, -qty, low) != B3_OK;
    return failed ? refuse(c, B3_RULE_OVERFLOW, INT64_MAX, qty) : B3_RULE_NONE;
}

static int64_t larger(int64_t a, int64_t b) {
    return a > b ? a : b;
}

static uint16_t check_exposure(const b3_risk *risk, b3_case *c, int64_t high, int64_t low) {
    const b3_worst_case *worst = &risk->worst;
    const b3_desk *desk = c->desk;
    const int64_t gross_max_raw = risk->limits.exposure_max_raw;
    const int64_t net_max_raw = risk->limits.net_exposure_max_raw;
    const b3_int128 net_max = (b3_int128)net_max_raw * worst->per_money;
    const b3_exposure others = b3_worst_others(worst, desk);
    const b3_exposure after = b3_worst_exposure(worst, desk, c->mid_raw, high, low);
    /* What does not enlarge the worst case passes whatever the exposure is: the way out stays open. */
    if (gross_max_raw != 0 && larger(high, -low) > larger(desk->high_raw, -desk->low_raw)) {
        const b3_int128 gross = others.gross + after.gross;
        if (gross > (b3_int128)gross_max_raw * worst->per_money)
            return refuse(c, B3_RULE_EXPOSURE_MAX, gross_max_raw, b3_worst_money(worst, gross));
    }
    if (net_max == 0) return B3_RULE_NONE;
    if (c->request->side == B3_BUY) {
        const b3_int128 net = others.of_buys + after.of_buys;
        if (net > net_max) return refuse(c, B3_RULE_NET_EXPOSURE_MAX, net_max_raw, b3_worst_money(worst, net));
    } else {
        const b3_int128 net = others.of_sells + after.of_sells;
        if (net < -net_max) return refuse(c, B3_RULE_NET_EXPOSURE_MAX, -net_max_raw, -b3_worst_money(worst, -net));
    }
    return B3_RULE_NONE;
}

static uint16_t check_worst_case(const b3_risk *risk, b3_case *c) {
    const int64_t position_max = c->desk->limits.position_max_raw;
    const uint32_t positions_max = risk->limits.open_positions_max;
    int64_t high = 0;
    int64_t low = 0;
    const uint16_t rule = worst_after(c, &high, &low);
    if (rule != B3_RULE_NONE) return rule;
    if (position_max != 0) {
        if (c->request->side == B3_BUY && high > position_max) return refuse(c, B3_RULE_POSITION_MAX, position_max, high);
        if (c->request->side == B3_SELL && low < -position_max) return refuse(c, B3_RULE_POSITION_MAX, -position_max, low);
    }
    if (positions_max != 0 && risk->worst.open_positions >= positions_max && !c->desk->is_open && b3_worst_is_open(c->desk, high, low))
        return refuse(c, B3_RULE_OPEN_POSITIONS, positions_max, (int64_t)risk->worst.open_positions + 1);
    return risk->worst.counted ? check_exposure(risk, c, high, low) : B3_RULE_NONE;
}

static uint16_t check_self_cross(const b3_risk *risk, b3_case *c) {
    const b3_request *request = c->request;
    const int buy = request->side == B3_BUY;
    const int64_t own = b3_reservations_best(&risk->held, request->hdr.instrument, buy ? B3_SELL : B3_BUY);
    if (own == 0 || is_stop(request) || (buy ? own > c->reach_raw : own < c->reach_raw)) return B3_RULE_NONE;
    return refuse(c, B3_RULE_SELF_CROSS, own, c->reach_raw);
}

/* What the order holds of the account's money. */
static uint16_t find_lock(const b3_risk *risk, b3_case *c) {
    int32_t rc = B3_OK;
    c->purse = risk->bounds[c->request->hdr.instrument].purses[c->request->side == B3_SELL];
    if (c->request->side == B3_BUY) rc = buy_cost(risk, c->notional_raw, &c->lock_raw);
    else if (!risk->limits.allow_short) rc = b3_account_base_amount(c->instrument, c->request->qty_raw, &c->lock_raw);
    return rc == B3_OK ? B3_RULE_NONE : refuse(c, B3_RULE_OVERFLOW, INT64_MAX, c->request->qty_raw);
}

static uint16_t check_cash(const b3_risk *risk, b3_case *c) {
    if (c->request->side == B3_SELL && risk->limits.allow_short) return B3_RULE_NONE;
    const int64_t cash_free = b3_purse_free(c->purse);
    return c->lock_raw > cash_free ? refuse(c, B3_RULE_CASH, cash_free, c->lock_raw) : B3_RULE_NONE;
}

static uint16_t check_lots(const b3_risk *risk, b3_case *c) {
    const int64_t needed = B3_LOTS_AN_ORDER * ((int64_t)risk->held.count + 1);
    const int64_t lots_free = b3_account_lots_free(risk->account);
    if (lots_free >= needed || c->request->qty_raw <= reducible(c)) return B3_RULE_NONE;
    return refuse(c, B3_RULE_LOTS, lots_free, needed);
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

static int64_t mid_of(const b3_touch *touch) {
    if (touch->bid_price_raw <= 0 || touch->bid_qty_raw <= 0 || touch->ask_price_raw <= 0 || touch->ask_qty_raw <= 0) return 0;
    return b3_risk_mid(touch);
}

static uint16_t judge_exit(b3_risk *risk, b3_case *c) {
    int64_t high = 0;
    int64_t low = 0;
    uint16_t rule = check_reduction(risk, c);
    if (rule == B3_RULE_NONE) rule = value_order(c);
    if (rule == B3_RULE_NONE) rule = check_slots(risk, c, risk->held.capacity);
    if (rule == B3_RULE_NONE) rule = worst_after(c, &high, &low);
    if (rule == B3_RULE_NONE) rule = find_lock(risk, c);
    return rule != B3_RULE_NONE ? rule : check_filters(risk, c);
}

static uint16_t judge(b3_risk *risk, b3_case *c) {
    const uint32_t open_max = risk->limits.open_orders_max;
    uint16_t rule = check_form(risk, c);
    if (rule != B3_RULE_NONE) return rule;
    c->instrument = c->view->instrument;
    c->desk = &risk->worst.desks[c->request->hdr.instrument];
    c->mid_raw = mid_of(c->view->touch);
    if ((c->request->hdr.flags & B3_FLAG_EXIT) != 0) return judge_exit(risk, c);
    if ((rule = check_standing(risk, c)) != B3_RULE_NONE) return rule;
    if ((rule = check_market(risk, c)) != B3_RULE_NONE) return rule;
    if ((rule = check_rate(risk, c)) != B3_RULE_NONE) return rule;
    if ((rule = check_reduction(risk, c)) != B3_RULE_NONE) return rule;
    if ((rule = check_size(risk, c)) != B3_RULE_NONE) return rule;
    if (open_max != 0 && (rule = check_slots(risk, c, open_max)) != B3_RULE_NONE) return rule;
    if ((rule = check_slots(risk, c, risk->order_capacity)) != B3_RULE_NONE) return rule;
    if ((rule = check_worst_case(risk, c)) != B3_RULE_NONE) return rule;
    if ((rule = check_self_cross(risk, c)) != B3_RULE_NONE) return rule;
    if ((rule = find_lock(risk, c)) != B3_RULE_NONE) return rule;
    if ((rule = check_cash(risk, c)) != B3_RULE_NONE) return rule;
    if ((rule = check_lots(risk, c)) != B3_RULE_NONE) return rule;
    return check_filters(risk, c);
}

/* ---------------------------------------------------------------- reservations */

/* All but the lock. crosses: the order can trade now. */
static inline void charge(b3_risk *risk, const b3_case *c, int crosses) {
    const b3_request *request = c->request;
    const int64_t qty = request->qty_raw;
    const uint8_t side = request->side;
    b3_desk *desk = c->desk;
    b3_worst_on_order(&risk->worst, desk, side, qty);
    desk->orders++;
    risk->last_id = request->order_id;
    b3_reservation *held = b3_reservations_add(&risk->held, request->order_id);
    held->qty_raw = qty;
    held->left_raw = qty;
    held->price_raw = c->reach_raw;
    held->locked_raw = c->lock_raw;
    held->instrument = request->hdr.instrument;
    held->side = side;
    if (crosses) b3_reservations_cross(&risk->held, held);
    else held->crosses = 0;
}

static inline void spend_token(b3_risk *risk) {
    if (risk->limits.orders_per_second != 0) risk->spent += B3_NS_PER_SECOND;
}

/* Field by field: as one literal it would be zeroed by a string instruction, which takes longer to start than all of this. */
static inline void write_decision(const b3_request *request, uint64_t order_id, uint16_t rule, int64_t limit, int64_t value,
                                  b3_decision *decision) {
    b3_header *hdr = &decision->hdr;
    memcpy(hdr, &request->hdr, offsetof(b3_header, ts_exchange_ns)); /* venue, account, instrument, strategy */
    hdr->kind = B3_DECISION;
    hdr->version = 1;
    hdr->flags = 0;
    hdr->stamp = 0;
    hdr->reserved = 0;
    decision->rule = rule;
    decision->allowed = rule == B3_RULE_NONE;
    decision->action = request->action;
    decision->reserved = 0;
    decision->order_id = order_id;
    decision->limit_raw = limit;
    decision->value_raw = value;
    decision->bid_price_raw = decision->ask_price_raw = 0;
}

void b3_risk_decide_exactly(b3_risk *risk, const b3_request *request, const b3_view *view, b3_decision *decision) {
    b3_case c = {.request = request, .view = view};
    const uint16_t rule = request->action == B3_CANCEL ? B3_RULE_NONE : judge(risk, &c);
    if (request->action != B3_CANCEL && rule == B3_RULE_NONE) {
        /* More than is free only of an exit, and it fits unless the account holds absurd amounts: then nothing is locked. */
        if (b3_purse_lock(c.purse, c.lock_raw) != B3_OK) c.lock_raw = 0;
        if (risk->worst.counted) b3_worst_keep_apart(&risk->worst, c.desk);
        charge(risk, &c, !is_stop(request) && c.reach_raw > 0);
        if ((request->hdr.flags & B3_FLAG_EXIT) == 0) {
            spend_token(risk);
            c.desk->mark_raw = c.mid_raw; /* an exit's market need not be a good one */
        }
    }
    const uint64_t order_id = request->action == B3_CANCEL ? request->orig_order_id : request->order_id;
    write_decision(request, order_id, rule, c.limit_raw, c.value_raw, decision);
}

/* Called cold, it tells the compiler that the many ways to it are not the usual one. */
__attribute__((cold, noinline)) static void decide_exactly(b3_risk *risk, const b3_request *request, const b3_view *view,
                                                           b3_decision *decision) {
    b3_risk_decide_exactly(risk, request, view, decision);
}

void b3_risk_decide(b3_risk *risk, const b3_request *request, const b3_view *view, b3_decision *decision) {
    b3_case c; /* what passes writes all of it that a charge needs */
    c.request = request;
    c.view = view;
    if (!b3_passes(risk, &c)) {
        decide_exactly(risk, request, view, decision);
        return;
    }
    spend_token(risk);
    c.purse->locked_raw += c.lock_raw; /* it is free: it fits */
    c.desk->mark_raw = c.mid_raw;
    charge(risk, &c, 1);
    write_decision(request, request->order_id, B3_RULE_NONE, 0, 0, decision);
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
    if (update->hdr.flags & B3_FLAG_CANCEL_REJECT) return;
    b3_reservation *held = b3_reservations_find(&risk->held, update->order_id);
    if (held == NULL) {
        /* A fill of an order that holds nothing here has moved the position all the same. */
        if (update->last_qty_raw != 0 && update->hdr.instrument < risk->instrument_count)
            b3_worst_refresh(&risk->worst, update->hdr.instrument);
        return;
    }
    const uint32_t instrument = held->instrument;
    b3_desk *desk = &risk->worst.desks[instrument];
    int64_t left = held->qty_raw - update->cum_qty_raw;
    if (update->cum_qty_raw < 0 || left > held->left_raw) left = held->left_raw; /* an older update */
    if (left < 0 || is_done(update->state)) left = 0;

    const int64_t given_back = held->left_raw - left;
    if (held->side == B3_BUY) desk->pending_buy_raw -= given_back;
    else desk->pending_sell_raw -= given_back;
    const int64_t lock = lock_for(risk, held, left);
    (void)b3_purse_lock(risk->bounds[instrument].purses[held->side == B3_SELL], lock - held->locked_raw); /* toward 0: it fits */
    held->locked_raw = lock;
    held->left_raw = left;
    if (is_done(update->state)) {
        b3_reservations_remove(&risk->held, held);
        desk->orders--;
    } else if ((update->hdr.flags & B3_FLAG_TRIGGERED) != 0 && !held->crosses) {
        b3_reservations_cross(&risk->held, held);
    }
    b3_worst_refresh(&risk->worst, instrument);
}

void b3_risk_on_mark(b3_risk *risk, uint32_t instrument, int64_t price_raw) {
    b3_worst_on_mark(&risk->worst, instrument, price_raw);
}

void b3_risk_on_rate(b3_risk *risk, const b3_rate *rate) {
    if (rate->base >= risk->currency_count || rate->base == rate->quote || rate->quote != risk->reporting_currency) return;
    b3_worst_on_rate(&risk->worst, rate->base, rate->rate_raw);
}

void b3_risk_read(const b3_risk *risk, uint32_t instrument, b3_risk_state *out) {
    const b3_worst_case *worst = &risk->worst;
    const b3_desk *desk = &worst->desks[instrument];
    const b3_exposure all = b3_worst_others(worst, NULL);
    *out = (b3_risk_state){
        .pending_buy_raw = desk->pending_buy_raw,
        .pending_sell_raw = desk->pending_sell_raw,
        .best_buy_raw = b3_reservations_best(&risk->held, instrument, B3_BUY),
        .best_sell_raw = b3_reservations_best(&risk->held, instrument, B3_SELL),
        .exposure_raw = b3_worst_money(worst, all.gross),
        .net_long_raw = b3_worst_money(worst, all.of_buys),
        .net_short_raw = -b3_worst_money(worst, -all.of_sells),
        .instrument_orders = desk->orders,
        .open_orders = risk->held.count,
        .open_positions = worst->open_positions,
    };
}
