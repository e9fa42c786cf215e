/* What does a trade cost, built into bars?
 *
 *   bars PASSES FILE.gz...    the trades of the recorded BTCUSDT session, PASSES times into 1-second bars and into 100-trade bars
 *
 * Prints one JSON object: ns a trade, median and least of the passes. The result is checked first: the bars' sums are the trades' sums,
 * their times follow one another. With PASSES 0 one pass of 1-second bars runs untimed: what
 * `callgrind --toggle-collect=bench_body` counts.
 */
#include "book_session.h"

#include "bars/bars.h"

#define PASSES_MAX 1000
#define CAP 16

typedef struct sums {
    int64_t volume_raw;
    int64_t close_ts_ns;
    int64_t close_raw;
    uint64_t trades;
    uint32_t bars;
} sums;

static void add(sums *sum, const b3_slot *out, int32_t count, int contiguous) {
    for (int32_t i = 0; i < count; i++) {
        b3_bar bar;
        memcpy(&bar, &out[i], sizeof bar);
        require(bar.hdr.kind == B3_BAR, "a late or bad trade");
        require(!contiguous || sum->bars == 0 || bar.open_ts_ns == sum->close_ts_ns, "intervals without a hole");
        sum->volume_raw += bar.volume_raw;
        sum->trades += bar.trade_count;
        sum->close_ts_ns = bar.close_ts_ns;
        sum->close_raw = bar.close_raw;
        sum->bars++;
    }
}

__attribute__((noinline)) static sums bench_body(b3_bars *bars, const session *s, int contiguous) {
    sums sum = {0};
    b3_slot out[CAP];
    for (uint32_t i = 0; i < s->trade_count; i++) {
        int32_t count = b3_bars_on_event(bars, &s->trades[i].hdr, NULL, out, CAP);
        for (; count == CAP; count = b3_bars_on_event(bars, NULL, NULL, out, CAP)) add(&sum, out, count, contiguous);
        require(count >= 0, "a fault");
        if (count > 0) add(&sum, out, count, contiguous);
    }
    return sum;
}

static b3_bars *make(void *memory, uint8_t kind, int64_t size) {
    const b3_bars_config config = {.kind = kind, .size = size};
    const b3_instrument instrument = {.price_scale = 8, .qty_scale = 8};
    require(b3_bars_init(memory, &config, &instrument) == B3_OK, "no bars");
    return memory;
}

/* The last interval is still open at the end: an event later than its close brings it out. */
static void check(b3_bars *bars, const session *s, sums sum) {
    const b3_header clock = {.kind = B3_TIMER, .ts_exchange_ns = s->trades[s->trade_count - 1].hdr.ts_exchange_ns + 1000000000};
    b3_slot out[CAP];
    add(&sum, out, b3_bars_on_event(bars, &clock, NULL, out, CAP), 1);
    int64_t volume_raw = 0;
    for (uint32_t i = 0; i < s->trade_count; i++) volume_raw += s->trades[i].qty_raw;
    require(s->trade_count == 19904, "19,904 trades");
    require(sum.trades == s->trade_count && sum.volume_raw == volume_raw, "every trade in one bar");
    require(sum.close_raw == s->trades[s->trade_count - 1].price_raw, "the last price");
    const int64_t first_s = s->trades[0].hdr.ts_exchange_ns / 1000000000;
    require(sum.bars == (uint32_t)(s->trades[s->trade_count - 1].hdr.ts_exchange_ns / 1000000000 - first_s + 1), "a bar a second");
}

static double time_pass(void *memory, const session *s, uint8_t kind, int64_t size) {
    b3_bars *bars = make(memory, kind, size);
    const int64_t from = now_ns();
    const sums sum = bench_body(bars, s, 0);
    const double ns = (double)(now_ns() - from);
    require(sum.bars > 100, "bars");
    return ns;
}

static void print(const char *name, double *ns, int passes, uint32_t trades) {
    qsort(ns, (size_t)passes, sizeof *ns, by_value);
    printf(", \"%s_ns\": %.2f, \"%s_ns_min\": %.2f", name, ns[passes / 2] / trades, name, ns[0] / trades);
}

int main(int argc, char **argv) {
    const int passes = argc > 2 ? atoi(argv[1]) : -1;
    if (passes < 0 || passes > PASSES_MAX) {
        fprintf(stderr, "usage: bars PASSES FILE.gz...   (0 to %d passes)\n", PASSES_MAX);
        return 2;
    }
    const session s = session_load(argv + 2, argc - 2);
    void *memory = aligned_alloc(64, b3_bars_size());
    require(memory != NULL, "out of memory");
    b3_bars *bars = make(memory, B3_BAR_TIME, 1000000000);
    const sums sum = bench_body(bars, &s, 1);
    check(bars, &s, sum);
    static double time_ns[PASSES_MAX], tick_ns[PASSES_MAX];
    for (int i = 0; i < passes; i++) {
        time_ns[i] = time_pass(memory, &s, B3_BAR_TIME, 1000000000);
        tick_ns[i] = time_pass(memory, &s, B3_BAR_TICK, 100);
    }
    printf("{\"bench\": \"bars\", \"unit\": \"ns per trade\", \"trades\": %u, \"bars\": %u", s.trade_count, sum.bars);
    if (passes > 0) {
        print("second", time_ns, passes, s.trade_count);
        print("hundred_trades", tick_ns, passes, s.trade_count);
    }
    printf("}\n");
    return 0;
}
