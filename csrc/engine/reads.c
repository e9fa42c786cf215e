#include "engine/engine.h"

static const char *const stage_names[B3_STAGE_END] = {"parse", "book", "bars", "signal", "venue", "risk", "input", "decision", "wire"};

int32_t b3_engine_read_instrument(const b3_engine *engine, uint32_t instrument, b3_instrument_state *out) {
    if (!engine->started || instrument >= engine->market_count) return B3_ERR_ARGUMENT;
    const b3_market *market = &engine->markets[instrument];
    b3_sequence_stats sequence;
    b3_bars_stats bars;
    b3_sequence_read_stats(market->sequence, &sequence);
    b3_bars_read_stats(market->bars, &bars);
    *out = (b3_instrument_state){.depth = market->depth,
                                 .touch = market->touch,
                                 .diffs_applied = sequence.applied,
                                 .diffs_stale = sequence.stale,
                                 .gaps = sequence.gaps,
                                 .snapshots = sequence.snapshots,
                                 .levels = market->levels,
                                 .trades = market->trades,
                                 .book_tickers = market->book_tickers,
                                 .klines = market->klines,
                                 .bars = bars.bars,
                                 .late_trades = bars.late_trades,
                                 .flags = market->view.flags};
    return B3_OK;
}

void b3_engine_read_totals(const b3_engine *engine, b3_totals *out) {
    *out = engine->totals;
    if (!engine->started) return;
    b3_json_stats json;
    b3_json_read_stats(engine->json, &json);
    out->messages_general = json.general;
    out->journal_bytes = engine->log.head;
    out->journal_waits = engine->log.waits;
    out->memory_bytes = engine->arena.size + engine->log.size;
    out->pages = engine->arena.pages;
    out->locked = engine->arena.locked;
    out->last_recv_ns = (uint64_t)engine->now_ns;
}

int32_t b3_engine_read_position(const b3_engine *engine, uint32_t instrument, b3_position *out) {
    if (!engine->started || instrument >= engine->market_count) return B3_ERR_ARGUMENT;
    b3_account_read_position(engine->account, instrument, out);
    return B3_OK;
}

int32_t b3_engine_read_strategy(const b3_engine *engine, uint32_t strategy, b3_position *out) {
    if (!engine->started || strategy == 0 || strategy > engine->member_count) return B3_ERR_ARGUMENT;
    b3_account_read_strategy(engine->account, (uint16_t)strategy, engine->members[strategy - 1].instrument, out);
    return B3_OK;
}

int32_t b3_engine_read_balance(const b3_engine *engine, uint32_t currency, b3_balance *out) {
    if (!engine->started || currency >= engine->config.currency_count) return B3_ERR_ARGUMENT;
    b3_account_read_balance(engine->account, currency, out);
    return B3_OK;
}

int32_t b3_engine_read_pnl(const b3_engine *engine, uint32_t currency, b3_pnl *out) {
    if (!engine->started || currency >= engine->config.currency_count) return B3_ERR_ARGUMENT;
    return b3_account_read_pnl(engine->account, currency, out);
}

int32_t b3_engine_read_guard(const b3_engine *engine, b3_guard_state *out) {
    if (!engine->started) return B3_ERR_STATE;
    const b3_guard *guard = engine->guard;
    *out = (b3_guard_state){.saved = guard->saved,
                            .equity_raw = guard->equity_raw,
                            .notes = engine->notes,
                            .cancels = engine->cancels,
                            .exits = engine->exits,
                            .rule = guard->standing.rule,
                            .equity_known = guard->equity_known};
    for (uint32_t i = 0; i < engine->market_count; i++) out->exiting += engine->markets[i].exit.exiting;
    return B3_OK;
}

int32_t b3_engine_read_stop(const b3_engine *engine, uint32_t instrument, b3_stop_state *out) {
    if (!engine->started || instrument >= engine->market_count) return B3_ERR_ARGUMENT;
    const b3_market *market = &engine->markets[instrument];
    *out = (b3_stop_state){.trigger_raw = market->stop.trigger_raw,
                           .loss_raw = market->stop.loss_raw,
                           .best_raw = market->stop.best_raw,
                           .trailing = (uint32_t)market->stop.trailing,
                           .exiting = market->exit.exiting};
    return B3_OK;
}

int32_t b3_engine_read_rate(const b3_engine *engine, uint32_t currency, int64_t *rate_raw) {
    if (!engine->started || currency >= engine->config.currency_count) return B3_ERR_ARGUMENT;
    return b3_account_rate(engine->account, currency, engine->config.reporting_currency, rate_raw);
}

int32_t b3_engine_read_equity(const b3_engine *engine, int64_t *equity_raw) {
    return engine->started ? b3_account_equity(engine->account, equity_raw) : B3_ERR_STATE;
}

int32_t b3_engine_read_latency(const b3_engine *engine, uint32_t index, b3_latency *out) {
    if (!engine->started) return B3_ERR_STATE;
    if (index >= B3_STAGE_END) return B3_END;
    const b3_hist *hist = &engine->stages[index];
    *out = (b3_latency){.stage = stage_names[index],
                        .count = hist->count,
                        .p50_ns = b3_hist_quantile(hist, 0.5),
                        .p99_ns = b3_hist_quantile(hist, 0.99),
                        .p999_ns = b3_hist_quantile(hist, 0.999),
                        .max_ns = hist->max_ns,
                        .negative = hist->negative};
    return B3_OK;
}

int32_t b3_engine_read_memory(const b3_engine *engine, uint32_t index, b3_memory_use *out) {
    if (!engine->started) return B3_ERR_STATE;
    if (index < engine->arena.use_count) {
        const b3_arena_use *use = &engine->arena.use[index];
        *out = (b3_memory_use){.name = use->name, .bytes = use->bytes, .blocks = use->blocks};
        return B3_OK;
    }
    if (index > engine->arena.use_count) return B3_END;
    *out = (b3_memory_use){.name = "journal log", .bytes = engine->log.size, .blocks = engine->log.size != 0};
    return B3_OK;
}
