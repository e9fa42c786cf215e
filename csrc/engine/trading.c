#include <string.h>

#include "engine/engine.h"

static b3_market *market_of(b3_engine *engine, uint32_t instrument) {
    return instrument < engine->market_count ? &engine->markets[instrument] : NULL;
}

/* A new event in answer to another: same venue, account, instrument and strategy. */
static b3_header event_header(const b3_header *cause, uint16_t kind) {
    return (b3_header){
        .kind = kind, .venue = cause->venue, .account = cause->account, .instrument = cause->instrument, .strategy = cause->strategy};
}

/* The order that a request would have made, refused. */
static b3_update rejection(const b3_request *request, uint16_t rule) {
    return (b3_update){.hdr = event_header(&request->hdr, B3_UPDATE),
                       .state = B3_REJECTED,
                       .side = request->side,
                       .order_type = request->order_type,
                       .rule = rule,
                       .order_id = request->order_id,
                       .price_raw = request->price_raw,
                       .qty_raw = request->qty_raw};
}

/* The cancel or replace of an order, refused: the order stands. */
static b3_update cancel_rejection(const b3_request *request, uint16_t rule) {
    b3_update update = {
        .hdr = event_header(&request->hdr, B3_UPDATE), .state = B3_UNKNOWN, .rule = rule, .order_id = request->orig_order_id};
    update.hdr.flags = B3_FLAG_CANCEL_REJECT;
    return update;
}

void b3_trading_refresh(b3_engine *engine) {
    for (uint32_t i = 0; i < engine->market_count; i++) {
        b3_market *market = &engine->markets[i];
        market->view.cash_free_raw = b3_account_free(engine->account, market->view.instrument->quote_currency);
    }
    for (uint32_t i = 0; i < engine->member_count; i++) {
        b3_member *member = &engine->members[i];
        member->open_orders = b3_orders_open(engine->orders, member->instrument, (uint16_t)(i + 1));
    }
}

/* ---------------------------------------------------------------- out: requests */

int32_t b3_trading_schedule(b3_engine *engine, int64_t due_ns, const b3_header *event, b3_error *error) {
    if (engine->firing && due_ns <= engine->now_ns) {
        if (engine->deferred_count == engine->timers.capacity)
            return b3_engine_fail(error, B3_ERR_CAPACITY, "timers: too many at once", engine->input_no, engine->timers.capacity);
        memcpy(&engine->deferred[engine->deferred_count++], event, b3_event_size(event->kind));
        return B3_OK;
    }
    if (b3_timers_push(&engine->timers, due_ns, event) != B3_OK)
        return b3_engine_fail(error, B3_ERR_CAPACITY, "timers: too many at once", engine->input_no, engine->timers.capacity);
    return B3_OK;
}

/* The strategy hears of a refusal as an update, in a later input of its own. */
static int32_t refuse(b3_engine *engine, const b3_request *request, uint16_t rule, b3_error *error) {
    engine->totals.rejects[rule < B3_RULE_END ? rule : B3_RULE_MALFORMED]++;
    const b3_update update = request->action == B3_CANCEL ? cancel_rejection(request, rule) : rejection(request, rule);
    return b3_trading_schedule(engine, engine->now_ns, &update.hdr, error);
}

/* Risk has charged an order that is not sent: hands that back. */
static void uncharge(b3_engine *engine, const b3_request *request) {
    const b3_update rejected = rejection(request, B3_RULE_OPEN_ORDERS);
    if (request->action != B3_CANCEL) b3_risk_on_update(engine->risk, &rejected);
}

/* Shadow: allowed, and not sent. */
static int32_t keep(b3_engine *engine, const b3_request *request, b3_error *error) {
    uncharge(engine, request);
    return refuse(engine, request, B3_RULE_SHADOW, error);
}

static int32_t send(b3_engine *engine, const b3_request *request, b3_error *error) {
    const int32_t status = b3_orders_on_request(engine->orders, request);
    if (status != B3_OK) {
        uncharge(engine, request);
        return refuse(engine, request, status == B3_FULL ? B3_RULE_OPEN_ORDERS : B3_RULE_UNKNOWN_ORDER, error);
    }
    engine->totals.orders += request->action != B3_CANCEL;
    return b3_trading_schedule(engine, b3_latency_arrival(&engine->latency, engine->now_ns), &request->hdr, error);
}

/* Risk counts money in the reporting currency at the rates that the account knows as things stand. */
static void tell_rates(b3_engine *engine) {
    const uint32_t reporting = engine->config.reporting_currency;
    for (uint32_t i = 0; i < engine->market_count; i++) {
        b3_rate rate = {.base = engine->instruments[i].quote_currency, .quote = reporting};
        if (rate.base == reporting) continue;
        if (b3_account_rate(engine->account, rate.base, reporting, &rate.rate_raw) != B3_OK) rate.rate_raw = 0; /* not known */
        b3_risk_on_rate(engine->risk, &rate);
    }
}

int32_t b3_trading_request(b3_engine *engine, b3_request *request, b3_error *error) {
    b3_market *market = market_of(engine, request->hdr.instrument);
    if (market == NULL)
        return b3_engine_fail(error, B3_ERR_ARGUMENT, "request: no such instrument", engine->input_no, request->hdr.instrument);
    request->hdr.venue = market->view.instrument->venue;
    request->hdr.ts_recv_ns = engine->now_ns;
    request->order_id = ++engine->next_order_id;
    engine->totals.requests++;
    int32_t failed = b3_output(engine, &request->hdr, error);
    if (failed != B3_OK) return failed;
    tell_rates(engine);
    failed = b3_guarding_request(engine, error);
    if (failed != B3_OK) return failed;
    /* Requests are rare: each one's judgement is timed, sampled input or not. */
    b3_decision decision = {0};
    const uint64_t before = b3_clock_ticks(&engine->clock);
    b3_risk_decide(engine->risk, request, &market->view, &decision);
    engine->mark_ticks = b3_clock_ticks(&engine->clock);
    b3_hist_record(&engine->stages[B3_STAGE_RISK], b3_clock_elapsed_ns(&engine->clock, before, engine->mark_ticks));
    decision.hdr = event_header(&request->hdr, B3_DECISION);
    decision.bid_price_raw = market->touch.bid_price_raw;
    decision.ask_price_raw = market->touch.ask_price_raw;
    failed = b3_output(engine, &decision.hdr, error);
    if (failed != B3_OK) return failed;
    if (!decision.allowed) failed = refuse(engine, request, decision.rule, error);
    else if (engine->config.shadow && request->action != B3_CANCEL) failed = keep(engine, request, error);
    else failed = send(engine, request, error);
    if (failed == B3_OK) failed = b3_guarding_decision(engine, request, &decision, error);
    if (engine->sampling)
        b3_hist_record(&engine->stages[B3_STAGE_DECISION],
                       b3_clock_elapsed_ns(&engine->clock, engine->input_ticks, b3_clock_ticks(&engine->clock)));
    b3_trading_refresh(engine);
    return failed;
}

/* ---------------------------------------------------------------- strategies */

static int32_t take(b3_engine *engine, uint32_t index, b3_header *event, b3_error *error) {
    const b3_member *member = &engine->members[index];
    event->strategy = (uint16_t)(index + 1);
    event->instrument = member->instrument;
    switch (event->kind) {
    case B3_SIGNAL:
        engine->totals.signals++;
        event->ts_recv_ns = 0;
        return b3_output(engine, event, error);
    case B3_TIMER: return b3_trading_schedule(engine, ((b3_timer *)event)->due_ns, event, error);
    case B3_REQUEST:
        event->flags &= (uint8_t)~B3_FLAG_EXIT; /* the engine's own to say: limits do not hold it up */
        return b3_trading_request(engine, (b3_request *)event, error);
    default: return b3_engine_fail(error, B3_ERR_ARGUMENT, "strategy: wrote an event that is not its to write", index, event->kind);
    }
}

/* A strategy that fails is switched off and said to be; the others go on. */
static int32_t switch_off(b3_engine *engine, uint32_t index, int32_t status, b3_error *error) {
    engine->members[index].kinds = 0;
    b3_system system = {.hdr = {.kind = B3_SYSTEM, .strategy = (uint16_t)(index + 1)}, .code = B3_SYS_HALT, .a = status};
    system.hdr.instrument = engine->members[index].instrument;
    return b3_output(engine, &system.hdr, error);
}

int32_t b3_trading_dispatch(b3_engine *engine, b3_market *market, const b3_header *event, b3_error *error) {
    for (uint32_t next = market->first_strategy; next != 0; next = engine->members[next - 1].next) {
        const uint32_t index = next - 1;
        const b3_member *member = &engine->members[index];
        const int for_another = event->strategy != 0 && event->strategy != next;
        if ((member->kinds >> event->kind & 1) == 0 || for_another) continue;
        int32_t failed = B3_OK;
        if (member->strategy == NULL) {
            failed = b3_output_inbox(engine, event, (uint16_t)next, error);
        } else {
            b3_slot out[B3_OUT_CAP];
            market->view.open_orders = member->open_orders;
            market->view.position = &member->position;
            const int32_t count = member->strategy->on_event(member->state, event, &market->view, out, B3_OUT_CAP);
            market->view.position = &market->position;
            b3_stage_end(engine, B3_STAGE_SIGNAL);
            if (count < 0 || count > B3_OUT_CAP) failed = switch_off(engine, index, count, error);
            for (int32_t i = 0; failed == B3_OK && i < count; i++) failed = take(engine, index, (b3_header *)&out[i], error);
        }
        if (failed != B3_OK) return failed;
    }
    return B3_OK;
}

/* ---------------------------------------------------------------- back: updates */

static int32_t output_balance(b3_engine *engine, const b3_header *cause, uint32_t currency, b3_error *error) {
    b3_balance balance = {0};
    b3_account_read_balance(engine->account, currency, &balance);
    balance.hdr = event_header(cause, B3_BALANCE);
    balance.hdr.strategy = 0;
    balance.currency = currency;
    return b3_output(engine, &balance.hdr, error);
}

static int32_t output_position(b3_engine *engine, const b3_header *cause, const b3_position *position, b3_error *error) {
    b3_position told = *position;
    told.hdr = event_header(cause, B3_POSITION);
    told.hdr.flags = position->hdr.flags;
    told.hdr.strategy = position->hdr.strategy;
    return b3_output(engine, &told.hdr, error);
}

static int32_t output_equity(b3_engine *engine, const b3_header *cause, b3_error *error) {
    b3_equity equity = {.hdr = event_header(cause, B3_EQUITY), .currency = engine->config.reporting_currency};
    equity.hdr.strategy = 0;
    if (engine->equity_input_no == engine->input_no) return B3_OK;
    engine->equity_input_no = engine->input_no;
    const int32_t status = b3_account_equity(engine->account, &equity.equity_raw);
    if (status == B3_EMPTY) return B3_OK;
    if (status != B3_OK) return b3_engine_fail(error, status, "account: its worth does not fit", engine->input_no, 0);
    return b3_output(engine, &equity.hdr, error);
}

int32_t b3_trading_marked(b3_engine *engine, b3_market *market, const b3_header *cause, b3_error *error) {
    int32_t failed = B3_OK;
    if (market->position.hdr.kind == B3_POSITION) {
        const uint32_t instrument = (uint32_t)(market - engine->markets);
        b3_account_read_position(engine->account, instrument, &market->position);
        for (uint32_t next = market->first_strategy; next != 0; next = engine->members[next - 1].next)
            b3_account_read_strategy(engine->account, (uint16_t)next, instrument, &engine->members[next - 1].position);
        failed = output_position(engine, cause, &market->position, error);
    }
    return failed != B3_OK ? failed : output_equity(engine, cause, error);
}

/* A fee in a currency that is neither of the instrument's is converted: the rate is said before what comes of it. */
static int32_t output_rate(b3_engine *engine, const b3_update *update, uint32_t quote_currency, b3_error *error) {
    b3_rate rate = {.hdr = event_header(&update->hdr, B3_RATE), .base = update->fee_currency, .quote = quote_currency};
    rate.hdr.strategy = 0;
    if (b3_account_rate(engine->account, rate.base, rate.quote, &rate.rate_raw) != B3_OK)
        return B3_OK; /* the position says what it lacks */
    return b3_output(engine, &rate.hdr, error);
}

static int32_t book_fill(b3_engine *engine, b3_market *market, const b3_update *update, b3_error *error) {
    const int32_t status = b3_account_on_update(engine->account, update, &market->position);
    if (status == B3_ERR_CAPACITY)
        return b3_engine_fail(error, status, "account: no room for another lot; raise engine.lot_capacity", update->exec_id,
                              engine->config.lot_capacity);
    if (status != B3_OK)
        return b3_engine_fail(error, status, "account: a fill that money cannot hold", update->exec_id, update->last_qty_raw);
    engine->totals.fills++;
    int32_t failed = output_position(engine, &update->hdr, &market->position, error);
    if (failed != B3_OK || update->hdr.strategy == 0) return failed;
    b3_member *member = &engine->members[update->hdr.strategy - 1];
    b3_account_read_strategy(engine->account, update->hdr.strategy, update->hdr.instrument, &member->position);
    return output_position(engine, &update->hdr, &member->position, error);
}

static int has_other_fee(const b3_instrument *instrument, const b3_update *update) {
    return update->fee_raw != 0 && update->fee_currency != instrument->base_currency && update->fee_currency != instrument->quote_currency;
}

static int32_t on_fill(b3_engine *engine, b3_market *market, const b3_update *update, b3_error *error) {
    const b3_instrument *instrument = market->view.instrument;
    if (update->last_qty_raw == 0) return B3_OK;
    const int32_t failed = has_other_fee(instrument, update) ? output_rate(engine, update, instrument->quote_currency, error) : B3_OK;
    return failed != B3_OK ? failed : book_fill(engine, market, update, error);
}

/* After risk has given back what the fill had locked. */
static int32_t on_balances(b3_engine *engine, const b3_instrument *instrument, const b3_update *update, b3_error *error) {
    if (update->last_qty_raw == 0) return B3_OK;
    int32_t failed = output_balance(engine, &update->hdr, instrument->base_currency, error);
    if (failed == B3_OK) failed = output_balance(engine, &update->hdr, instrument->quote_currency, error);
    if (failed == B3_OK && has_other_fee(instrument, update)) failed = output_balance(engine, &update->hdr, update->fee_currency, error);
    return failed != B3_OK ? failed : output_equity(engine, &update->hdr, error);
}

/* An answer of the venue: an input of its own, through all that it concerns. */
static int32_t on_update(b3_engine *engine, b3_update *update, b3_error *error) {
    b3_market *market = market_of(engine, update->hdr.instrument);
    if (market == NULL)
        return b3_engine_fail(error, B3_ERR_ARGUMENT, "venue: no such instrument", engine->input_no, update->hdr.instrument);
    engine->input_no++;
    update->hdr.ts_recv_ns = engine->now_ns;
    if (update->state == B3_REJECTED && update->rule < B3_RULE_END) engine->totals.rejects[update->rule]++;
    int32_t failed = b3_output(engine, &update->hdr, error);
    if (failed != B3_OK) return failed;
    failed = b3_guarding_answer(engine, market, update, error);
    if (failed != B3_OK) return failed;
    if (b3_orders_on_update(engine->orders, update) < 0)
        return b3_engine_fail(error, B3_ERR_STATE, "venue: an update that the order's state does not allow", update->order_id,
                              update->state);
    failed = on_fill(engine, market, update, error);
    if (failed != B3_OK) return failed;
    b3_risk_on_update(engine->risk, update);
    failed = on_balances(engine, market->view.instrument, update, error);
    if (failed != B3_OK) return failed;
    failed = b3_guarding_update(engine, market, update, error);
    if (failed != B3_OK) return failed;
    b3_trading_refresh(engine);
    return b3_trading_dispatch(engine, market, &update->hdr, error);
}

/* What the venue shows is not whole: nothing trades on it. Cancels go through. */
static int32_t venue_halted(b3_engine *engine, const b3_header *event, b3_error *error) {
    const b3_request *request = (const b3_request *)event;
    if (event->kind != B3_REQUEST) return B3_OK;
    b3_update update = cancel_rejection(request, B3_RULE_HALTED);
    const int32_t failed = request->action == B3_REPLACE ? on_update(engine, &update, error) : B3_OK;
    if (failed != B3_OK) return failed;
    update = rejection(request, B3_RULE_HALTED);
    return on_update(engine, &update, error);
}

/* Fees in a third currency are converted at the account's rate, so that both tell the same, and paid as long as it has some. */
static int32_t tell_fee_currency(b3_engine *engine, const b3_market *market, b3_error *error) {
    const b3_paper_config *paper = &engine->config.paper;
    if (paper->fee_asset != B3_FEE_THIRD) return B3_OK;
    b3_slot out;
    b3_rate rate = {.hdr = {.kind = B3_RATE}, .base = paper->fee_currency, .quote = market->view.instrument->quote_currency};
    b3_balance balance = {.hdr = {.kind = B3_BALANCE}, .currency = paper->fee_currency};
    balance.total_raw = b3_account_total(engine->account, paper->fee_currency);
    int32_t status = b3_paper_on_event(engine->paper, &balance.hdr, &market->view, &out, 1);
    /* Without a rate as received, then. */
    if (status == 0 && b3_account_rate(engine->account, rate.base, rate.quote, &rate.rate_raw) == B3_OK)
        status = b3_paper_on_event(engine->paper, &rate.hdr, &market->view, &out, 1);
    return status == 0 ? B3_OK : b3_engine_fail(error, status, "venue: the stage failed on the fee's currency", engine->input_no, 0);
}

int32_t b3_trading_venue(b3_engine *engine, b3_market *market, const b3_header *event, b3_error *error) {
    b3_slot out[B3_OUT_CAP];
    if (event->kind != B3_REQUEST && b3_paper_is_idle(engine->paper, (uint32_t)(market - engine->markets))) {
        b3_stage_end(engine, B3_STAGE_VENUE);
        return B3_OK;
    }
    const int cancels = event->kind == B3_REQUEST && ((const b3_request *)event)->action == B3_CANCEL;
    if ((market->view.flags & B3_VIEW_HALTED) != 0 && !cancels) return venue_halted(engine, event, error);
    const int32_t told = tell_fee_currency(engine, market, error);
    if (told != B3_OK) return told;
    int32_t count = B3_OUT_CAP;
    while (count == B3_OUT_CAP) {
        count = b3_paper_on_event(engine->paper, event, &market->view, out, B3_OUT_CAP);
        b3_stage_end(engine, B3_STAGE_VENUE);
        event = NULL;
        if (count < 0) return b3_engine_fail(error, count, "venue: the stage failed", engine->input_no, 0);
        for (int32_t i = 0; i < count; i++) {
            const int32_t failed = on_update(engine, (b3_update *)&out[i], error);
            if (failed != B3_OK) return failed;
        }
    }
    return B3_OK;
}
