#include "feed/json_general.h"

#include "base/money.h"
#include "feed/json_scan.h"

#include <string.h>

/* Where the values of the keys that any of our messages uses begin: one slot a letter, then the longer names. 0: the key is absent
 * (a value never begins at the message's first byte). */
enum { KEY_PU = 58, KEY_LAST_UPDATE_ID, KEY_BIDS, KEY_ASKS, KEY_STREAM, KEY_DATA, KEY_COUNT };

typedef struct fields {
    uint32_t at[KEY_COUNT];
} fields;

typedef struct general {
    b3_scan scan;
    const b3_json_symbols *symbols;
    const b3_input *input;
    b3_json_entry *entry;
    void *out;
    size_t out_bytes;
    b3_json_shape *shape;
    fields fields;
    const uint8_t *payload; /* first byte of the object that holds the fields */
} general;

static int32_t key_slot(const uint8_t *key, uint32_t len) {
    static const struct {
        const char *name;
        int32_t slot;
    } names[] = {{"pu", KEY_PU},    {"lastUpdateId", KEY_LAST_UPDATE_ID}, {"bids", KEY_BIDS}, {"asks", KEY_ASKS}, {"stream", KEY_STREAM},
                 {"data", KEY_DATA}};
    if (len == 1) return key[0] >= 'A' && key[0] <= 'z' ? key[0] - 'A' : -1;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strlen(names[i].name) == len && memcmp(names[i].name, key, len) == 0) return names[i].slot;
    }
    return -1;
}

/* Checks the object that begins at scan.at, goes behind it, and notes where its values begin: of a key that stands twice, the last. */
static int32_t note_members(b3_scan *scan, fields *found) {
    memset(found, 0, sizeof *found);
    int32_t status = b3_scan_expect(scan, '{', "an object should begin here");
    if (status != B3_OK) return status;
    status = b3_scan_space(scan);
    if (status != B3_OK) return status;
    if (*scan->at == '}') {
        scan->at++;
        return B3_OK;
    }
    for (;;) {
        uint8_t key[16];
        uint32_t len = 0;
        status = b3_scan_string(scan, key, sizeof key, &len);
        if (status == B3_OK) status = b3_scan_expect(scan, ':', "a ':' should stand here");
        if (status == B3_OK) status = b3_scan_space(scan);
        if (status != B3_OK) return status;
        const int32_t slot = key_slot(key, len);
        if (slot >= 0) found->at[slot] = (uint32_t)(scan->at - scan->begin);
        status = b3_scan_skip(scan);
        if (status == B3_OK) status = b3_scan_space(scan);
        if (status != B3_OK) return status;
        if (*scan->at == '}') {
            scan->at++;
            return B3_OK;
        }
        status = b3_scan_expect(scan, ',', "a ',' or '}' should stand here");
        if (status != B3_OK) return status;
    }
}

static int has(const general *g, int32_t slot) {
    return g->fields.at[slot] != 0;
}

#define KEY(letter) ((letter) - 'A')

static int32_t go_to(general *g, int32_t slot, const char *missing) {
    if (!has(g, slot)) return b3_scan_fail(&g->scan, B3_ERR_FORMAT, g->payload, missing, 0);
    g->scan.at = g->scan.begin + g->fields.at[slot];
    return B3_OK;
}

static int32_t integer(general *g, int32_t slot, const char *missing, int64_t *out) {
    const int32_t status = go_to(g, slot, missing);
    return status != B3_OK ? status : b3_scan_integer(&g->scan, out);
}

static int32_t decimal(general *g, int32_t slot, const char *missing, uint32_t scale, int64_t *out) {
    const int32_t status = go_to(g, slot, missing);
    return status != B3_OK ? status : b3_scan_decimal(&g->scan, scale, out);
}

static int32_t price(general *g, int32_t slot, const char *missing, int64_t *out) {
    const int32_t status = decimal(g, slot, missing, g->entry->price_scale, out);
    g->shape->price_fraction = g->scan.fraction;
    return status;
}

static int32_t quantity(general *g, int32_t slot, const char *missing, int64_t *out) {
    const int32_t status = decimal(g, slot, missing, g->entry->qty_scale, out);
    g->shape->qty_fraction = g->scan.fraction;
    return status;
}

static int32_t boolean(general *g, int32_t slot, const char *missing, int32_t *out) {
    const int32_t status = go_to(g, slot, missing);
    return status != B3_OK ? status : b3_scan_bool(&g->scan, out);
}

static int32_t time_of(general *g, int32_t slot, const char *missing, int64_t *ns) {
    int64_t value = 0;
    const int32_t status = integer(g, slot, missing, &value);
    if (status != B3_OK) return status;
    if (b3_json_time_ns(value, ns) == B3_OK) return B3_OK;
    return b3_scan_fail(&g->scan, B3_ERR_OVERFLOW, g->scan.begin + g->fields.at[slot], "a time beyond the year 2262", value);
}

/* When the matching engine acted (T) if the message says so, else when the message was made (E), else 0. */
static int32_t event_time(general *g, int64_t *ns) {
    *ns = 0;
    if (has(g, KEY('T'))) return time_of(g, KEY('T'), NULL, ns);
    if (has(g, KEY('E'))) return time_of(g, KEY('E'), NULL, ns);
    return B3_OK;
}

static int32_t text_at(general *g, int32_t slot, uint8_t *text, uint32_t cap, uint32_t *len) {
    g->scan.at = g->scan.begin + g->fields.at[slot];
    return b3_scan_string(&g->scan, text, cap, len);
}

static int32_t find_symbol(general *g) {
    int32_t status = go_to(g, KEY('s'), "no symbol (key \"s\")");
    if (status != B3_OK) return status;
    const uint8_t *where = g->scan.at;
    uint8_t text[B3_SYMBOL_MAX] = {0};
    uint32_t len = 0;
    status = text_at(g, KEY('s'), text, B3_SYMBOL_MAX - 1, &len);
    if (status != B3_OK) return status;
    if (len < B3_SYMBOL_MAX && memchr(text, 0, len) == NULL) {
        uint64_t words[B3_JSON_SYMBOL_WORDS] = {0};
        memcpy(words, text, len);
        g->entry = b3_json_symbols_find(g->symbols, words);
    }
    if (g->entry == NULL) return b3_scan_fail(&g->scan, B3_ERR_SYMBOL, where, "a symbol that nobody asked for", len);
    return B3_OK;
}

static int32_t no_room(general *g, size_t need) {
    return b3_scan_fail(&g->scan, B3_ERR_CAPACITY, g->scan.at, "the message holds more than the output has room for", (int64_t)need);
}

static int32_t emit(general *g, const void *event, size_t size, b3_parsed *parsed, uint16_t kind) {
    if (g->out_bytes < size) return no_room(g, size);
    memcpy(g->out, event, size);
    *parsed = (b3_parsed){.kind = kind, .count = 1, .instrument = g->entry->instrument};
    return B3_OK;
}

/* The message's price and quantity were read in full: their form is worth remembering. */
static void teach(general *g) {
    g->shape->entry = g->entry;
}

/* ---------------------------------------------------------------- depth */

/* One level, ["price","qty"]; further elements (old snapshots carry an empty array) are skipped. */
static int32_t take_level(general *g, b3_level *level) {
    b3_scan *scan = &g->scan;
    int32_t status = b3_scan_expect(scan, '[', "a level should begin here, as an array");
    if (status == B3_OK) status = b3_scan_decimal(scan, g->entry->price_scale, &level->price_raw);
    g->shape->price_fraction = scan->fraction;
    if (status == B3_OK) status = b3_scan_expect(scan, ',', "a level needs a price and a quantity");
    if (status == B3_OK) status = b3_scan_decimal(scan, g->entry->qty_scale, &level->qty_raw);
    g->shape->qty_fraction = scan->fraction;
    if (status == B3_OK) status = b3_scan_space(scan);
    while (status == B3_OK && *scan->at == ',') {
        scan->at++;
        status = b3_scan_skip(scan);
        if (status == B3_OK) status = b3_scan_space(scan);
    }
    if (status == B3_OK) status = b3_scan_expect(scan, ']', "a level should end here");
    return status;
}

/* The array of one side, each level written as form with its price and quantity. */
static int32_t take_side(general *g, int32_t slot, const char *missing, const b3_level *form, uint32_t *count) {
    b3_scan *scan = &g->scan;
    int32_t status = go_to(g, slot, missing);
    if (status == B3_OK) status = b3_scan_expect(scan, '[', "an array of levels should begin here");
    if (status == B3_OK) status = b3_scan_space(scan);
    if (status != B3_OK || *scan->at == ']') return status;
    for (;;) {
        if ((*count + 1) * sizeof(b3_level) > g->out_bytes) return no_room(g, (*count + 1) * sizeof(b3_level));
        b3_level *level = (b3_level *)g->out + *count;
        *level = *form;
        status = take_level(g, level);
        if (status == B3_OK) status = b3_scan_space(scan);
        if (status != B3_OK) return status;
        *count += 1;
        if (*scan->at == ']') return B3_OK;
        status = b3_scan_expect(scan, ',', "a ',' or ']' should stand here");
        if (status != B3_OK) return status;
    }
}

static int32_t take_sides(general *g, int32_t bids, int32_t asks, b3_level *form, b3_parsed *parsed) {
    uint32_t count = 0;
    int32_t status = take_side(g, bids, "no bids", form, &count);
    if (status != B3_OK) return status;
    form->hdr.flags |= B3_FLAG_ASK;
    status = take_side(g, asks, "no asks", form, &count);
    if (status != B3_OK) return status;
    form->hdr.flags = (uint8_t)(form->hdr.flags & ~B3_FLAG_ASK);
    if (count == 0) {
        form->hdr.flags |= B3_FLAG_NO_LEVEL | B3_FLAG_LAST;
        return emit(g, form, sizeof *form, parsed, B3_LEVEL);
    }
    teach(g);
    ((b3_level *)g->out)[count - 1].hdr.flags |= B3_FLAG_LAST;
    *parsed = (b3_parsed){.kind = B3_LEVEL, .count = count, .instrument = g->entry->instrument};
    return B3_OK;
}

static int32_t take_depth(general *g, b3_parsed *parsed) {
    b3_level form;
    memset(&form, 0, sizeof form);
    int64_t ts_ns = 0;
    uint8_t flags = 0;
    int32_t status = find_symbol(g);
    if (status == B3_OK) status = event_time(g, &ts_ns);
    if (status == B3_OK) status = integer(g, KEY('U'), "depthUpdate without \"U\"", &form.first_update_id);
    if (status == B3_OK) status = integer(g, KEY('u'), "depthUpdate without \"u\"", &form.last_update_id);
    if (status == B3_OK && form.first_update_id > form.last_update_id) {
        status = b3_scan_fail(&g->scan, B3_ERR_FORMAT, g->scan.begin + g->fields.at[KEY('U')], "a first update id beyond the last one",
                              form.first_update_id);
    }
    if (status == B3_OK && has(g, KEY_PU)) {
        flags = B3_FLAG_CHAINED;
        status = integer(g, KEY_PU, NULL, &form.prev_update_id);
    }
    if (status != B3_OK) return status;
    form.hdr = b3_json_header(g->input, g->entry, B3_LEVEL, flags, ts_ns);
    return take_sides(g, KEY('b'), KEY('a'), &form, parsed);
}

static int32_t take_snapshot(general *g, b3_json_entry *default_entry, b3_parsed *parsed) {
    b3_level form;
    memset(&form, 0, sizeof form);
    int64_t ts_ns = 0;
    g->entry = default_entry;
    if (g->entry == NULL) {
        return b3_scan_fail(&g->scan, B3_ERR_SYMBOL, g->payload, "a snapshot names no symbol, and its source has none", 0);
    }
    int32_t status = integer(g, KEY_LAST_UPDATE_ID, NULL, &form.last_update_id);
    if (status == B3_OK) status = event_time(g, &ts_ns);
    if (status != B3_OK) return status;
    form.first_update_id = form.last_update_id;
    form.hdr = b3_json_header(g->input, g->entry, B3_LEVEL, B3_FLAG_SNAPSHOT, ts_ns);
    return take_sides(g, KEY_BIDS, KEY_ASKS, &form, parsed);
}

/* ---------------------------------------------------------------- trades, quotes, bars */

/* USD-M futures publish entries of the insurance fund and of auto-deleveraging as trades; X names them. They are no market prints
 * (some have price 0), and aggTrade leaves them out as well. */
static int32_t is_market_print(general *g, int32_t *yes) {
    *yes = 1;
    if (!has(g, KEY('X'))) return B3_OK;
    uint8_t text[8];
    uint32_t len = 0;
    const int32_t status = text_at(g, KEY('X'), text, sizeof text, &len);
    *yes = len == 6 && memcmp(text, "MARKET", 6) == 0;
    return status;
}

static int32_t take_trade(general *g, int aggregate, b3_parsed *parsed) {
    b3_trade trade;
    memset(&trade, 0, sizeof trade);
    int64_t ts_ns = 0;
    int32_t buyer_maker = 0;
    int32_t market = 1;
    int32_t status = find_symbol(g);
    if (status == B3_OK && !aggregate) status = is_market_print(g, &market);
    if (status != B3_OK) return status;
    if (!market) return B3_EMPTY;
    status = time_of(g, KEY('T'), "a trade without \"T\"", &ts_ns);
    if (status == B3_OK) status = integer(g, aggregate ? KEY('a') : KEY('t'), "a trade without its id", &trade.trade_id);
    trade.first_trade_id = trade.trade_id;
    trade.last_trade_id = trade.trade_id;
    if (status == B3_OK && aggregate) status = integer(g, KEY('f'), "aggTrade without \"f\"", &trade.first_trade_id);
    if (status == B3_OK && aggregate) status = integer(g, KEY('l'), "aggTrade without \"l\"", &trade.last_trade_id);
    if (status == B3_OK) status = price(g, KEY('p'), "a trade without \"p\"", &trade.price_raw);
    if (status == B3_OK) status = quantity(g, KEY('q'), "a trade without \"q\"", &trade.qty_raw);
    if (status == B3_OK) status = boolean(g, KEY('m'), "a trade without \"m\"", &buyer_maker);
    if (status != B3_OK) return status;
    teach(g);
    const uint8_t flags = (uint8_t)((buyer_maker ? B3_FLAG_BUYER_MAKER : 0) | (aggregate ? B3_FLAG_AGGREGATE : 0));
    trade.hdr = b3_json_header(g->input, g->entry, B3_TRADE, flags, ts_ns);
    return emit(g, &trade, sizeof trade, parsed, B3_TRADE);
}

static int32_t take_quote(general *g, b3_parsed *parsed) {
    b3_quote quote;
    memset(&quote, 0, sizeof quote);
    int64_t ts_ns = 0;
    int32_t status = find_symbol(g);
    if (status == B3_OK) status = event_time(g, &ts_ns);
    if (status == B3_OK) status = integer(g, KEY('u'), "bookTicker without \"u\"", &quote.update_id);
    if (status == B3_OK) status = price(g, KEY('b'), "bookTicker without \"b\"", &quote.bid_price_raw);
    if (status == B3_OK) status = quantity(g, KEY('B'), "bookTicker without \"B\"", &quote.bid_qty_raw);
    if (status == B3_OK) status = price(g, KEY('a'), "bookTicker without \"a\"", &quote.ask_price_raw);
    if (status == B3_OK) status = quantity(g, KEY('A'), "bookTicker without \"A\"", &quote.ask_qty_raw);
    if (status != B3_OK) return status;
    teach(g);
    quote.hdr = b3_json_header(g->input, g->entry, B3_QUOTE, 0, ts_ns);
    return emit(g, &quote, sizeof quote, parsed, B3_QUOTE);
}

/* VWAP = notional / volume at the price scale; the close when nothing was traded. */
static int32_t vwap(const b3_json_entry *entry, b3_bar *bar) {
    bar->vwap_raw = bar->close_raw;
    if (bar->volume_raw == 0) return B3_OK;
    const int32_t digits = entry->price_scale + entry->qty_scale - B3_MONEY_SCALE;
    if (digits >= 0) return b3_mul_div(bar->notional_raw, b3_pow10[digits], bar->volume_raw, &bar->vwap_raw);
    int64_t divisor = 0;
    if (__builtin_mul_overflow(bar->volume_raw, b3_pow10[-digits], &divisor)) return B3_ERR_OVERFLOW;
    return b3_mul_div(bar->notional_raw, 1, divisor, &bar->vwap_raw);
}

/* The interval's bounds: T names its last millisecond (or microsecond). */
static int32_t take_interval(general *g, b3_bar *bar) {
    int64_t last = 0;
    int32_t status = time_of(g, KEY('t'), "kline without \"t\"", &bar->open_ts_ns);
    if (status == B3_OK) status = integer(g, KEY('T'), "kline without \"T\"", &last);
    if (status != B3_OK) return status;
    const uint8_t *where = g->scan.begin + g->fields.at[KEY('T')];
    if (b3_json_time_ns(last, &bar->close_ts_ns) != B3_OK ||
        b3_add(bar->close_ts_ns, last >= 100000000000000 ? 1000 : 1000000, &bar->close_ts_ns) != B3_OK) {
        return b3_scan_fail(&g->scan, B3_ERR_OVERFLOW, where, "a time beyond the year 2262", last);
    }
    const int64_t interval_ms = (bar->close_ts_ns - bar->open_ts_ns) / 1000000;
    if (bar->close_ts_ns <= bar->open_ts_ns || interval_ms > UINT32_MAX) {
        return b3_scan_fail(&g->scan, B3_ERR_FORMAT, where, "a kline whose end does not fit its start", last);
    }
    bar->interval_ms = (uint32_t)interval_ms;
    return B3_OK;
}

static int32_t take_bar(general *g, b3_parsed *parsed) {
    b3_bar bar;
    memset(&bar, 0, sizeof bar);
    int64_t ts_ns = 0;
    int64_t trades = 0;
    int32_t closed = 0;
    int32_t status = find_symbol(g);
    if (status == B3_OK) status = event_time(g, &ts_ns);
    if (status == B3_OK) status = go_to(g, KEY('k'), "kline without \"k\"");
    if (status != B3_OK) return status;
    g->payload = g->scan.at;
    status = note_members(&g->scan, &g->fields);
    if (status == B3_OK) status = take_interval(g, &bar);
    const uint32_t price_scale = g->entry->price_scale;
    if (status == B3_OK) status = decimal(g, KEY('o'), "kline without \"o\"", price_scale, &bar.open_raw);
    if (status == B3_OK) status = decimal(g, KEY('h'), "kline without \"h\"", price_scale, &bar.high_raw);
    if (status == B3_OK) status = decimal(g, KEY('l'), "kline without \"l\"", price_scale, &bar.low_raw);
    if (status == B3_OK) status = decimal(g, KEY('c'), "kline without \"c\"", price_scale, &bar.close_raw);
    if (status == B3_OK) status = decimal(g, KEY('v'), "kline without \"v\"", g->entry->qty_scale, &bar.volume_raw);
    if (status == B3_OK) status = decimal(g, KEY('q'), "kline without \"q\"", B3_MONEY_SCALE, &bar.notional_raw);
    if (status == B3_OK) status = integer(g, KEY('n'), "kline without \"n\"", &trades);
    if (status == B3_OK) status = boolean(g, KEY('x'), "kline without \"x\"", &closed);
    if (status != B3_OK) return status;
    if (trades > UINT32_MAX || vwap(g->entry, &bar) != B3_OK) {
        return b3_scan_fail(&g->scan, B3_ERR_OVERFLOW, g->payload, "a kline whose trade count or VWAP does not fit", trades);
    }
    bar.trade_count = (uint32_t)trades;
    const uint8_t flags = (uint8_t)(B3_FLAG_VENUE | (closed ? B3_FLAG_CLOSED : 0) | (trades == 0 ? B3_FLAG_EMPTY : 0));
    bar.hdr = b3_json_header(g->input, g->entry, B3_BAR, flags, ts_ns);
    return emit(g, &bar, sizeof bar, parsed, B3_BAR);
}

/* ---------------------------------------------------------------- which message it is */

/* Takes the message apart: fields are those of the payload, which is "data" if the message is stream-wrapped. */
static int32_t note_payload(general *g) {
    b3_scan *scan = &g->scan;
    g->payload = scan->at;
    int32_t status = note_members(scan, &g->fields);
    if (status != B3_OK || !has(g, KEY_STREAM) || !has(g, KEY_DATA)) return status;
    const b3_scan whole = *scan;
    g->payload = scan->begin + g->fields.at[KEY_DATA];
    memset(&g->fields.at[0], 0, sizeof g->fields);
    if (*g->payload != '{') return B3_OK;
    scan->at = g->payload;
    status = note_members(scan, &g->fields);
    scan->at = whole.at;
    return status;
}

static int32_t at_end(b3_scan *scan) {
    while (scan->at < scan->end) {
        const uint8_t byte = *scan->at;
        if (byte != ' ' && byte != '\t' && byte != '\n' && byte != '\r') {
            return b3_scan_fail(scan, B3_ERR_FORMAT, scan->at, "bytes behind the message", byte);
        }
        scan->at++;
    }
    return B3_OK;
}

static int32_t take_payload(general *g, b3_json_entry *default_entry, b3_parsed *parsed) {
    if (!has(g, KEY('e'))) {
        if (has(g, KEY_LAST_UPDATE_ID)) return take_snapshot(g, default_entry, parsed);
        if (has(g, KEY('u')) && has(g, KEY('s'))) return take_quote(g, parsed);
        return B3_EMPTY;
    }
    if (g->scan.begin[g->fields.at[KEY('e')]] != '"') return B3_EMPTY;
    uint8_t name[12];
    uint32_t len = 0;
    const int32_t status = text_at(g, KEY('e'), name, sizeof name, &len);
    if (status != B3_OK) return status;
#define NAMED(text) (len == sizeof(text) - 1 && memcmp(name, text, sizeof(text) - 1) == 0)
    if (NAMED("depthUpdate")) return take_depth(g, parsed);
    if (NAMED("trade")) return take_trade(g, 0, parsed);
    if (NAMED("aggTrade")) return take_trade(g, 1, parsed);
    if (NAMED("bookTicker")) return take_quote(g, parsed);
    if (NAMED("kline")) return take_bar(g, parsed);
#undef NAMED
    return B3_EMPTY;
}

int32_t b3_json_general(const b3_json_symbols *symbols, const b3_input *input, b3_json_entry *default_entry, void *out, size_t out_bytes,
                        b3_parsed *parsed, b3_json_shape *shape, b3_error *error) {
    *shape = (b3_json_shape){.entry = NULL};
    general g = {.scan = {.begin = input->data, .at = input->data, .end = input->data + input->len, .error = error},
                 .symbols = symbols,
                 .input = input,
                 .out = out,
                 .out_bytes = out_bytes,
                 .shape = shape};
    int32_t status = b3_scan_space(&g.scan);
    if (status != B3_OK) return status;
    if (*g.scan.at != '{') {
        status = b3_scan_skip(&g.scan);
        if (status == B3_OK) status = at_end(&g.scan);
        return status == B3_OK ? B3_EMPTY : status;
    }
    status = note_payload(&g);
    if (status == B3_OK) status = at_end(&g.scan);
    return status == B3_OK ? take_payload(&g, default_entry, parsed) : status;
}
