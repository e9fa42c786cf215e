#include <string.h>

#include "engine/engine.h"

/* ---------------------------------------------------------------- bars */

static int32_t on_bar(b3_engine *engine, b3_market *market, b3_bar *bar, b3_error *error) {
    engine->totals.bars++;
    int32_t failed = b3_output(engine, &bar->hdr, error);
    if (failed == B3_OK) failed = b3_trading_marked(engine, market, &bar->hdr, error);
    return failed != B3_OK ? failed : b3_trading_dispatch(engine, market, &bar->hdr, error);
}

static int32_t bars(b3_engine *engine, b3_market *market, const b3_header *event, b3_error *error) {
    b3_slot out[B3_OUT_CAP];
    int32_t count = B3_OUT_CAP;
    while (count == B3_OUT_CAP) {
        count = b3_bars_on_event(market->bars, event, &market->view, out, B3_OUT_CAP);
        event = NULL;
        if (count < 0) return b3_engine_fail(error, count, "bars: the stage failed", engine->input_no, 0);
        b3_stage_end(engine, B3_STAGE_BARS);
        for (int32_t i = 0; i < count; i++) {
            b3_header *made = (b3_header *)&out[i];
            made->instrument = (uint32_t)(market - engine->markets);
            made->venue = market->view.instrument->venue;
            const b3_system *told = (const b3_system *)made; /* late, malformed or too large a trade */
            const int32_t failed = made->kind == B3_BAR ? on_bar(engine, market, (b3_bar *)made, error)
                                                        : b3_output_system(engine, market, told->code, told->a, told->b, error);
            if (failed != B3_OK) return failed;
        }
    }
    return B3_OK;
}

/* ---------------------------------------------------------------- market events */

/* The smallest difference seen is the clocks' offset and the fastest way here; what an event took beyond it, it is late by. The ticker
 * carries no exchange time: it neither shows the feed late nor on time. */
static void learn_offset(b3_engine *engine, b3_market *market, const b3_header *event) {
    if (event->ts_exchange_ns == 0) return;
    const int64_t difference_ns = event->ts_recv_ns - event->ts_exchange_ns;
    if (!engine->offset_known || difference_ns < engine->totals.clock_offset_ns) engine->totals.clock_offset_ns = difference_ns;
    engine->offset_known = 1;
    market->view.late_ns = difference_ns - engine->totals.clock_offset_ns;
    if (engine->sampling) b3_hist_record(&engine->stages[B3_STAGE_WIRE], difference_ns);
}

/* What is held is worth the mid of the touch. */
static void mark(b3_engine *engine, const b3_market *market) {
    const b3_touch *touch = &market->touch;
    if (touch->bid_qty_raw == 0 || touch->ask_qty_raw == 0) return;
    const int64_t mid_raw = touch->bid_price_raw + (touch->ask_price_raw - touch->bid_price_raw) / 2;
    const uint32_t instrument = (uint32_t)(market - engine->markets);
    b3_account_mark(engine->account, instrument, mid_raw);
    b3_risk_on_mark(engine->risk, instrument, mid_raw);
}

/* Takes a quote into the touch; returns whether it was taken. Most change a quantity alone. */
static inline int take_quote(b3_engine *engine, b3_market *market, const b3_quote *quote) {
    const int64_t bid_price_raw = market->touch.bid_price_raw;
    const int64_t ask_price_raw = market->touch.ask_price_raw;
    if (!b3_touch_on_quote(&market->touch, quote)) return 0;
    if (market->touch.bid_price_raw != bid_price_raw || market->touch.ask_price_raw != ask_price_raw) mark(engine, market);
    return 1;
}

/* The touch or the book has moved: the guard first, then strategies, then the venue, whose answers are inputs of their own. */
static int32_t publish(b3_engine *engine, b3_market *market, const b3_quote *quote, b3_error *error) {
    const b3_touch *touch = &market->touch;
    b3_view *view = &market->view;
    view->flags &= ~(uint32_t)B3_VIEW_CROSSED;
    if (touch->bid_qty_raw > 0 && touch->ask_qty_raw > 0 && touch->bid_price_raw >= touch->ask_price_raw) view->flags |= B3_VIEW_CROSSED;
    int32_t failed = market->watched ? b3_guarding_touch(engine, market, error) : B3_OK;
    if (failed == B3_OK) failed = b3_trading_dispatch(engine, market, &quote->hdr, error);
    return failed != B3_OK ? failed : b3_trading_venue(engine, market, &quote->hdr, error);
}

static int32_t apply(b3_engine *engine, b3_market *market, const b3_level *levels, uint32_t count, b3_error *error) {
    const int32_t failed = b3_book_on_levels(market->book, levels, count, &market->depth);
    if (failed != B3_OK) return failed; /* the caller halts the instrument */
    market->depth.hdr.instrument = (uint32_t)(market - engine->markets);
    (void)take_quote(engine, market, &market->depth);
    b3_paper_on_levels(engine->paper, levels, count, engine->now_ns);
    if ((levels->hdr.flags & B3_FLAG_SNAPSHOT) != 0) return B3_OK;
    return b3_output_market(engine, &market->depth.hdr, error);
}

static int32_t halt(b3_engine *engine, b3_market *market, uint16_t code, int64_t a, int64_t b, b3_error *error) {
    market->view.flags = (market->view.flags | B3_VIEW_HALTED) & ~(uint32_t)B3_VIEW_SYNCED;
    const int32_t failed = b3_output_system(engine, market, code, a, b, error);
    return failed != B3_OK ? failed : b3_output_system(engine, market, B3_SYS_HALT, B3_RULE_HALTED, 0, error);
}

/* The book refused a message: what it holds is no longer the venue's. */
static int32_t book_failed(b3_engine *engine, b3_market *market, int32_t status, b3_error *error) {
    if (status == B3_ERR_MEMORY) return status;
    b3_sequence_reset(market->sequence);
    return halt(engine, market, B3_SYS_BAD_MESSAGE, status, 0, error);
}

static int32_t on_snapshot(b3_engine *engine, b3_market *market, const b3_level *levels, uint32_t count, b3_error *error) {
    int64_t expected = 0;
    int64_t found = 0;
    int32_t status = apply(engine, market, levels, count, error);
    while (status == B3_OK) {
        const b3_level *kept = NULL;
        const int32_t kept_count = b3_sequence_next(market->sequence, &kept, &expected, &found);
        if (kept_count == 0) break;
        if (kept_count < 0) return halt(engine, market, B3_SYS_GAP, expected, found, error);
        status = apply(engine, market, kept, (uint32_t)kept_count, error);
    }
    if (status != B3_OK) return book_failed(engine, market, status, error);
    const uint32_t was = market->view.flags;
    market->view.flags = (was | B3_VIEW_SYNCED) & ~(uint32_t)B3_VIEW_HALTED;
    status = b3_output_system(engine, market, B3_SYS_SNAPSHOT, levels->last_update_id, 0, error);
    if (status == B3_OK && (was & B3_VIEW_HALTED) != 0) status = b3_output_system(engine, market, B3_SYS_RESUME, 0, 0, error);
    return status != B3_OK ? status : publish(engine, market, &market->depth, error);
}

static int32_t on_levels(b3_engine *engine, b3_market *market, const b3_level *levels, uint32_t count, b3_error *error) {
    int64_t expected = 0;
    int64_t found = 0;
    engine->totals.events += count;
    market->levels += count;
    learn_offset(engine, market, &levels->hdr);
    const int32_t verdict = b3_sequence_on_message(market->sequence, levels, count, &expected, &found);
    if (verdict == B3_SEQ_SNAPSHOT) return on_snapshot(engine, market, levels, count, error);
    if (verdict == B3_SEQ_GAP) return halt(engine, market, B3_SYS_GAP, expected, found, error);
    if (verdict != B3_SEQ_APPLY) return B3_OK;
    const int32_t status = apply(engine, market, levels, count, error);
    b3_stage_end(engine, B3_STAGE_BOOK);
    if (status != B3_OK) return book_failed(engine, market, status, error);
    const int32_t failed = bars(engine, market, &market->depth.hdr, error);
    return failed != B3_OK ? failed : publish(engine, market, &market->depth, error);
}

static int32_t on_ticker(b3_engine *engine, b3_market *market, const b3_quote *quote, b3_error *error) {
    engine->totals.events++;
    market->book_tickers++;
    const int taken = take_quote(engine, market, quote);
    b3_stage_end(engine, B3_STAGE_BOOK);
    return taken ? publish(engine, market, quote, error) : B3_OK;
}

static int32_t on_trade(b3_engine *engine, b3_market *market, const b3_trade *trade, b3_error *error) {
    engine->totals.events++;
    market->trades++;
    learn_offset(engine, market, &trade->hdr);
    int32_t failed = b3_output_market(engine, &trade->hdr, error);
    if (failed == B3_OK) failed = bars(engine, market, &trade->hdr, error);
    if (failed == B3_OK) failed = b3_trading_dispatch(engine, market, &trade->hdr, error);
    return failed != B3_OK ? failed : b3_trading_venue(engine, market, &trade->hdr, error);
}

static int32_t on_kline(b3_engine *engine, b3_market *market, const b3_bar *bar, b3_error *error) {
    engine->totals.events++;
    market->klines++;
    return b3_output_market(engine, &bar->hdr, error);
}

static int32_t route(b3_engine *engine, const b3_parsed *parsed, b3_error *error) {
    b3_market *market = &engine->markets[parsed->instrument];
    market->view.now_ns = engine->now_ns;
    market->message_ns = engine->now_ns;
    const int64_t ts_exchange_ns = ((const b3_header *)engine->events)->ts_exchange_ns;
    if (__builtin_expect(ts_exchange_ns >= engine->guard->next_day_ns, 0)) {
        const int32_t failed = b3_guarding_exchange_time(engine, ts_exchange_ns, error);
        if (failed != B3_OK) return failed;
    }
    switch (parsed->kind) {
    case B3_LEVEL: return on_levels(engine, market, engine->events, parsed->count, error);
    case B3_QUOTE: return on_ticker(engine, market, engine->events, error);
    case B3_TRADE: return on_trade(engine, market, engine->events, error);
    default: return on_kline(engine, market, engine->events, error);
    }
}

/* ---------------------------------------------------------------- inputs */

int32_t b3_pipeline_timers(b3_engine *engine, int64_t now_ns, b3_error *error) {
    int32_t failed = B3_OK;
    engine->firing = 1;
    while (failed == B3_OK && b3_timers_next_ns(&engine->timers) <= now_ns) {
        const b3_due *due = b3_timers_pop(&engine->timers, now_ns);
        b3_slot slot = due->event; /* what follows may push timers, and so reuse its place */
        b3_header *event = (b3_header *)&slot;
        if (due->due_ns > engine->now_ns) engine->now_ns = due->due_ns;
        engine->input_no++;
        b3_market *market = &engine->markets[event->instrument];
        market->view.now_ns = engine->now_ns;
        event->ts_recv_ns = engine->now_ns;
        if (event->kind == B3_REQUEST) {
            event->input_no = engine->input_no;
            failed = b3_trading_venue(engine, market, event, error);
        } else {
            failed = b3_output(engine, event, error);
            if (failed == B3_OK) failed = b3_trading_dispatch(engine, market, event, error);
        }
    }
    engine->firing = 0;
    return failed;
}

int32_t b3_pipeline_begin(b3_engine *engine, int64_t recv_ns, b3_error *error) {
    if (b3_timers_next_ns(&engine->timers) <= recv_ns) {
        const int32_t failed = b3_pipeline_timers(engine, recv_ns, error);
        if (failed != B3_OK) return failed;
    }
    if (recv_ns > engine->now_ns) engine->now_ns = recv_ns;
    for (uint32_t i = 0; i < engine->deferred_count; i++)
        if (b3_timers_push(&engine->timers, engine->now_ns, (const b3_header *)&engine->deferred[i]) != B3_OK)
            return b3_engine_fail(error, B3_ERR_CAPACITY, "timers: too many at once", engine->input_no, engine->timers.capacity);
    engine->deferred_count = 0;
    engine->input_no++;
    engine->totals.inputs++;
    engine->sampling = 0;
    if (engine->config.sample_every != 0 && --engine->until_sample == 0) {
        engine->until_sample = engine->config.sample_every;
        engine->sampling = 1;
        engine->mark_ticks = engine->input_ticks = b3_clock_ticks(&engine->clock);
    }
    return B3_OK;
}

static int32_t end(b3_engine *engine, int32_t failed) {
    if (engine->sampling) {
        const uint64_t now = b3_clock_ticks(&engine->clock);
        b3_hist_record(&engine->stages[B3_STAGE_INPUT], b3_clock_elapsed_ns(&engine->clock, engine->input_ticks, now));
        engine->sampling = 0;
    }
    return failed;
}

static int32_t journal_input(b3_engine *engine, const b3_record *record, const void *payload, b3_error *error) {
    if (engine->log.size == 0) return B3_OK;
    b3_record head = *record;
    head.input_no = engine->input_no;
    const int32_t failed = b3_log_put(&engine->log, &head, payload, record->len);
    return failed == B3_OK ? B3_OK : b3_engine_fail(error, failed, "journal: cannot take an input", engine->input_no, record->len);
}

/* A message that cannot be read costs that message alone: counted, named, told to whoever listens. */
static int32_t bad_message(b3_engine *engine, const b3_record *record, const b3_error *why, b3_error *error) {
    engine->totals.messages_bad++;
    engine->totals.last_bad = *why;
    engine->totals.last_bad_input = engine->input_no;
    b3_system system = {.hdr = {.kind = B3_SYSTEM, .instrument = UINT32_MAX},
                        .code = B3_SYS_BAD_MESSAGE,
                        .source = record->source,
                        .a = why->status,
                        .b = (int64_t)why->position};
    return b3_output(engine, &system.hdr, error);
}

int32_t b3_pipeline_frame(b3_engine *engine, const b3_record *record, const uint8_t *payload, b3_error *error) {
    int32_t failed = b3_pipeline_begin(engine, record->recv_ns, error);
    if (failed == B3_OK) failed = journal_input(engine, record, payload, error);
    if (failed == B3_OK && engine->guard->timed) failed = b3_guarding_time(engine, error);
    if (failed != B3_OK) return failed;
    const b3_input input = {.data = payload,
                            .len = record->len,
                            .source = record->source,
                            .stamp = record->stamp,
                            .recv_ns = record->recv_ns,
                            .input_no = engine->input_no};
    const int32_t symbol = record->source < B3_SOURCES_MAX ? engine->source_symbol[record->source] : -1;
    b3_parsed parsed;
    b3_error why;
    const int32_t status = b3_json_parse(engine->json, &input, symbol, engine->events, engine->events_bytes, &parsed, &why);
    b3_stage_end(engine, B3_STAGE_PARSE);
    if (status == B3_OK) {
        failed = route(engine, &parsed, error);
    } else if (status == B3_EMPTY) {
        engine->totals.messages_ignored++;
    } else if (status == B3_ERR_SYMBOL) {
        engine->totals.messages_unknown_symbol++;
    } else {
        failed = bad_message(engine, record, &why, error);
    }
    return end(engine, failed);
}

/* Events parsed when the recording was made: of one kind, of the source's instrument. */
static int32_t load_events(b3_engine *engine, const b3_recording *recording, const b3_record *record, b3_parsed *parsed, b3_error *why) {
    const uint32_t stride = b3_recording_event_size(recording, record->kind);
    const size_t size = b3_event_size(record->kind);
    const int market_data = record->kind == B3_LEVEL || record->kind == B3_TRADE || record->kind == B3_QUOTE || record->kind == B3_BAR;
    if (!market_data || stride < sizeof(b3_header) || record->len == 0 || record->len % stride != 0)
        return b3_engine_fail(why, B3_ERR_FORMAT, "recording: not a whole number of market events", 0, record->kind);
    const uint32_t count = record->len / stride;
    if (count * size > engine->events_bytes)
        return b3_engine_fail(why, B3_ERR_CAPACITY, "recording: too many events in a record", 0, count);
    uint8_t *to = engine->events;
    for (uint32_t i = 0; i < count; i++, to += size) {
        b3_slot slot;
        if (b3_recording_event_at(recording, record, i, &slot) != B3_OK)
            return b3_engine_fail(why, B3_ERR_FORMAT, "recording: an event of an unknown kind", i, record->kind);
        memcpy(to, &slot, size);
        b3_header *header = (b3_header *)to;
        if (header->kind != record->kind) return b3_engine_fail(why, B3_ERR_FORMAT, "recording: an event of another kind", i, header->kind);
        header->instrument = parsed->instrument;
        header->input_no = engine->input_no;
    }
    parsed->kind = record->kind;
    parsed->count = record->kind == B3_LEVEL ? count : 1;
    if (parsed->count != count) return b3_engine_fail(why, B3_ERR_FORMAT, "recording: several messages in a record", 1, count);
    if (record->kind == B3_LEVEL && (((b3_header *)(to - size))->flags & B3_FLAG_LAST) == 0)
        return b3_engine_fail(why, B3_ERR_FORMAT, "recording: a depth message without its last level", count, 0);
    return B3_OK;
}

int32_t b3_pipeline_events(b3_engine *engine, const b3_recording *recording, const b3_record *record, b3_error *error) {
    int32_t failed = b3_pipeline_begin(engine, record->recv_ns, error);
    if (failed == B3_OK) failed = journal_input(engine, record, record + 1, error);
    if (failed == B3_OK && engine->guard->timed) failed = b3_guarding_time(engine, error);
    if (failed != B3_OK) return failed;
    const int32_t symbol = record->source < B3_SOURCES_MAX ? engine->source_symbol[record->source] : -1;
    b3_parsed parsed = {.instrument = (uint32_t)symbol};
    b3_error why;
    if (symbol < 0) {
        engine->totals.messages_unknown_symbol++;
    } else if (load_events(engine, recording, record, &parsed, &why) == B3_OK) {
        b3_stage_end(engine, B3_STAGE_PARSE);
        failed = route(engine, &parsed, error);
    } else {
        failed = bad_message(engine, record, &why, error);
    }
    return end(engine, failed);
}
