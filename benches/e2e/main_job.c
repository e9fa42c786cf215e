/* The whole main job on a recording, from bytes to fills, as `bot3 run` does it: what does a level or a trade cost?
 *
 *   main_job RECORDING.b3r STRATEGY|- RUNS JOURNAL|-
 *
 * Public calls only. Journal and sampled timing on. Each run is a new engine; the median of the hot loop's time is printed as JSON, per
 * book level or trade (tickers are worked on in that time but not counted). The journal's bytes go to the file JOURNAL, or are dropped.
 */
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "bot3.h"

#define MONEY 100000000ll
#define LOG_BYTES (2u << 20)          /* the product's default */
#define LOG_BYTES_COUNTED (16u << 20) /* holds the sample: instructions are counted without a wait for the drain */

typedef struct result {
    b3_totals totals;
    b3_instrument_state state;
    double start_ms; /* from nothing to the first input worked through */
} result;

static double now_ms(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec * 1e3 + (double)now.tv_nsec / 1e6;
}

static void fail(const char *what, const b3_error *error) {
    fprintf(stderr, "main_job: %s: %s (%s, position %llu)\n", what, error->what == NULL ? "" : error->what, b3_status_name(error->status),
            (unsigned long long)error->position);
    exit(1);
}

static b3_instrument btcusdt(void) {
    return (b3_instrument){.symbol = "BTCUSDT",
                           .venue = 1,
                           .price_scale = 8,
                           .qty_scale = 8,
                           .trading = 1,
                           .base_currency = 1,
                           .quote_currency = 0,
                           .tick_raw = MONEY / 100,
                           .price_step_raw = MONEY / 100,
                           .lot_step_raw = 1000,
                           .lot_min_raw = 1000,
                           .lot_max_raw = 9000 * MONEY,
                           .notional_min_raw = 5 * MONEY};
}

static b3_engine_config settings(void) {
    return (b3_engine_config){.limits = {.stale_after_ns = 5000000000, .orders_per_second = 10, .open_orders_max = 5},
                              .bars = {.kind = B3_BAR_TIME, .size = 1000000000, .grace_ns = 100000000},
                              .paper = {.fees = {{.maker_fee_rate_raw = 100000, .taker_fee_rate_raw = 100000}},
                                        .fee_tier_count = 1,
                                        .order_capacity = 64,
                                        .queue_model = B3_QUEUE_CONSERVATIVE,
                                        .fee_asset = B3_FEE_QUOTE,
                                        .order_entry = {.constant_ns = 1000000}},
                              .currency_count = 2,
                              .pnl_method = B3_PNL_WEIGHTED_AVERAGE,
                              .dense_ticks = 32768,
                              .sparse_levels = 16384,
                              .order_capacity = 64,
                              .journal_bytes = LOG_BYTES,
                              .sample_every = 64,
                              .has_journal = 1};
}

static void add_strategy(b3_engine *engine, const char *name) {
    if (strcmp(name, "-") == 0) return;
    const b3_strategy *strategy = NULL;
    for (uint32_t i = 0; (strategy = b3_strategy_at(i)) != NULL; i++)
        if (strcmp(strategy->name, name) == 0) break;
    b3_error error = {.status = B3_ERR_ARGUMENT, .what = "no such strategy"};
    if (strategy == NULL) fail(name, &error);
    double params[64];
    for (uint32_t i = 0; i < strategy->param_count; i++) params[i] = strategy->params[i].value;
    if (b3_engine_add_strategy(engine, strategy, params, 0, &error) < 0) fail(name, &error);
}

typedef struct drain {
    b3_engine *engine;
    int fd;
} drain;

static void *drain_thread(void *argument) {
    const drain *work = argument;
    b3_error error;
    if (b3_engine_journal_drain_blocking(work->engine, work->fd, &error) != B3_OK) fail("drain", &error);
    return NULL;
}

/* The measured part, by name for instruction counting. */
__attribute__((noinline)) int32_t bench_body(b3_engine *engine, b3_recording *recording, b3_error *error) {
    return b3_engine_run_blocking(engine, recording, UINT64_MAX, error);
}

/* A system call that fails and changes nothing: tests that trace the process see by it where the hot part begins and ends. */
static void mark_hot_part(const char *text) {
    const ssize_t ignored = write(-1, text, 3);
    (void)ignored;
}

static result run(b3_recording *recording, const char *strategy, const char *journal, uint32_t log_bytes) {
    b3_error error = {0};
    b3_engine_config config = settings();
    config.journal_bytes = log_bytes;
    const b3_instrument instrument = btcusdt();
    const b3_currency currencies[] = {{.name = "USDT", .start_raw = 100000 * MONEY}, {.name = "BTC"}};
    const b3_instrument_limits limits = {.order_qty_max_raw = MONEY, .position_max_raw = MONEY};
    const double started_ms = now_ms();
    b3_engine *engine = b3_engine_new(&config, currencies, &instrument, &limits, 1, "{}", &error);
    if (engine == NULL) fail("new", &error);
    add_strategy(engine, strategy);
    if (b3_engine_start(engine, &error) != B3_OK) fail("start", &error);
    drain work = {.engine = engine, .fd = strcmp(journal, "-") == 0 ? -1 : open(journal, O_CREAT | O_TRUNC | O_WRONLY, 0600)};
    pthread_t thread;
    if (pthread_create(&thread, NULL, drain_thread, &work) != 0) exit(1);
    b3_recording_rewind(recording);
    if (b3_engine_run_blocking(engine, recording, 1, &error) != B3_OK) fail("first input", &error);
    const double start_ms = now_ms() - started_ms;
    mark_hot_part("B3>");
    const int32_t outcome = bench_body(engine, recording, &error);
    mark_hot_part("B3<");
    if (outcome != B3_END) fail("run", &error);
    if (b3_engine_finish(engine, &error) != B3_OK) fail("finish", &error);
    pthread_join(thread, NULL);
    if (work.fd >= 0) close(work.fd);
    result out = {.start_ms = start_ms};
    b3_engine_read_totals(engine, &out.totals);
    b3_engine_read_instrument(engine, 0, &out.state);
    b3_engine_free(engine);
    return out;
}

static int ascending(const void *a, const void *b) {
    const uint64_t x = *(const uint64_t *)a;
    const uint64_t y = *(const uint64_t *)b;
    return (x > y) - (x < y);
}

int main(int argc, char **argv) {
    if (argc != 5) {
        fprintf(stderr, "use: main_job RECORDING.b3r STRATEGY|- RUNS JOURNAL|-\n");
        return 2;
    }
    b3_error error = {0};
    b3_recording *recording = b3_recording_open_blocking(argv[1], B3_CONTENT_RECORDING, &error);
    if (recording == NULL) fail(argv[1], &error);
    const int runs = atoi(argv[3]);
    uint64_t *ns = calloc((size_t)(runs > 0 ? runs : 1), sizeof(*ns));
    if (ns == NULL || runs < 1) return 2;
    result last = {0};
    for (int i = 0; i < runs; i++) {
        last = run(recording, argv[2], argv[4], runs == 1 ? LOG_BYTES_COUNTED : LOG_BYTES);
        ns[i] = last.totals.hot_ns;
    }
    qsort(ns, (size_t)runs, sizeof(*ns), ascending);
    const uint64_t units = last.state.levels + last.state.trades;
    printf(
        "{\"strategy\": \"%s\", \"isa\": \"%s\", \"runs\": %d, \"levels\": %llu, \"trades\": %llu, \"tickers\": %llu, \"applied\": %llu, "
        "\"orders\": %llu, \"fills\": %llu, \"hot_ms\": %.3f, \"best_ms\": %.3f, \"ns_per_unit\": %.2f, \"allocations\": %llu, "
        "\"page_faults\": %llu, \"switches\": %llu, \"journal_waits\": %llu, \"start_ms\": %.2f, \"memory_mib\": %.2f}\n",
        argv[2], b3_isa_name(), runs, (unsigned long long)last.state.levels, (unsigned long long)last.state.trades,
        (unsigned long long)last.state.book_tickers, (unsigned long long)last.state.diffs_applied, (unsigned long long)last.totals.orders,
        (unsigned long long)last.totals.fills, (double)ns[runs / 2] / 1e6, (double)ns[0] / 1e6, (double)ns[runs / 2] / (double)units,
        (unsigned long long)last.totals.hot_allocations, (unsigned long long)last.totals.hot_page_faults,
        (unsigned long long)last.totals.hot_voluntary_switches, (unsigned long long)last.totals.journal_waits, last.start_ms,
        (double)(last.totals.memory_bytes - settings().journal_bytes) / (1 << 20));
    free(ns);
    b3_recording_free(recording);
    return 0;
}
