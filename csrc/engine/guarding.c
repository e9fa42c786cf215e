/* What the guard decides, done: cancels, exits, events. The rules are in risk/{stops,breaker,guard}.h.
 *
 * Taking a position out: armed -> reached -> armed. While an instrument is being taken out, risk refuses there all but the engine's own
 * exits; every open order is cancelled (again, if a cancel was refused), and one market exit at a time is in flight, for what is held less
 * all that is pending on its side: whatever of it fills, the position never goes through zero. It is the order of the strategy that has
 * the most to give, which sees it fill; the position that counts is the account's. When nothing is open and what is left is
 * too small to be traded, it is over with the next touch (B3_SYS_FLAT), and that rest is not guarded again before it changes. An exit waits
 * for a book that is whole and a touch that is not crossed; one that came to nothing is tried again after B3_EXIT_RETRY_NS. Cancels wait
 * for nothing.
 */
#include "base/atomics.h"
#include "engine/engine.h"
#include "risk/exit_size.h"

#define B3_EXIT_RETRY_NS 100000000

static uint32_t index_of(const b3_engine *engine, const b3_market *market) {
    return (uint32_t)(market - engine->markets);
}

/* Of the engine as a whole (market NULL), or of one instrument, whose strategies hear it too. What survives a restart has changed with it,
 * so a control plane that listens is called in. */
static int32_t announce(b3_engine *engine, b3_market *market, b3_system system, b3_error *error) {
    system.hdr.kind = B3_SYSTEM;
    system.hdr.instrument = market == NULL ? UINT32_MAX : index_of(engine, market);
    if (market != NULL) system.hdr.venue = market->view.instrument->venue;
    if ((engine->config.tap_kinds >> B3_SYSTEM & 1) != 0) b3_engine_interrupt(engine);
    const int32_t failed = b3_output(engine, &system.hdr, error);
    return failed != B3_OK || market == NULL ? failed : b3_trading_dispatch(engine, market, &system.hdr, error);
}

static int32_t open_breaker(b3_engine *engine, b3_market *market, uint16_t cause, b3_error *error) {
    if (cause == B3_RULE_NONE || !b3_guard_open(engine->guard, cause, engine->now_ns)) return B3_OK;
    return announce(engine, market, (b3_system){.code = B3_SYS_BREAKER, .a = cause, .b = engine->guard->saved.breaker_until_ns}, error);
}

/* ---------------------------------------------------------------- equity and time */

static int32_t look_at_equity(b3_engine *engine, b3_error *error) {
    b3_guard *guard = engine->guard;
    b3_finding finding;
    int64_t equity = 0;
    const int known = b3_account_equity(engine->account, &equity) == B3_OK;
    b3_guard_on_equity(guard, known, equity);
    if (!known || b3_guard_is_open(guard)) return B3_OK;
    const uint16_t cause =
        b3_breaker_on_equity(&guard->breaker, &guard->config, engine->now_ns, equity, guard->saved.peak_equity_raw, &finding);
    return open_breaker(engine, NULL, cause, error);
}

int32_t b3_guarding_exchange_time(b3_engine *engine, int64_t ts_exchange_ns, b3_error *error) {
    b3_guard *guard = engine->guard;
    if (!b3_guard_on_exchange_time(guard, ts_exchange_ns, engine->now_ns)) return B3_OK;
    const int32_t failed = look_at_equity(engine, error);
    if (failed != B3_OK) return failed;
    b3_guard_start_day(guard);
    return announce(engine, NULL, (b3_system){.code = B3_SYS_DAY, .a = guard->saved.day, .b = guard->saved.day_start_equity_raw}, error);
}

static int is_traded(const b3_engine *engine, const b3_market *market) {
    const uint32_t index = index_of(engine, market);
    return b3_account_qty(engine->account, index) != 0 || b3_orders_open(engine->orders, index, 0) != 0;
}

int32_t b3_guarding_time(b3_engine *engine, b3_error *error) {
    b3_guard *guard = engine->guard;
    if (b3_guard_on_time(guard, engine->now_ns)) {
        const int32_t failed = announce(engine, NULL, (b3_system){.code = B3_SYS_RESUME, .a = B3_RULE_BREAKER}, error);
        if (failed != B3_OK) return failed;
    }
    const int64_t gap_ns = guard->config.breaker_gap_ns;
    if (gap_ns == 0 || b3_guard_is_open(guard)) return B3_OK;
    for (uint32_t i = 0; i < engine->market_count; i++) {
        b3_market *market = &engine->markets[i];
        if (engine->now_ns - market->message_ns > gap_ns && is_traded(engine, market))
            return open_breaker(engine, market, B3_RULE_MESSAGE_GAP, error);
    }
    return B3_OK;
}

/* ---------------------------------------------------------------- taking a position out */

static void watch(b3_engine *engine, b3_market *market) {
    market->watched = market->stop.side != 0 || market->exit.exiting || market->exit.sweeping || engine->guard->watches_equity ||
                      engine->guard->watches_prices;
}

static int is_exit(const b3_request *request) {
    return (request->hdr.flags & B3_FLAG_EXIT) != 0;
}

/* Cancels what is open, but for our own exits and what is being cancelled already. */
static int32_t sweep(b3_engine *engine, b3_market *market, b3_error *error) {
    const b3_order *order;
    uint32_t at = 0;
    while ((order = b3_orders_next(engine->orders, index_of(engine, market), &at)) != NULL) {
        if (order->state == B3_PENDING_CANCEL || is_exit(&order->request)) continue;
        b3_request cancel = {.hdr = order->request.hdr, .action = B3_CANCEL, .orig_order_id = order->request.order_id};
        cancel.hdr.flags = B3_FLAG_EXIT;
        const int32_t failed = b3_trading_request(engine, &cancel, error);
        if (failed != B3_OK) return failed;
        engine->cancels++;
    }
    return B3_OK;
}

static int is_tradable(const b3_market *market) {
    const b3_touch *touch = &market->touch;
    const uint32_t flags = market->view.flags;
    return (flags & (B3_VIEW_SYNCED | B3_VIEW_HALTED | B3_VIEW_CROSSED)) == B3_VIEW_SYNCED && touch->bid_qty_raw > 0 &&
           touch->ask_qty_raw > 0 && market->view.instrument->trading;
}

/* What a strategy holds against a side, less what it has pending there. */
static int64_t strategy_free(const b3_engine *engine, const b3_market *market, uint16_t strategy, uint8_t side) {
    const int64_t qty = engine->members[strategy - 1].position.qty_raw;
    int64_t free = side == B3_SELL ? qty : -qty;
    const b3_order *order;
    uint32_t at = 0;
    while ((order = b3_orders_next(engine->orders, index_of(engine, market), &at)) != NULL)
        if (order->request.hdr.strategy == strategy && order->request.side == side) free -= order->request.qty_raw - order->cum_qty_raw;
    return free;
}

/* Whose position an exit takes out: of the strategies the one that has the most to take; 0 when none has any. */
static uint16_t choose_strategy(const b3_engine *engine, const b3_market *market, uint8_t side, int64_t *free) {
    uint16_t chosen = 0;
    *free = 0;
    for (uint32_t next = market->first_strategy; next != 0; next = engine->members[next - 1].next) {
        const int64_t own = strategy_free(engine, market, (uint16_t)next, side);
        if (own <= *free) continue;
        *free = own;
        chosen = (uint16_t)next;
    }
    return chosen;
}

/* free: of the account; size: how much of it an order can take. */
static int32_t send_exit(b3_engine *engine, b3_market *market, uint8_t side, int64_t free, int64_t size, b3_error *error) {
    const uint32_t index = index_of(engine, market);
    int64_t own = 0;
    const uint16_t strategy = choose_strategy(engine, market, side, &own);
    if (strategy != 0 && own < free) {
        const int64_t part = b3_exit_size(market->view.instrument, &engine->limits[index], &market->touch, side, own);
        if (part != 0) size = part;
    }
    b3_request request = {.hdr = {.kind = B3_REQUEST, .flags = B3_FLAG_EXIT, .instrument = index, .strategy = strategy},
                          .action = B3_NEW,
                          .side = side,
                          .order_type = B3_MARKET,
                          .tif = B3_IOC,
                          .qty_raw = size};
    const int32_t failed = b3_trading_request(engine, &request, error);
    if (failed != B3_OK) return failed;
    const int sent = b3_orders_find(engine->orders, request.order_id) != NULL;
    market->exit.order_id = sent ? request.order_id : 0;
    engine->exits += (uint64_t)sent;
    if (!sent) market->exit.retry_ns = engine->now_ns + B3_EXIT_RETRY_NS;
    return B3_OK;
}

static int32_t end_exit(b3_engine *engine, b3_market *market, int64_t left, b3_error *error) {
    market->exit = (b3_exit){0};
    engine->guard->standing.exiting[index_of(engine, market)] = 0;
    return announce(engine, market, (b3_system){.code = B3_SYS_FLAT, .a = left}, error);
}

/* Does what is to be done now, and finds out whether it is over: on a touch alone, by when the strategies in the control plane have heard
 * of the last fill. An order that one of them sent before it knew comes while all but exits are refused. */
static int32_t advance(b3_engine *engine, b3_market *market, int on_touch, b3_error *error) {
    const uint32_t index = index_of(engine, market);
    b3_exit *out = &market->exit;
    if (out->order_id != 0 && b3_orders_find(engine->orders, out->order_id) == NULL) out->order_id = 0;
    int32_t failed = B3_OK;
    const uint32_t open = b3_orders_open(engine->orders, index, 0);
    if (open > (out->order_id != 0)) failed = sweep(engine, market, error);
    else out->sweeping = 0;
    if (failed == B3_OK && out->exiting && out->order_id == 0) {
        const int64_t qty = b3_account_qty(engine->account, index);
        const int64_t held = qty < 0 ? -qty : qty;
        const uint8_t side = qty > 0 ? B3_SELL : B3_BUY;
        const b3_instrument_limits *limits = &engine->limits[index];
        b3_risk_state pending;
        b3_risk_read(engine->risk, index, &pending);
        const int64_t free = held - (qty > 0 ? pending.pending_sell_raw : pending.pending_buy_raw);
        const int64_t size = free > 0 ? b3_exit_size(market->view.instrument, limits, &market->touch, side, free) : 0;
        if (size != 0 && is_tradable(market) && engine->now_ns >= out->retry_ns)
            failed = send_exit(engine, market, side, free, size, error);
        else if (on_touch && open == 0 && size == 0) failed = end_exit(engine, market, qty, error);
    }
    watch(engine, market);
    return failed;
}

/* From here on nothing but exits passes, and no stop watches. */
static void close_market(b3_engine *engine, b3_market *market) {
    b3_stop_disarm(&market->stop);
    market->exit.exiting = 1;
    engine->guard->standing.exiting[index_of(engine, market)] = 1;
}

static int32_t reached(b3_engine *engine, b3_market *market, b3_error *error) {
    const uint32_t index = index_of(engine, market);
    const b3_stop stop = market->stop;
    const int64_t qty = b3_account_qty(engine->account, index);
    const uint8_t side = stop.side > 0 ? B3_SELL : B3_BUY;
    if (b3_exit_size(market->view.instrument, &engine->limits[index], &market->touch, side, qty < 0 ? -qty : qty) == 0) {
        b3_stop_disarm(&market->stop); /* dust: it is not guarded again before it changes */
        watch(engine, market);
        return B3_OK;
    }
    close_market(engine, market);
    b3_system system = {.code = B3_SYS_STOP, .a = stop.trigger_raw};
    system.b = stop.side > 0 ? market->touch.bid_price_raw : market->touch.ask_price_raw;
    if (stop.trailing) system.hdr.flags = B3_FLAG_TRAILING;
    const int32_t failed = announce(engine, market, system, error);
    return failed != B3_OK ? failed : advance(engine, market, 0, error);
}

/* ---------------------------------------------------------------- hooks */

int32_t b3_guarding_touch(b3_engine *engine, b3_market *market, b3_error *error) {
    b3_guard *guard = engine->guard;
    int32_t failed = B3_OK;
    if (guard->watches_prices && !b3_guard_is_open(guard)) {
        b3_finding finding;
        const uint32_t index = index_of(engine, market);
        const uint16_t cause = b3_breaker_on_mid(&guard->breaker, &guard->config, index, engine->now_ns, &market->touch, &finding);
        failed = open_breaker(engine, market, cause, error);
    }
    if (failed == B3_OK && guard->watches_equity) failed = look_at_equity(engine, error);
    if (failed != B3_OK) return failed;
    if (b3_stop_on_touch(&market->stop, &guard->config, &market->touch)) return reached(engine, market, error);
    return market->exit.exiting || market->exit.sweeping ? advance(engine, market, 1, error) : B3_OK;
}

int32_t b3_guarding_request(b3_engine *engine, b3_error *error) {
    int32_t failed = engine->guard->timed ? b3_guarding_time(engine, error) : B3_OK;
    if (failed == B3_OK && engine->guard->watches_equity) failed = look_at_equity(engine, error);
    return failed;
}

static int32_t count_request(b3_engine *engine, b3_market *market, int refused, b3_error *error) {
    b3_guard *guard = engine->guard;
    b3_finding finding;
    if (b3_guard_is_open(guard)) return B3_OK;
    return open_breaker(engine, market, b3_breaker_on_request(&guard->breaker, &guard->config, refused, &finding), error);
}

/* What the guard itself made risk say says nothing new. */
static int is_of_the_guard(uint16_t rule) {
    return rule == B3_RULE_DAILY_LOSS || rule == B3_RULE_DRAWDOWN || rule == B3_RULE_BREAKER || rule == B3_RULE_KILLED ||
           rule == B3_RULE_EXIT;
}

int32_t b3_guarding_decision(b3_engine *engine, const b3_request *request, const b3_decision *decision, b3_error *error) {
    if (decision->allowed || is_exit(request) || is_of_the_guard(decision->rule)) return B3_OK;
    return count_request(engine, &engine->markets[request->hdr.instrument], 1, error);
}

int32_t b3_guarding_answer(b3_engine *engine, b3_market *market, const b3_update *update, b3_error *error) {
    const b3_guard_config *config = &engine->guard->config;
    if (config->breaker_latency_ns == 0 && config->breaker_reject_count == 0) return B3_OK;
    const b3_order *order = b3_orders_find(engine->orders, update->order_id);
    const int tells = (update->hdr.flags & B3_FLAG_CANCEL_REJECT) == 0 && update->state != B3_UNKNOWN;
    if (order == NULL || !tells || order->acked || order->cum_qty_raw != 0 || is_exit(&order->request)) return B3_OK;
    const int64_t took_ns = engine->now_ns - order->request.hdr.ts_recv_ns;
    if (config->breaker_latency_ns != 0 && took_ns > config->breaker_latency_ns) {
        const int32_t failed = open_breaker(engine, market, B3_RULE_LATENCY, error);
        if (failed != B3_OK) return failed;
    }
    return count_request(engine, market, update->state == B3_REJECTED, error);
}

int32_t b3_guarding_update(b3_engine *engine, b3_market *market, const b3_update *update, b3_error *error) {
    b3_exit *out = &market->exit;
    if (update->last_qty_raw != 0) {
        const int32_t failed = look_at_equity(engine, error);
        if (failed != B3_OK) return failed;
        if (!out->exiting) {
            b3_position position;
            b3_account_read_position(engine->account, index_of(engine, market), &position);
            b3_stop_on_position(&market->stop, &engine->guard->config, market->view.instrument, position.qty_raw, position.cost_raw,
                                &market->touch);
            watch(engine, market);
        }
    }
    if (!out->exiting && !out->sweeping) return B3_OK;
    if (update->order_id == out->order_id && update->cum_qty_raw == 0 && b3_orders_find(engine->orders, out->order_id) == NULL)
        out->retry_ns = engine->now_ns + B3_EXIT_RETRY_NS;
    return advance(engine, market, 0, error);
}

/* ---------------------------------------------------------------- commands */

int32_t b3_guarding_command(b3_engine *engine, const b3_system *command, b3_error *error) {
    const int kills = command->a == B3_COMMAND_KILL || command->a == B3_COMMAND_KILL_FLATTEN;
    const int flattens = command->a == B3_COMMAND_FLATTEN || command->a == B3_COMMAND_KILL_FLATTEN;
    if (command->a == B3_COMMAND_RESET) {
        b3_guard_reset(engine->guard);
        return announce(engine, NULL, (b3_system){.code = B3_SYS_RESET}, error);
    }
    if (kills) b3_guard_kill(engine->guard);
    b3_system told = {.code = kills ? B3_SYS_KILL : B3_SYS_COMMAND, .a = kills ? flattens : command->a};
    int32_t failed = announce(engine, NULL, told, error);
    for (uint32_t i = 0; failed == B3_OK && i < engine->market_count; i++) {
        b3_market *market = &engine->markets[i];
        if (!is_traded(engine, market)) continue;
        market->exit.sweeping = 1;
        if (flattens) close_market(engine, market);
        failed = advance(engine, market, 0, error);
    }
    return failed;
}
