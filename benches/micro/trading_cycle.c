/* What does an order cost?
 *
 *   trading_cycle risk ORDERS     the full set of pre-trade checks, every limit and filter on: refused by the very last rule, and allowed
 *                                 (reservation included; giving it back is not timed)
 *   trading_cycle risk_exactly ORDERS   the same without the fast way: what that one is worth
 *   trading_cycle cycle ORDERS    the whole cycle: request -> risk -> order store -> paper venue -> fill -> order store -> account ->
 *                                 risk -> position and P&L read; limit buys that rest and are traded through, market sells that take
 *
 *   trading_cycle resting ORDERS  the venue alone with so many orders of ours at rest, each at a price of its own, proportional queue: a
 * quote, an order that comes to rest between them, a depth message of 20 levels there, a trade at the touch, its cancel
 *
 * Prints one JSON object: ns an order, the median over batches of 1,024; of the cycle also of its first and last tenth (flat or growing?).
 * The results are checked before anything is printed. Order data is made here: random walk, varied sizes, fixed seed.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "exec/orders.h"
#include "risk/account.h"
#include "risk/limits.h"
#include "venue/paper.h"

#define MONEY 100000000ll
#define START_NS 1000000000000
#define BATCH 1024
#define VARIED 4096 /* different requests, so that no branch is learnt by heart */

typedef struct world {
    b3_instrument instrument;
    b3_instrument_limits instrument_limits;
    b3_touch touch;
    b3_view view;
    b3_standing standing;
    uint8_t exiting;
    b3_account *account;
    b3_risk *risk;
    b3_orders *orders;
    b3_paper *paper;
    b3_request requests[VARIED];
    b3_touch touches[VARIED];
    b3_update updates[BATCH];
    void (*decide)(b3_risk *, const b3_request *, const b3_view *, b3_decision *);
    uint64_t order_id;
    uint64_t fills;
    uint64_t refused;
    int64_t pnl_seen; /* so that reading P&L is not optimised away */
} world;

static void require(int holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "trading_cycle: wrong result: %s\n", what);
    exit(1);
}

static void *zeroed(size_t bytes) {
    void *memory = aligned_alloc(64, (bytes + 63) & ~(size_t)63);
    require(memory != NULL, "out of memory");
    memset(memory, 0, bytes);
    return memory;
}

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000ll + t.tv_nsec;
}

static uint64_t random_next(uint64_t *seed) {
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

static void make_data(world *w) {
    uint64_t seed = 20240808;
    int64_t cents = 6160000;
    for (int i = 0; i < VARIED; i++) {
        cents += (int64_t)(random_next(&seed) % 201) - 100;
        b3_touch *touch = &w->touches[i];
        *touch = (b3_touch){
            .bid_price_raw = cents * 1000000, .ask_price_raw = (cents + 1) * 1000000, .update_id = i + 1, .ts_recv_ns = START_NS};
        touch->bid_qty_raw = MONEY + (int64_t)(random_next(&seed) % (uint64_t)MONEY);
        touch->ask_qty_raw = MONEY + (int64_t)(random_next(&seed) % (uint64_t)MONEY);
        b3_request *request = &w->requests[i];
        *request = (b3_request){.hdr = {.kind = B3_REQUEST, .version = 1, .strategy = 1}, .action = B3_NEW};
        request->side = i % 2 == 0 ? B3_BUY : B3_SELL;
        request->order_type = i % 2 == 0 ? B3_LIMIT : B3_MARKET;
        request->tif = B3_GTC;
        request->price_raw = i % 2 == 0 ? touch->bid_price_raw : 0;
        /* A sell sells what the buy before it bought. */
        request->qty_raw = i % 2 == 0 ? (int64_t)(1 + random_next(&seed) % 50000) * 1000 : w->requests[i - 1].qty_raw;
    }
}

static world *make_world(void) {
    world *w = zeroed(sizeof(world));
    w->instrument = (b3_instrument){.symbol = "BTCUSDT", .price_scale = 8, .qty_scale = 8, .trading = 1, .notional_min_on_market = 1};
    w->instrument.base_currency = 1;
    w->instrument.max_num_orders = 100000;
    w->instrument.tick_raw = w->instrument.price_step_raw = w->instrument.price_min_raw = MONEY / 100;
    w->instrument.price_max_raw = 1000000 * MONEY;
    w->instrument.lot_step_raw = w->instrument.lot_min_raw = 1000;
    w->instrument.lot_max_raw = w->instrument.market_lot_max_raw = 9000 * MONEY;
    w->instrument.notional_min_raw = MONEY / 100;
    w->instrument.notional_max_raw = 9000000 * MONEY;
    w->instrument.position_max_raw = 1000000 * MONEY;
    w->instrument.bid_multiplier_up_raw = w->instrument.ask_multiplier_up_raw = 5 * MONEY;
    w->instrument.bid_multiplier_down_raw = w->instrument.ask_multiplier_down_raw = MONEY / 5;
    w->instrument_limits = (b3_instrument_limits){.order_qty_max_raw = 10 * MONEY, .position_max_raw = 2000 * MONEY};

    const uint32_t capacity = 2 * BATCH;
    const b3_paper_config paper = {.fees = {{.maker_fee_rate_raw = 10000, .taker_fee_rate_raw = 100000}},
                                   .fee_tier_count = 1,
                                   .order_capacity = capacity,
                                   .queue_model = B3_QUEUE_CONSERVATIVE,
                                   .fee_asset = B3_FEE_QUOTE};
    const b3_currency currencies[2] = {{.name = "USDT"}, {.name = "BTC"}};
    const b3_account_config account = {.instruments = &w->instrument,
                                       .currencies = currencies,
                                       .instrument_count = 1,
                                       .currency_count = 2,
                                       .strategy_count = 1,
                                       .pnl_method = B3_PNL_WEIGHTED_AVERAGE};
    w->account = b3_account_init(zeroed(b3_account_size(&account)), &account);
    require(b3_account_deposit(w->account, 0, 50000000000 * MONEY / 10) == B3_OK, "deposit");
    const b3_risk_config config = {.limits = {.order_notional_max_raw = 1000000 * MONEY,
                                              .exposure_max_raw = 400000000 * MONEY,
                                              .stale_after_ns = 1000000000,
                                              .late_after_ns = 1000000000,
                                              .orders_per_second = 4000000000u,
                                              .open_orders_max = capacity,
                                              .open_positions_max = 5,
                                              .net_exposure_max_raw = 400000000 * MONEY,
                                              .price_collar_rate_raw = MONEY / 20},
                                   .per_instrument = &w->instrument_limits,
                                   .instruments = &w->instrument,
                                   .account = w->account,
                                   .instrument_count = 1,
                                   .currency_count = 2,
                                   .order_capacity = capacity,
                                   .taker_fee_rate_raw = paper.fees[0].taker_fee_rate_raw,
                                   .standing = &w->standing};
    w->standing.exiting = &w->exiting;
    w->risk = b3_risk_init(zeroed(b3_risk_size(&config)), &config);
    w->orders = b3_orders_init(zeroed(b3_orders_size(capacity, 1, 1)), capacity, 1, 1);
    w->paper = b3_paper_init(zeroed(b3_paper_size(&paper, &w->instrument, 1)), &paper, &w->instrument, 1);
    w->view = (b3_view){.instrument = &w->instrument, .touch = &w->touch, .flags = B3_VIEW_SYNCED, .now_ns = START_NS};
    make_data(w);
    return w;
}

static void set_touch(world *w, int i) {
    w->touch = w->touches[i % VARIED];
    w->touch.bid_qty_raw += i / VARIED; /* the same price and quantity again would be the same liquidity to the venue */
    w->touch.ask_qty_raw += i / VARIED;
    w->touch.ts_recv_ns = w->view.now_ns;
    w->view.now_ns += 1000;
}

/* ---------------------------------------------------------------- risk */

static void decide_batch(world *w, int from, int count) {
    for (int i = 0; i < count; i++) {
        w->view.touch = &w->touches[(from + i) % VARIED];
        w->view.now_ns += 1;
        b3_request *request = &w->requests[(from + i) % VARIED];
        request->order_id = w->order_id + 1;
        b3_decision decision;
        w->decide(w->risk, request, &w->view, &decision);
        w->order_id += decision.allowed;
        w->refused += decision.rule == B3_RULE_MAX_NUM_ORDERS;
    }
}

/* The venue refuses the last count orders: what they reserved comes back. */
static void release(world *w, int from, int count) {
    for (int i = 0; i < count; i++) {
        b3_update update = {.state = B3_REJECTED, .qty_raw = w->requests[(from + i) % VARIED].qty_raw};
        update.order_id = w->order_id - (uint64_t)(count - 1 - i);
        b3_risk_on_update(w->risk, &update);
    }
}

/* ---------------------------------------------------------------- the whole cycle */

static void on_updates(world *w, const b3_slot *out, int32_t count) {
    for (int32_t i = 0; i < count; i++) {
        b3_update update;
        b3_position position;
        b3_pnl pnl;
        memcpy(&update, &out[i], sizeof(update));
        require(b3_orders_on_update(w->orders, &update) == B3_OK, "an update that the order's state does not allow");
        if (b3_account_on_update(w->account, &update, &position) == B3_OK) {
            w->fills++;
            require(b3_account_read_pnl(w->account, 0, &pnl) == B3_OK, "P&L");
            w->pnl_seen += pnl.total_raw;
        }
        b3_risk_on_update(w->risk, &update);
    }
}

static void deliver(world *w, const b3_header *event) {
    b3_slot out[4];
    int32_t count = b3_paper_on_event(w->paper, event, &w->view, out, 4);
    for (; count == 4; count = b3_paper_on_event(w->paper, NULL, &w->view, out, 4)) on_updates(w, out, count);
    on_updates(w, out, count);
}

static void cycle_batch(world *w, int from, int count) {
    for (int i = 0; i < count; i++) {
        const int at = (from + i) % VARIED;
        set_touch(w, from + i);
        const b3_quote quote = {.hdr = {.kind = B3_QUOTE}};
        deliver(w, &quote.hdr);
        b3_account_mark(w->account, 0, w->touch.bid_price_raw);
        b3_request request = w->requests[at];
        request.order_id = ++w->order_id;
        b3_decision decision;
        b3_risk_decide(w->risk, &request, &w->view, &decision);
        require(decision.allowed, "an order that must be allowed is refused");
        require(b3_orders_on_request(w->orders, &request) == B3_OK, "order store");
        deliver(w, &request.hdr);
        if (request.order_type == B3_LIMIT) { /* it rests; a trade goes through it */
            const b3_trade trade = {.hdr = {.kind = B3_TRADE}, .price_raw = request.price_raw - 1000000, .qty_raw = request.qty_raw};
            deliver(w, &trade.hdr);
        }
    }
}

/* ---------------------------------------------------------------- timing */

/* The measured part, by name for instruction counting. */
__attribute__((noinline)) void bench_body(world *w, void (*batch)(world *, int, int), int from, int count) {
    batch(w, from, count);
}

static int64_t timed(world *w, void (*batch)(world *, int, int), int from) {
    const int64_t start = now_ns();
    bench_body(w, batch, from, BATCH);
    return now_ns() - start;
}

static int ascending(const void *a, const void *b) {
    const int64_t left = *(const int64_t *)a;
    const int64_t right = *(const int64_t *)b;
    return (left > right) - (left < right);
}

/* Nanoseconds an order: median over batches. Sorts. */
static double ns_an_order(int64_t *times, int count) {
    qsort(times, (size_t)count, sizeof(int64_t), ascending);
    return (double)times[count / 2] / BATCH;
}

static void require_released(const world *w) {
    b3_risk_state state;
    b3_balance balance;
    b3_risk_read(w->risk, 0, &state);
    require(state.pending_buy_raw == 0 && state.pending_sell_raw == 0 && state.open_orders == 0, "something is still reserved");
    for (uint32_t currency = 0; currency < 2; currency++) {
        b3_account_read_balance(w->account, currency, &balance);
        require(balance.locked_raw == 0, "money is still locked");
    }
}

static void run_risk(const char *name, int batches) {
    world *w = make_world();
    w->decide = strcmp(name, "risk") == 0 ? b3_risk_decide : b3_risk_decide_exactly;
    int64_t *times = zeroed((size_t)batches * sizeof(int64_t));
    require(b3_account_deposit(w->account, 1, 100000 * MONEY) == B3_OK, "deposit");
    /* All of them are open at once: the buys lie below what the sells reach, so as not to trade with them. */
    for (int i = 0; i < VARIED; i += 2) w->requests[i].price_raw -= w->requests[i].price_raw / 5000000000 * 100000000;
    for (int i = 0; i < batches; i++) {
        times[i] = timed(w, decide_batch, i * BATCH);
        require(w->order_id == (uint64_t)(i + 1) * BATCH, "an order that must be allowed is refused");
        release(w, i * BATCH, BATCH);
        require_released(w);
    }
    const double allowed = ns_an_order(times, batches);
    w->instrument.max_num_orders = 1; /* the last of all rules */
    w->requests[0].order_id = ++w->order_id;
    b3_decision decision;
    b3_risk_decide(w->risk, &w->requests[0], &w->view, &decision);
    require(decision.allowed, "the one open order");
    for (int i = 0; i < batches; i++) times[i] = timed(w, decide_batch, i * BATCH);
    require(w->refused == (uint64_t)batches * BATCH, "an order that max_num_orders must refuse is not");
    printf("{\"bench\": \"%s\", \"orders\": %d, \"allowed_ns\": %.1f, \"refused_by_last_rule_ns\": %.1f}\n", name, batches * BATCH, allowed,
           ns_an_order(times, batches));
    free(times);
}

/* Cash and position follow from one another when flat: nothing was lost or made up on the way. */
static void require_settled(const world *w, int64_t start_cash) {
    b3_position position;
    b3_balance balance;
    b3_orders_stats stats;
    b3_account_read_position(w->account, 0, &position);
    b3_account_read_balance(w->account, 0, &balance);
    b3_orders_read_stats(w->orders, &stats);
    require(position.qty_raw == 0 && position.cost_raw == 0, "the position is not flat");
    require(balance.total_raw == start_cash + position.realized_raw - position.fees_raw, "cash is not start + realised - fees");
    require(stats.open == 0 && stats.filled == w->order_id && stats.fills == w->fills, "an order did not fill");
    require(w->fills >= w->order_id && w->pnl_seen != 0, "fills are missing");
    require_released(w);
}

static void run_cycle(int batches) {
    world *w = make_world();
    int64_t *times = zeroed((size_t)batches * sizeof(int64_t));
    const int64_t start_cash = b3_account_total(w->account, 0);
    for (int i = 0; i < batches; i++) times[i] = timed(w, cycle_batch, i * BATCH);
    require_settled(w, start_cash);
    const int tenth = batches >= 10 ? batches / 10 : 1;
    const double first = ns_an_order(times, tenth);
    const double last = ns_an_order(times + batches - tenth, tenth);
    printf("{\"bench\": \"cycle\", \"orders\": %d, \"cycle_ns\": %.1f, \"first_tenth_ns\": %.1f, \"last_tenth_ns\": %.1f}\n",
           batches * BATCH, ns_an_order(times, batches), first, last);
    free(times);
}

/* ---------------------------------------------------------------- many orders at rest */

#define TICK (MONEY / 100)
#define TOP (60000 * MONEY)
#define DEPTH_LEVELS 20

static int32_t venue(world *w, const b3_header *event, b3_update *last) {
    b3_slot out[4];
    const int32_t count = b3_paper_on_event(w->paper, event, &w->view, out, 4);
    require(count >= 0 && count < 4, "the venue's answer");
    if (count > 0) memcpy(last, &out[count - 1], sizeof(*last));
    return count;
}

static void rest_at(world *w, int64_t price_raw) {
    b3_update last;
    const b3_request request = {.hdr = {.kind = B3_REQUEST, .version = 1, .strategy = 1},
                                .action = B3_NEW,
                                .side = B3_BUY,
                                .order_type = B3_LIMIT,
                                .tif = B3_POST_ONLY,
                                .order_id = ++w->order_id,
                                .price_raw = price_raw,
                                .qty_raw = 1000};
    require(venue(w, &request.hdr, &last) == 1 && last.state == B3_WORKING, "an order that must rest does not");
}

/* Resting orders lie on even ticks below TOP, the one that comes on an odd one between them. */
static int64_t between(const world *w, uint64_t *seed) {
    return TOP - TICK - 2 * TICK * (int64_t)(random_next(seed) % (uint64_t)w->requests[0].qty_raw);
}

static void resting_batch(world *w, int from, int count) {
    uint64_t seed = 88172645463325252 + (uint64_t)from;
    b3_update last;
    for (int i = 0; i < count; i++) {
        w->view.now_ns += 10000000;
        w->touch.update_id++;
        const b3_quote quote = {.hdr = {.kind = B3_QUOTE}};
        require(venue(w, &quote.hdr, &last) == 0, "a quote that reaches nothing");
        rest_at(w, between(w, &seed));
        const b3_trade trade = {.hdr = {.kind = B3_TRADE, .flags = B3_FLAG_BUYER_MAKER}, .price_raw = TOP, .qty_raw = 1};
        require(venue(w, &trade.hdr, &last) == 0, "a trade above all of ours");
        const b3_request cancel = {.hdr = {.kind = B3_REQUEST}, .action = B3_CANCEL, .orig_order_id = w->order_id};
        require(venue(w, &cancel.hdr, &last) == 1 && last.state == B3_CANCELED, "a cancel");
    }
}

static void level_batch(world *w, int from, int count) {
    uint64_t seed = 88172645463325252 + (uint64_t)from;
    b3_level levels[DEPTH_LEVELS];
    for (int i = 0; i < count; i += DEPTH_LEVELS) {
        w->view.now_ns += 10000000;
        w->touch.update_id++;
        const int64_t price = between(w, &seed);
        for (int level = 0; level < DEPTH_LEVELS; level++)
            levels[level] = (b3_level){.hdr = {.kind = B3_LEVEL},
                                       .price_raw = price - TICK * level,
                                       .qty_raw = (int64_t)(random_next(&seed) % 1000),
                                       .last_update_id = w->touch.update_id};
        b3_paper_on_levels(w->paper, levels, DEPTH_LEVELS, w->view.now_ns);
    }
}

static void run_resting(int resting, int batches) {
    world *w = make_world();
    int64_t *times = zeroed((size_t)batches * sizeof(int64_t));
    const b3_paper_config paper = {.fees = {{0}},
                                   .fee_tier_count = 1,
                                   .order_capacity = (uint32_t)resting + 1,
                                   .queue_model = B3_QUEUE_PROPORTIONAL,
                                   .fee_asset = B3_FEE_QUOTE};
    w->paper = b3_paper_init(zeroed(b3_paper_size(&paper, &w->instrument, 1)), &paper, &w->instrument, 1);
    w->touch = (b3_touch){.bid_price_raw = TOP, .bid_qty_raw = MONEY, .ask_price_raw = TOP + TICK, .ask_qty_raw = MONEY, .update_id = 1};
    w->requests[0].qty_raw = resting;
    for (int i = 0; i < resting; i++) rest_at(w, TOP - 2 * TICK * (i + 1));
    for (int i = 0; i < batches; i++) times[i] = timed(w, resting_batch, i * BATCH);
    const double order = ns_an_order(times, batches);
    for (int i = 0; i < batches; i++) times[i] = timed(w, level_batch, i * BATCH);
    b3_update last;
    for (int i = 0; i < resting; i++) {
        const b3_request cancel = {.hdr = {.kind = B3_REQUEST}, .action = B3_CANCEL, .orig_order_id = (uint64_t)i + 1};
        require(venue(w, &cancel.hdr, &last) == 1 && last.state == B3_CANCELED, "an order at rest is gone");
    }
    printf("{\"bench\": \"resting\", \"resting\": %d, \"order_ns\": %.1f, \"level_ns\": %.1f}\n", resting, order,
           ns_an_order(times, batches));
    free(times);
}

int main(int argc, char **argv) {
    const int orders = argc == 3 ? atoi(argv[2]) : 0;
    const int batches = orders / BATCH > 0 ? orders / BATCH : 1;
    if (orders > 0 && strncmp(argv[1], "risk", 4) == 0) run_risk(argv[1], batches);
    else if (orders > 0 && strcmp(argv[1], "cycle") == 0) run_cycle(batches);
    else if (orders > 0 && orders <= 1000000 && strcmp(argv[1], "resting") == 0) run_resting(orders, 40);
    else {
        fprintf(stderr, "use: trading_cycle risk|risk_exactly|cycle|resting ORDERS\n");
        return 2;
    }
    return 0;
}
