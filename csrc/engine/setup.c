#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/prefault.h"
#include "engine/engine.h"

#define CALIBRATE_NS 2000000
#define TIMERS_PER_ORDER 4 /* an order, its cancel, a refusal, and a strategy's own timer */

b3_engine *b3_engine_new(const b3_engine_config *config, const b3_currency *currencies, const b3_instrument *instruments,
                         const b3_instrument_limits *limits, uint32_t instrument_count, const char *config_json, b3_error *error) {
    const char *wrong = NULL;
    if (instrument_count == 0) wrong = "engine: no instrument";
    if (config->currency_count == 0 || config->reporting_currency >= config->currency_count) wrong = "engine: no such reporting currency";
    if (config->paper.fee_currency >= config->currency_count) wrong = "engine: no such fee currency";
    if (config->order_capacity == 0 || config->paper.order_capacity == 0) wrong = "engine: an order capacity of 0";
    if (config->tap_kinds != 0 && config->tap_capacity == 0) wrong = "engine: a tap without capacity";
    if (!(config->pace >= 0)) wrong = "engine: a negative pace";
    for (uint32_t i = 0; i < instrument_count; i++) {
        const b3_instrument *instrument = &instruments[i];
        if (instrument->tick_raw <= 0 || instrument->price_scale > 10 || instrument->qty_scale > 10)
            wrong = "engine: an instrument without tick or scale";
        if (instrument->base_currency >= config->currency_count || instrument->quote_currency >= config->currency_count)
            wrong = "engine: an instrument of unknown currency";
    }
    if (wrong != NULL) {
        (void)b3_engine_fail(error, B3_ERR_ARGUMENT, wrong, 0, 0);
        return NULL;
    }
    b3_engine *engine = b3_alloc(sizeof(*engine));
    if (engine == NULL) {
        (void)b3_engine_fail(error, B3_ERR_MEMORY, "engine: no memory", 0, (int64_t)sizeof(*engine));
        return NULL;
    }
    engine->config = *config;
    engine->market_count = instrument_count;
    engine->markets = b3_alloc_array(instrument_count, sizeof(b3_market));
    engine->instruments = b3_alloc_array(instrument_count, sizeof(b3_instrument));
    engine->limits = b3_alloc_array(instrument_count, sizeof(b3_instrument_limits));
    engine->members = b3_alloc_array(B3_STRATEGIES_MAX, sizeof(b3_member));
    engine->currencies = b3_alloc_array(config->currency_count, sizeof(b3_currency));
    engine->config_json = b3_alloc(strlen(config_json) + 1);
    if (engine->markets == NULL || engine->instruments == NULL || engine->limits == NULL || engine->members == NULL ||
        engine->currencies == NULL || engine->config_json == NULL) {
        b3_engine_free(engine);
        (void)b3_engine_fail(error, B3_ERR_MEMORY, "engine: no memory", 0, 0);
        return NULL;
    }
    memcpy(engine->limits, limits, sizeof(b3_instrument_limits) * instrument_count);
    memcpy(engine->currencies, currencies, sizeof(b3_currency) * config->currency_count);
    memcpy(engine->config_json, config_json, strlen(config_json) + 1);
    memcpy(engine->instruments, instruments, sizeof(b3_instrument) * instrument_count);
    /* Futures are market data until funding and margin are kept: their orders are refused (NOT_TRADING). */
    for (uint32_t i = 0; i < instrument_count; i++)
        if (instruments[i].venue == B3_VENUE_BINANCE_USDM) engine->instruments[i].trading = 0;
    for (uint32_t i = 0; i < B3_SOURCES_MAX; i++) engine->source_symbol[i] = -1;
    return engine;
}

void b3_engine_free(b3_engine *engine) {
    if (engine == NULL) return;
    if (engine->members != NULL)
        for (uint32_t i = 0; i < engine->member_count; i++) b3_alloc_free(engine->members[i].params);
    b3_log_close(&engine->log);
    if (engine->arena.base != NULL) b3_arena_close(&engine->arena);
    b3_alloc_free(engine->tap.slots);
    b3_alloc_free(engine->inbox.slots);
    if (!engine->started) b3_alloc_free(engine->markets); /* start moves them into the arena */
    b3_alloc_free(engine->instruments);
    b3_alloc_free(engine->limits);
    b3_alloc_free(engine->currencies);
    b3_alloc_free(engine->members);
    b3_alloc_free(engine->config_json);
    b3_alloc_free(engine);
}

/* ---------------------------------------------------------------- strategies */

static int32_t add(b3_engine *engine, b3_member member, b3_error *error) {
    if (engine->started) return b3_engine_fail(error, B3_ERR_STATE, "engine: strategies are added before it starts", 0, 0);
    if (member.instrument >= engine->market_count)
        return b3_engine_fail(error, B3_ERR_ARGUMENT, "strategy: no such instrument", 0, member.instrument);
    if (engine->member_count == B3_STRATEGIES_MAX)
        return b3_engine_fail(error, B3_ERR_CAPACITY, "engine: too many strategies", 0, B3_STRATEGIES_MAX);
    const uint32_t index = engine->member_count++;
    engine->members[index] = member;
    uint32_t *link = &engine->markets[member.instrument].first_strategy;
    while (*link != 0) link = &engine->members[*link - 1].next;
    *link = index + 1;
    return (int32_t)index + 1;
}

int32_t b3_engine_add_strategy(b3_engine *engine, const b3_strategy *strategy, const double *params, uint32_t instrument, b3_error *error) {
    if (strategy->abi != B3_STRATEGY_ABI)
        return b3_engine_fail(error, B3_ERR_VERSION, "strategy: built for another ABI", 0, (int64_t)strategy->abi);
    for (uint32_t i = 0; i < strategy->param_count; i++)
        if (!(params[i] >= strategy->params[i].min && params[i] <= strategy->params[i].max))
            return b3_engine_fail(error, B3_ERR_ARGUMENT, "strategy: a parameter outside its bounds (position: which one)", i, 0);
    double *copy = b3_alloc(sizeof(double) * (strategy->param_count + 1));
    if (copy == NULL) return b3_engine_fail(error, B3_ERR_MEMORY, "strategy: no memory", 0, 0);
    if (strategy->param_count != 0) memcpy(copy, params, sizeof(double) * strategy->param_count);
    const b3_member member = {.strategy = strategy, .params = copy, .kinds = strategy->kinds, .instrument = instrument};
    const int32_t id = add(engine, member, error);
    if (id < 0) b3_alloc_free(copy);
    return id;
}

int32_t b3_engine_add_external(b3_engine *engine, uint32_t kinds, uint32_t instrument, b3_error *error) {
    return add(engine, (b3_member){.kinds = kinds, .instrument = instrument}, error);
}

/* ---------------------------------------------------------------- start */

/* Lays out the hot memory: run once to add up (arena NULL), once to take. */
typedef struct b3_layout {
    b3_arena *arena;
    size_t bytes;
    int32_t failed;
} b3_layout;

static void *place(b3_layout *layout, const char *name, size_t bytes) {
    layout->bytes += (bytes + 63) & ~(size_t)63;
    if (layout->arena == NULL) return NULL;
    void *at = b3_arena_take(layout->arena, name, bytes);
    if (at == NULL) layout->failed = 1;
    return at;
}

/* Those that strategies may use, and one an instrument for the engine's own exits: risk keeps them apart. */
static uint32_t order_slots(const b3_engine *engine) {
    return engine->config.order_capacity + engine->market_count;
}

static b3_risk_config risk_config(const b3_engine *engine) {
    return (b3_risk_config){.limits = engine->config.limits,
                            .per_instrument = engine->limits,
                            .instruments = engine->instruments,
                            .account = engine->account,
                            .instrument_count = engine->market_count,
                            .currency_count = engine->config.currency_count,
                            .reporting_currency = engine->config.reporting_currency,
                            .order_capacity = engine->config.order_capacity,
                            .taker_fee_rate_raw = engine->config.paper.fees[0].taker_fee_rate_raw,
                            .standing = engine->guard == NULL ? NULL : &engine->guard->standing};
}

static b3_account_config account_config(const b3_engine *engine) {
    return (b3_account_config){.instruments = engine->instruments,
                               .currencies = engine->currencies,
                               .instrument_count = engine->market_count,
                               .currency_count = engine->config.currency_count,
                               .strategy_count = engine->member_count,
                               .reporting_currency = engine->config.reporting_currency,
                               .pnl_method = engine->config.pnl_method,
                               .lot_capacity = engine->config.lot_capacity};
}

typedef struct b3_places {
    b3_market *markets;
    void **sequences;
    void **books;
    void **bars;
    void **states;
    void *timers;
    void *json;
    void *guard;
    void *risk;
    void *orders;
    void *account;
    void *paper;
} b3_places;

static void place_each(b3_layout *layout, const char *name, void **at, uint32_t count, size_t bytes) {
    for (uint32_t i = 0; i < count; i++) {
        void *taken = place(layout, name, bytes);
        if (at != NULL) at[i] = taken;
    }
}

static void lay_out(b3_engine *engine, b3_layout *layout, b3_places *places) {
    const b3_engine_config *config = &engine->config;
    const uint32_t markets = engine->market_count;
    const b3_risk_config risk = risk_config(engine);
    const b3_account_config account = account_config(engine);
    const uint32_t timers = order_slots(engine) * TIMERS_PER_ORDER;
    void **pointers = place(layout, "pointers", sizeof(void *) * (3 * (size_t)markets + B3_STRATEGIES_MAX));
    places->sequences = pointers;
    places->books = pointers == NULL ? NULL : pointers + markets;
    places->bars = pointers == NULL ? NULL : pointers + 2 * (size_t)markets;
    places->states = pointers == NULL ? NULL : pointers + 3 * (size_t)markets;
    places->markets = place(layout, "markets", sizeof(b3_market) * markets);
    place_each(layout, "depth kept back", places->sequences, markets, b3_sequence_size(B3_KEPT_LEVELS));
    place_each(layout, "books", places->books, markets, b3_book_size(config->dense_ticks, config->sparse_levels));
    place_each(layout, "bars", places->bars, markets, b3_bars_size());
    for (uint32_t i = 0; i < engine->member_count; i++) {
        const b3_strategy *strategy = engine->members[i].strategy;
        void *state = strategy == NULL ? NULL : place(layout, "strategies", strategy->state_size);
        if (places->states != NULL) places->states[i] = state;
    }
    engine->events_bytes = B3_LEVELS_MAX * sizeof(b3_level);
    engine->events = place(layout, "parsed events", engine->events_bytes);
    places->json = place(layout, "parser", b3_json_size(markets));
    places->timers = place(layout, "timers", b3_timers_size(timers));
    engine->deferred = place(layout, "timers", sizeof(b3_slot) * timers);
    places->guard = place(layout, "guard", b3_guard_size(markets));
    places->risk = place(layout, "risk", b3_risk_size(&risk));
    places->orders = place(layout, "orders", b3_orders_size(order_slots(engine), markets, engine->member_count));
    places->account = place(layout, "account", b3_account_size(&account));
    places->paper = place(layout, "paper venue", b3_paper_size(&config->paper, engine->instruments, markets));
    engine->stages = place(layout, "latency histograms", sizeof(b3_hist) * B3_STAGE_END);
}

static int32_t init_market(b3_engine *engine, const b3_places *places, uint32_t index, b3_error *error) {
    const b3_engine_config *config = &engine->config;
    b3_market *market = &engine->markets[index];
    market->sequence = b3_sequence_init(places->sequences[index], B3_KEPT_LEVELS);
    market->book = b3_book_init(places->books[index], engine->instruments[index].tick_raw, config->dense_ticks, config->sparse_levels);
    market->bars = places->bars[index];
    market->position.currency = engine->instruments[index].quote_currency;
    market->position.hdr.instrument = index;
    market->view = (b3_view){.instrument = &engine->instruments[index],
                             .touch = &market->touch,
                             .book = market->book,
                             .levels = b3_book_levels,
                             .qty_at = b3_book_qty_at,
                             .position = &market->position,
                             .flags = B3_VIEW_HALTED};
    if (market->sequence == NULL || market->book == NULL)
        return b3_engine_fail(error, B3_ERR_ARGUMENT, "engine: dense_ticks or sparse_levels out of range", index, config->dense_ticks);
    const int32_t status = b3_bars_init(market->bars, &config->bars, &engine->instruments[index]);
    return status == B3_OK ? B3_OK : b3_engine_fail(error, status, "engine: no such bars", index, config->bars.size);
}

static int32_t init_json(b3_engine *engine, void *memory, b3_error *error) {
    b3_json_symbol *symbols = b3_alloc_array(engine->market_count, sizeof(b3_json_symbol));
    if (symbols == NULL) return b3_engine_fail(error, B3_ERR_MEMORY, "engine: no memory", 0, 0);
    for (uint32_t i = 0; i < engine->market_count; i++) {
        const b3_instrument *instrument = &engine->instruments[i];
        memcpy(symbols[i].symbol, instrument->symbol, B3_SYMBOL_MAX);
        symbols[i].instrument = i;
        symbols[i].venue = instrument->venue;
        symbols[i].price_scale = instrument->price_scale;
        symbols[i].qty_scale = instrument->qty_scale;
    }
    const int32_t status = b3_json_init(memory, symbols, engine->market_count);
    b3_alloc_free(symbols);
    engine->json = memory;
    return status == B3_OK ? B3_OK : b3_engine_fail(error, status, "engine: the same symbol twice, or a scale that is none", 0, 0);
}

static int32_t init_trading(b3_engine *engine, const b3_places *places, b3_error *error) {
    const b3_engine_config *config = &engine->config;
    const b3_account_config account = account_config(engine);
    engine->account = b3_account_init(places->account, &account);
    engine->guard = b3_guard_init(places->guard, &config->guard, &config->limits, &config->saved, engine->market_count);
    const b3_risk_config risk = risk_config(engine);
    engine->risk = b3_risk_init(places->risk, &risk);
    engine->orders = b3_orders_init(places->orders, order_slots(engine), engine->market_count, engine->member_count);
    engine->paper = b3_paper_init(places->paper, &config->paper, engine->instruments, engine->market_count);
    if (engine->guard == NULL || engine->risk == NULL || engine->orders == NULL || engine->account == NULL || engine->paper == NULL ||
        b3_latency_init(&engine->latency, &config->paper) != B3_OK)
        return b3_engine_fail(error, B3_ERR_ARGUMENT, "engine: impossible limits, capacities, rates or P&L method", 0, 0);
    for (uint32_t i = 0; i < engine->market_count; i++)
        engine->markets[i].watched = engine->guard->watches_equity || engine->guard->watches_prices;
    for (uint32_t i = 0; i < config->currency_count; i++) {
        const int32_t status = b3_account_deposit(engine->account, i, engine->currencies[i].start_raw);
        if (status != B3_OK) return b3_engine_fail(error, status, "engine: a starting balance", i, engine->currencies[i].start_raw);
    }
    return B3_OK;
}

/* One market of each currency that quotes are in and reports are not: its rate is told with every request. */
static void link_foreign(b3_engine *engine) {
    uint32_t *link = &engine->first_foreign;
    for (uint32_t i = 0; i < engine->market_count; i++) {
        const uint32_t currency = engine->instruments[i].quote_currency;
        int known = currency == engine->config.reporting_currency;
        for (uint32_t next = engine->first_foreign; next != 0; next = engine->markets[next - 1].next_foreign)
            known |= engine->instruments[next - 1].quote_currency == currency;
        if (known) continue;
        *link = i + 1;
        link = &engine->markets[i].next_foreign;
    }
}

static int32_t init_members(b3_engine *engine, const b3_places *places, b3_error *error) {
    for (uint32_t i = 0; i < engine->member_count; i++) {
        b3_member *member = &engine->members[i];
        member->state = places->states[i];
        member->position = (b3_position){.hdr = {.instrument = member->instrument, .strategy = (uint16_t)(i + 1)},
                                         .currency = engine->instruments[member->instrument].quote_currency};
        if (member->strategy == NULL) continue;
        const int32_t status = member->strategy->init(member->state, member->params, &engine->instruments[member->instrument]);
        if (status != B3_OK)
            return b3_engine_fail(error, status, "strategy: its parameters contradict one another (position: which one)", i, 0);
    }
    return B3_OK;
}

static int32_t outlet_open(b3_outlet *outlet, uint32_t capacity, b3_error *error) {
    const uint32_t slots = capacity * 2; /* run stops at capacity; the rest is room for what one input says */
    outlet->slots = b3_alloc(sizeof(b3_tap_slot) * slots);
    if (outlet->slots == NULL) return b3_engine_fail(error, B3_ERR_MEMORY, "engine: no memory for the tap", 0, capacity);
    outlet->capacity = slots;
    return B3_OK;
}

static int32_t open_log(b3_engine *engine, b3_error *error) {
    if (!engine->config.has_journal) return B3_OK;
    const int32_t failed = b3_log_open(&engine->log, engine->config.journal_bytes, error);
    if (failed != B3_OK) return failed;
    const b3_record config = {.type = B3_REC_CONFIG};
    const int32_t status = b3_log_put(&engine->log, &config, engine->config_json, (uint32_t)strlen(engine->config_json));
    return status == B3_OK ? B3_OK : b3_engine_fail(error, status, "journal: the configuration does not fit its log", 0, 0);
}

int32_t b3_engine_start(b3_engine *engine, b3_error *error) {
    if (engine->started) return b3_engine_fail(error, B3_ERR_STATE, "engine: started already", 0, 0);
    b3_places places = {0};
    b3_layout layout = {0};
    lay_out(engine, &layout, &places);
    int32_t status = b3_arena_open(&engine->arena, layout.bytes);
    if (status != B3_OK) return b3_engine_fail(error, status, "engine: no memory for its hot part", 0, (int64_t)layout.bytes);
    layout = (b3_layout){.arena = &engine->arena};
    lay_out(engine, &layout, &places);
    if (layout.failed) return b3_engine_fail(error, B3_ERR_MEMORY, "engine: its hot memory is smaller than laid out", 0, 0);
    memcpy(places.markets, engine->markets, sizeof(b3_market) * engine->market_count);
    b3_alloc_free(engine->markets);
    engine->markets = places.markets;
    engine->started = 1;
    b3_timers_init(&engine->timers, places.timers, order_slots(engine) * TIMERS_PER_ORDER);
    const int32_t calibrated = b3_clock_calibrate(&engine->clock, CALIBRATE_NS);
    if (calibrated != B3_OK) return b3_engine_fail(error, calibrated, "engine: no clock", 0, CALIBRATE_NS);
    engine->until_sample = engine->config.sample_every;
    for (uint32_t i = 0; i < engine->market_count && status == B3_OK; i++) status = init_market(engine, &places, i, error);
    link_foreign(engine);
    engine->changes = 1; /* nothing has been seen yet */
    if (status == B3_OK) status = init_json(engine, places.json, error);
    if (status == B3_OK) status = init_trading(engine, &places, error);
    if (status == B3_OK) status = init_members(engine, &places, error);
    if (status == B3_OK) status = open_log(engine, error);
    if (status == B3_OK && engine->config.tap_kinds != 0) status = outlet_open(&engine->tap, engine->config.tap_capacity, error);
    if (status == B3_OK) status = outlet_open(&engine->inbox, B3_OUT_CAP, error);
    b3_prefault_code();
    return status;
}

int32_t b3_engine_journal_drain_blocking(b3_engine *engine, int32_t fd, b3_error *error) {
    if (engine->log.size == 0) return b3_engine_fail(error, B3_ERR_STATE, "journal: this engine has none", 0, 0);
    if (fd >= 0) {
        uint8_t head[B3_FILE_HEAD_BYTES];
        b3_recording_write_head(head, B3_CONTENT_JOURNAL);
        if (write(fd, head, sizeof(head)) != (ssize_t)sizeof(head)) return b3_recording_fail_io(error, 0, "journal: cannot write its head");
    }
    return b3_log_drain(&engine->log, fd, error);
}
