/* What does a Binance message cost, bytes to events?
 *
 *   feed_json PASSES FILE.gz...    per file and kind: ns a message (median and least of PASSES), GB/s, ns a level, instruction set
 *
 * Real messages, all different, about as many as fit in the second-level cache. Before anything is timed the events are compared, byte
 * for byte, with those of the general parser. With PASSES 0 one pass over all kinds runs untimed: what
 * `callgrind --toggle-collect=bench_body` counts.
 */
#include "feed_corpus.h"

#include "base/cpu.h"
#include "feed/json_variants.h"

#define PASSES_MAX 1000
#define ROOM (1 << 20)

static uint8_t out[ROOM] __attribute__((aligned(64)));
static uint8_t out_general[ROOM] __attribute__((aligned(64)));

static b3_json *parser_new(int32_t isa) {
    const b3_json_symbol symbol = {.symbol = "BTCUSDT", .instrument = 0, .venue = 1, .price_scale = 8, .qty_scale = 8};
    const size_t size = (b3_json_size(1) + 63) & ~(size_t)63;
    void *memory = aligned_alloc(64, size);
    require(memory != NULL, "out of memory");
    memset(memory, 0, size);
    require(b3_json_init_isa(memory, &symbol, 1, isa) == B3_OK, "init");
    return memory;
}

/* Returns how many levels were read. */
__attribute__((noinline)) static uint64_t bench_body(b3_json *parser, const corpus *set) {
    uint64_t levels = 0;
    b3_parsed parsed;
    b3_error error;
    for (uint32_t i = 0; i < set->count; i++) {
        const b3_input input = {.data = set->text + set->offset[i], .len = set->len[i], .recv_ns = i, .input_no = i};
        require(b3_json_parse(parser, &input, 0, out, sizeof out, &parsed, &error) == B3_OK, "a message refused");
        if (parsed.kind == B3_LEVEL) levels += parsed.count;
    }
    return levels;
}

static void check(b3_json *parser, const corpus *set) {
    b3_json *general = parser_new(-1);
    b3_json_stats before;
    b3_json_stats after;
    b3_json_read_stats(parser, &before);
    for (uint32_t i = 0; i < set->count; i++) {
        const b3_input input = {.data = set->text + set->offset[i], .len = set->len[i], .recv_ns = i, .input_no = i};
        b3_parsed parsed;
        b3_parsed expected;
        b3_error error;
        require(b3_json_parse(parser, &input, 0, out, sizeof out, &parsed, &error) == B3_OK, "a message refused");
        require(b3_json_parse(general, &input, 0, out_general, sizeof out_general, &expected, &error) == B3_OK, "a message refused");
        require(parsed.kind == expected.kind && parsed.count == expected.count, "the parsers differ in kind or count");
        require(memcmp(out, out_general, parsed.count * b3_event_size(parsed.kind)) == 0, "the parsers differ in an event");
    }
    b3_json_read_stats(parser, &after);
    if (b3_cpu_isa() >= B3_ISA_AVX2) require(after.general - before.general <= 1, "messages of the usual form were not speculated on");
    free(general);
}

static void time_kind(b3_json *parser, const char *path, int kind, const corpus *set, int passes) {
    double ns[PASSES_MAX];
    uint64_t levels = 0;
    for (int pass = 0; pass < passes; pass++) {
        const double from = now_ns();
        levels = bench_body(parser, set);
        ns[pass] = (now_ns() - from) / set->count;
    }
    qsort(ns, (size_t)passes, sizeof *ns, by_value);
    const double median = ns[passes / 2];
    const double bytes = (double)set->bytes / set->count;
    printf("{\"bench\": \"feed_json\", \"isa\": \"%s\", \"file\": \"%s\", \"kind\": \"%s\", \"messages\": %u, \"bytes\": %.0f, "
           "\"ns_median\": %.1f, \"ns_least\": %.1f, \"gb_s\": %.2f, \"ns_a_level\": %.2f}\n",
           b3_cpu_isa_name(b3_cpu_isa()), path, corpus_names[kind], set->count, bytes, median, ns[0], bytes / median,
           levels == 0 ? 0.0 : median * set->count / (double)levels);
}

int main(int argc, char **argv) {
    const int passes = argc > 1 ? atoi(argv[1]) : -1;
    if (argc < 3 || passes < 0 || passes > PASSES_MAX) {
        fprintf(stderr, "usage: feed_json PASSES(0..%d) FILE.gz...\n", PASSES_MAX);
        return 2;
    }
    b3_json *parser = parser_new(b3_cpu_isa());
    for (int file = 2; file < argc; file++) {
        static corpus sets[CORPUS_KINDS];
        memset(sets, 0, sizeof sets);
        corpus_read(sets, argv[file]);
        for (int kind = 0; kind < CORPUS_KINDS; kind++) {
            check(parser, &sets[kind]);
            if (passes == 0) bench_body(parser, &sets[kind]);
            else time_kind(parser, argv[file], kind, &sets[kind], passes);
            free(sets[kind].text);
        }
    }
    free(parser);
    return 0;
}
