/* simdjson on-demand against our parser: the same messages, the same events written, passes interleaved, one process.
 *
 *   feed_simdjson PASSES FILE.gz...    per file and kind: ns a message of both (median of PASSES) and their ratio
 *
 * simdjson's part is written as its documentation advises: one ondemand::parser, padded input, fields asked for in the order in which the
 * venue sends them, strings taken raw where they lie. Decimals to int64 are read eight digits at once where there are eight.
 * Both outputs are compared, byte for byte, before anything is timed.
 */
#include <simdjson.h>

extern "C" {
#include "../micro/feed_corpus.h"
#include "base/cpu.h"
#include "feed/binance_json.h"
}

using namespace simdjson;

namespace {

constexpr size_t ROOM = 1 << 20;
constexpr int PASSES_MAX = 1000;
constexpr int SCALE = 8;

alignas(64) uint8_t ours[ROOM];
alignas(64) uint8_t theirs[ROOM];

bool are_eight_digits(const char *at) {
    uint64_t v;
    memcpy(&v, at, 8);
    return (((v + 0x0606060606060606) | v) & 0xF0F0F0F0F0F0F0F0) == 0x3030303030303030;
}

uint64_t eight_digits(const char *at) {
    uint64_t v;
    memcpy(&v, at, 8);
    v = (v & 0x0F0F0F0F0F0F0F0F) * 2561 >> 8;
    v = (v & 0x00FF00FF00FF00FF) * 6553601 >> 16;
    return (v & 0x0000FFFF0000FFFF) * 42949672960001 >> 32;
}

int64_t decimal(ondemand::raw_json_string string) {
    const char *text = string.raw();
    uint64_t value = 0;
    for (; uint8_t(*text - '0') < 10; text++) value = value * 10 + uint64_t(*text - '0');
    if (*text == '.' && are_eight_digits(text + 1) && text[9] == '"') return int64_t(value * 100000000 + eight_digits(text + 1));
    int digits = 0;
    if (*text == '.') {
        for (text++; uint8_t(*text - '0') < 10; text++, digits++) value = value * 10 + uint64_t(*text - '0');
    }
    require(*text == '"' && digits <= SCALE, "a decimal");
    for (; digits < SCALE; digits++) value *= 10;
    return int64_t(value);
}

b3_header header(uint16_t kind, uint8_t flags, int64_t ts_ms, uint64_t number) {
    b3_header h{};
    h.kind = kind;
    h.version = 1;
    h.flags = flags;
    h.venue = 1;
    h.ts_exchange_ns = ts_ms * 1000000;
    h.ts_recv_ns = int64_t(number);
    h.input_no = number;
    return h;
}

b3_level *side(ondemand::array levels, b3_level *out, const b3_level &form) {
    for (ondemand::array level : levels) {
        *out = form;
        auto it = level.begin();
        out->price_raw = decimal((*it).get_raw_json_string());
        ++it;
        out->qty_raw = decimal((*it).get_raw_json_string());
        ++it;
        out++;
    }
    return out;
}

/* Events' bytes. Throws simdjson_error on anything unexpected. */
size_t depth(ondemand::object data, bool futures, uint64_t number, void *to) {
    int64_t ts = data.find_field("E");
    if (futures) ts = data.find_field("T");
    require(data.find_field("s").get_raw_json_string().value() == "BTCUSDT", "symbol");
    b3_level form{};
    form.first_update_id = data.find_field("U");
    form.last_update_id = data.find_field("u");
    if (futures) form.prev_update_id = data.find_field("pu");
    form.hdr = header(B3_LEVEL, futures ? B3_FLAG_CHAINED : 0, ts, number);
    b3_level *first = static_cast<b3_level *>(to);
    b3_level *next = side(data.find_field("b"), first, form);
    form.hdr.flags |= B3_FLAG_ASK;
    next = side(data.find_field("a"), next, form);
    next[-1].hdr.flags |= B3_FLAG_LAST;
    return size_t(next - first) * sizeof(b3_level);
}

size_t quote(ondemand::object data, bool futures, uint64_t number, void *to) {
    b3_quote q{};
    q.update_id = data.find_field("u");
    require(data.find_field("s").get_raw_json_string().value() == "BTCUSDT", "symbol");
    q.bid_price_raw = decimal(data.find_field("b").get_raw_json_string());
    q.bid_qty_raw = decimal(data.find_field("B").get_raw_json_string());
    q.ask_price_raw = decimal(data.find_field("a").get_raw_json_string());
    q.ask_qty_raw = decimal(data.find_field("A").get_raw_json_string());
    int64_t ts = 0;
    if (futures) ts = data.find_field("T");
    q.hdr = header(B3_QUOTE, 0, ts, number);
    memcpy(to, &q, sizeof q);
    return sizeof q;
}

size_t trade(ondemand::object data, bool futures, uint64_t number, void *to) {
    b3_trade t{};
    int64_t ts = 0;
    if (futures) ts = data.find_field("T");
    require(data.find_field("s").get_raw_json_string().value() == "BTCUSDT", "symbol");
    t.trade_id = t.first_trade_id = t.last_trade_id = data.find_field("t");
    t.price_raw = decimal(data.find_field("p").get_raw_json_string());
    t.qty_raw = decimal(data.find_field("q").get_raw_json_string());
    if (!futures) ts = data.find_field("T");
    const bool maker = data.find_field("m");
    t.hdr = header(B3_TRADE, maker ? B3_FLAG_BUYER_MAKER : 0, ts, number);
    memcpy(to, &t, sizeof t);
    return sizeof t;
}

size_t parse_theirs(ondemand::parser &parser, const corpus &set, uint32_t i, int kind, bool futures, void *to) {
    ondemand::document doc = parser.iterate(set.text + set.offset[i], set.len[i], set.len[i] + CORPUS_PADDING);
    ondemand::object root = doc.get_object();
    require(root.find_field("stream").get_raw_json_string().value().raw()[0] == 'b', "stream");
    ondemand::object data = root.find_field("data");
    if (kind == CORPUS_QUOTE) return quote(data, futures, i, to);
    return kind == CORPUS_TRADE ? trade(data, futures, i, to) : depth(data, futures, i, to);
}

size_t parse_ours(b3_json *parser, const corpus &set, uint32_t i) {
    b3_input input{};
    input.data = set.text + set.offset[i];
    input.len = set.len[i];
    input.recv_ns = int64_t(i);
    input.input_no = i;
    b3_parsed parsed;
    b3_error error;
    require(b3_json_parse(parser, &input, 0, ours, sizeof ours, &parsed, &error) == B3_OK, "a message refused");
    return parsed.count * (parsed.kind == B3_LEVEL ? sizeof(b3_level) : parsed.kind == B3_TRADE ? sizeof(b3_trade) : sizeof(b3_quote));
}

double median(double *ns, int count) {
    qsort(ns, size_t(count), sizeof *ns, by_value);
    return ns[count / 2];
}

void compare(ondemand::parser &peer, b3_json *parser, const corpus &set, int kind, const char *path, int passes) {
    const bool futures = strstr(path, "usdm") != nullptr;
    for (uint32_t i = 0; i < set.count; i++) {
        const size_t bytes = parse_ours(parser, set, i);
        require(parse_theirs(peer, set, i, kind, futures, theirs) == bytes, "the parsers differ in size");
        require(memcmp(ours, theirs, bytes) == 0, "the parsers differ in an event");
    }
    static double ns_ours[PASSES_MAX];
    static double ns_theirs[PASSES_MAX];
    for (int pass = 0; pass < passes; pass++) {
        double from = now_ns();
        for (uint32_t i = 0; i < set.count; i++) parse_ours(parser, set, i);
        ns_ours[pass] = (now_ns() - from) / set.count;
        from = now_ns();
        for (uint32_t i = 0; i < set.count; i++) parse_theirs(peer, set, i, kind, futures, theirs);
        ns_theirs[pass] = (now_ns() - from) / set.count;
    }
    const double a = median(ns_ours, passes);
    const double b = median(ns_theirs, passes);
    printf("{\"bench\": \"feed_simdjson\", \"isa\": \"%s\", \"simdjson\": \"%d.%d.%d %s\", \"file\": \"%s\", \"kind\": \"%s\", \"bytes\": %.0f, "
           "\"ours_ns\": %.1f, \"simdjson_ns\": %.1f, \"ratio\": %.3f}\n",
           b3_cpu_isa_name(b3_cpu_isa()), SIMDJSON_VERSION_MAJOR, SIMDJSON_VERSION_MINOR, SIMDJSON_VERSION_REVISION, get_active_implementation()->name().c_str(), path,
           corpus_names[kind], double(set.bytes) / set.count, a, b, a / b);
}

} // namespace

int main(int argc, char **argv) {
    const int passes = argc > 1 ? atoi(argv[1]) : 0;
    if (argc < 3 || passes < 1 || passes > PASSES_MAX) {
        fprintf(stderr, "usage: feed_simdjson PASSES(1..%d) FILE.gz...\n", PASSES_MAX);
        return 2;
    }
    b3_json_symbol symbol{};
    memcpy(symbol.symbol, "BTCUSDT", 7);
    symbol.venue = 1;
    symbol.price_scale = symbol.qty_scale = SCALE;
    const size_t size = (b3_json_size(1) + 63) & ~size_t{63};
    void *memory = memset(aligned_alloc(64, size), 0, size);
    require(b3_json_init(memory, &symbol, 1) == B3_OK, "init");
    ondemand::parser peer;
    for (int file = 2; file < argc; file++) {
        static corpus sets[CORPUS_KINDS];
        memset(sets, 0, sizeof sets);
        corpus_read(sets, argv[file]);
        for (int kind = 0; kind < CORPUS_KINDS; kind++) {
            compare(peer, static_cast<b3_json *>(memory), sets[kind], kind, argv[file], passes);
            free(sets[kind].text);
        }
    }
    free(memory);
    return 0;
}
