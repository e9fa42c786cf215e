/* What does a level cost, applied to the L2 book, with the best of both sides known after each?
 *
 *   book_l2 PASSES FILE.gz...    the recorded BTCUSDT session (snapshot, then every diff), PASSES times from an empty book
 *
 * Three ways: `message` b3_book_on_levels, as the engine calls it, each message copied into a small buffer first (as the parser leaves
 * it: in the first-level cache), only the call timed; `stream` the same over all levels where they lie, 80 bytes each from memory, all
 * timed; `set` b3_book_set and both bests after every single level. Prints one JSON object: ns a level, median and least of the passes.
 * The result is checked first. With PASSES 0 one pass of `stream` runs untimed: what `callgrind --toggle-collect=bench_body` counts.
 */
#include "book_session.h"

#include "base/clock.h"
#include "book/l2.h"

#define TICK_RAW 1000000
#define DENSE_TICKS 32768
#define SPARSE_LEVELS 16384
#define PASSES_MAX 1000

static b3_quote last_quote;
static int64_t seen; /* so that the bests are not optimised away */

__attribute__((noinline)) static void bench_body(b3_book *book, const session *s) {
    for (uint32_t i = 0; i < s->message_count; i++)
        require(b3_book_on_levels(book, &s->levels[s->messages[i].first], s->messages[i].count, &last_quote) == B3_OK, "a level refused");
}

/* How the recorded session ends, after its first file (the sample) and after both. */
typedef struct ending {
    uint32_t applied;
    int64_t last_update_id;
    int64_t bid_ticks;
    int64_t ask_ticks;
} ending;

static const ending endings[] = {{3449, 50093421584, 6168599, 6168600}, {6493, 50093696318, 6160201, 6160202}};

static void check(const session *s, const b3_book *book) {
    b3_book_stats stats;
    b3_book_read_stats(book, &stats);
    const ending *end = s->message_count == 1 + endings[0].applied ? &endings[0] : &endings[1];
    require(s->stale == 2 && s->message_count == 1 + end->applied, "2 stale diffs, 3,449 or 6,493 applied");
    require(stats.last_update_id == end->last_update_id, "the last update id");
    require(b3_book_best(book, B3_BUY).price_raw == end->bid_ticks * TICK_RAW, "best bid");
    require(b3_book_best(book, B3_SELL).price_raw == end->ask_ticks * TICK_RAW, "best ask");
    require(b3_book_cum_qty(book, B3_BUY, 1) > 0 && stats.bid_levels > 1000 && stats.ask_levels > 1000, "levels of both sides");
}

static double time_messages(b3_book *book, const session *s, const b3_clock *clock) {
    static b3_level buffer[10000];
    int64_t ns = 0;
    for (uint32_t i = 0; i < s->message_count; i++) {
        memcpy(buffer, &s->levels[s->messages[i].first], s->messages[i].count * sizeof *buffer);
        const uint64_t from = b3_clock_ticks(clock);
        require(b3_book_on_levels(book, buffer, s->messages[i].count, &last_quote) == B3_OK, "a level refused");
        ns += b3_clock_elapsed_ns(clock, from, b3_clock_ticks(clock));
    }
    return (double)ns;
}

static double time_stream(b3_book *book, const session *s) {
    const int64_t from = now_ns();
    bench_body(book, s);
    return (double)(now_ns() - from);
}

static double time_set(b3_book *book, const session *s) {
    const int64_t from = now_ns();
    b3_book_clear(book);
    for (uint32_t i = 0; i < s->message_count; i++)
        for (uint32_t k = s->messages[i].first; k < s->messages[i].first + s->messages[i].count; k++) {
            const b3_level *level = &s->levels[k];
            const uint8_t side = (level->hdr.flags & B3_FLAG_ASK) != 0 ? B3_SELL : B3_BUY;
            require(b3_book_set(book, side, level->price_raw, level->qty_raw) == B3_OK, "a level refused");
            seen += b3_book_best(book, B3_BUY).qty_raw - b3_book_best(book, B3_SELL).qty_raw;
        }
    return (double)(now_ns() - from);
}

static void print(const char *name, double *ns, int passes, uint32_t levels) {
    qsort(ns, (size_t)passes, sizeof *ns, by_value);
    printf(", \"%s_ns\": %.2f, \"%s_ns_min\": %.2f", name, ns[passes / 2] / levels, name, ns[0] / levels);
}

int main(int argc, char **argv) {
    const int passes = argc > 2 ? atoi(argv[1]) : -1;
    if (passes < 0 || passes > PASSES_MAX) {
        fprintf(stderr, "usage: book_l2 PASSES FILE.gz...   (0 to %d passes)\n", PASSES_MAX);
        return 2;
    }
    const session s = session_load(argv + 2, argc - 2);
    const size_t bytes = b3_book_size(DENSE_TICKS, SPARSE_LEVELS);
    void *memory = aligned_alloc(64, bytes);
    b3_book *book = memory == NULL ? NULL : b3_book_init(memory, TICK_RAW, DENSE_TICKS, SPARSE_LEVELS);
    require(book != NULL, "no book");
    bench_body(book, &s);
    check(&s, book);
    uint32_t levels = 0;
    for (uint32_t i = 0; i < s.message_count; i++) levels += s.messages[i].count;
    b3_book_stats stats;
    b3_book_read_stats(book, &stats);
    printf("{\"bench\": \"book_l2\", \"unit\": \"ns per level\", \"levels\": %u, \"messages\": %u, \"moves\": %llu", levels,
           s.message_count, (unsigned long long)stats.moves);
    static double message_ns[PASSES_MAX], stream_ns[PASSES_MAX], set_ns[PASSES_MAX];
    b3_clock clock;
    require(b3_clock_calibrate(&clock, 20000000) == B3_OK, "no clock");
    for (int i = 0; i < passes; i++) {
        message_ns[i] = time_messages(book, &s, &clock);
        stream_ns[i] = time_stream(book, &s);
        set_ns[i] = time_set(book, &s);
    }
    if (passes > 0) {
        print("message", message_ns, passes, levels);
        print("stream", stream_ns, passes, levels);
        print("set", set_ns, passes, levels);
    }
    printf("}\n");
    return seen == INT64_MIN;
}
