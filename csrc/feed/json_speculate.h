/* The speculating parser. A quote or trade like one before it is read by that one's layout (json_layout.h). Other messages in the key
 * order that the venue documents are read field by field, comparing the bytes between values; what they look like is remembered. All
 * else is the general parser's. Body of one variant; the including file has defined
 *
 *   PARSE                 the function's name
 *   quotes64(at)          bit i: at[i] is '"'
 *   nondigits64(at)       bit i: at[i] is no digit
 *   pair_layout, pair_of  a b3_json_levels as two_levels wants it
 *   two_levels(l, at, a, b) do the bytes from at on fit the pair's layout? Then a and b are the digit lanes of the levels' numbers
 *   fits_layout(l, at)    is each of the l->len bytes from at on within the layout's base and limit? Reads at most 63 bytes more
 *
 * A field is looked at only from a place that is not beyond the end, at most 64 bytes ahead, and numbers are read only where a later
 * byte is known to lie before the end; so nothing beyond end + 64 is read. What lies behind the end may be anything, a continuation
 * too: a message is taken only if it closes right there.
 */
#include "feed/json_general.h"
#include "feed/json_side.h"
#include "feed/json_simd.h"
#include "feed/json_speculate_variants.h"

typedef struct speculation {
    b3_json *parser;
    b3_json_layout *slot; /* where a layout of this message would be */
    const b3_input *input;
    const uint8_t *at;
    const uint8_t *end;
    b3_json_entry *entry;
    void *out;
    size_t out_bytes;
    b3_parsed *parsed;
} speculation;

/* Nothing is looked at without this: see the top. */
INLINE int in_text(const speculation *s) {
    return s->at <= s->end;
}

/* at: the number's first digit. Goes behind it. */
INLINE int take_number(speculation *s, b3_json_place *out) {
    if (!in_text(s)) return 0;
    *out = (b3_json_place){.at = s->at, .len = lowest(nondigits64(s->at))};
    s->at += out->len;
    return number_fits(*out);
}

#define TAKE_LITERAL(s, text) (LITERAL((s)->at, text) ? ((s)->at += sizeof(text) - 1, 1) : 0)

/* at: the symbol's first byte. Goes behind its closing quote. An escape never equals a symbol. */
INLINE int take_symbol(speculation *s) {
    if (!in_text(s)) return 0;
    const int64_t len = lowest(quotes64(s->at));
    if (len >= B3_SYMBOL_MAX) return 0;
    b3_json_entry *entry = s->parser->last;
    const __m256i name = _mm256_loadu_si256((const __m256i *)s->at);
    const __m256i known = _mm256_loadu_si256((const __m256i *)entry->words);
    const uint32_t equal = (uint32_t)_mm256_movemask_epi8(_mm256_cmpeq_epi8(name, known));
    if (len != entry->len || _bzhi_u32(~equal, (uint32_t)len) != 0) {
        uint64_t words[B3_JSON_SYMBOL_WORDS] = {0};
        memcpy(words, s->at, (size_t)len);
        entry = b3_json_symbols_find(&s->parser->symbols, words);
        if (entry == NULL) return 0;
        s->parser->last = entry;
    }
    s->entry = entry;
    s->at += len + 1;
    return entry->price != NULL;
}

INLINE int ends_with(const speculation *s, int wrapped) {
    return wrapped ? LITERAL(s->at, "}}") && s->at + 2 == s->end : *s->at == '}' && s->at + 1 == s->end;
}

/* ---------------------------------------------------------------- depth */

INLINE int sides(speculation *s, b3_level *first, uint8_t flags, int64_t ts_ns, const int64_t ids[3], int wrapped, int snapshot) {
    b3_level filled = {.hdr = b3_json_header(s->input, s->entry, B3_LEVEL, flags, ts_ns),
                       .first_update_id = ids[0],
                       .last_update_id = ids[1],
                       .prev_update_id = ids[2]};
    const decimals numbers = decimals_of(s->entry);
    level_form form = {.head = _mm256_loadu_si256((const __m256i *)&filled),
                       .body = _mm256_loadu_si256((const __m256i *)&filled + 1),
                       .tail = _mm_loadu_si128((const __m128i *)&filled + 4)};
    level_sink sink = {.next = first, .stop = first + s->out_bytes / sizeof(b3_level)};
    s->at = side(s->at, s->end, &form, &numbers, &s->entry->levels, &sink);
    if (s->at == NULL || !in_text(s)) return 0;
    if (snapshot ? !TAKE_LITERAL(s, ",\"asks\":[") : !TAKE_LITERAL(s, ",\"a\":[")) return 0;
    filled.hdr.flags |= B3_FLAG_ASK;
    form.head = _mm256_loadu_si256((const __m256i *)&filled);
    s->at = side(s->at, s->end, &form, &numbers, &s->entry->levels, &sink);
    if (s->at == NULL || !ends_with(s, wrapped) || sink.next == first) return 0;
    sink.next[-1].hdr.flags |= B3_FLAG_LAST;
    if (2 * sink.unexpected > sink.next - first) b3_json_levels_learn(&s->entry->levels, s->entry, sink.price_len, sink.qty_len);
    else s->entry->levels.misses = 0;
    *s->parsed = (b3_parsed){.kind = B3_LEVEL, .count = (uint32_t)(sink.next - first), .instrument = s->entry->instrument};
    return 1;
}

/* at: behind "e":"depthUpdate", */
INLINE int depth(speculation *s, int wrapped) {
    b3_json_place time;
    b3_json_place first_id;
    b3_json_place last_id;
    if (!TAKE_LITERAL(s, "\"E\":") || !take_number(s, &time)) return 0;
    if (TAKE_LITERAL(s, ",\"T\":") && !take_number(s, &time)) return 0;
    if (!TAKE_LITERAL(s, ",\"s\":\"") || !take_symbol(s)) return 0;
    if (!TAKE_LITERAL(s, ",\"U\":") || !take_number(s, &first_id)) return 0;
    if (!TAKE_LITERAL(s, ",\"u\":") || !take_number(s, &last_id)) return 0;
    b3_json_place previous = last_id;
    uint8_t flags = 0;
    if (TAKE_LITERAL(s, ",\"pu\":")) {
        if (!take_number(s, &previous)) return 0;
        flags = B3_FLAG_CHAINED;
    }
    if (!TAKE_LITERAL(s, ",\"b\":[")) return 0;
    int64_t numbers[4];
    four_numbers(first_id, time, last_id, previous, numbers); /* -> first, last, time, previous */
    int64_t ts_ns = 0;
    if (b3_json_time_ns(numbers[2], &ts_ns) != B3_OK || numbers[0] > numbers[1]) return 0;
    const int64_t ids[3] = {numbers[0], numbers[1], flags != 0 ? numbers[3] : 0};
    return sides(s, s->out, flags, ts_ns, ids, wrapped, 0);
}

/* at: behind {"lastUpdateId": */
INLINE int snapshot(speculation *s, int32_t default_symbol, int wrapped) {
    b3_json_entry *default_entry = b3_json_symbols_at(&s->parser->symbols, default_symbol);
    b3_json_place id = {0};
    if (default_entry == NULL || default_entry->price == NULL || !take_number(s, &id)) return 0;
    s->entry = default_entry;
    b3_json_place time = id;
    const int timed = TAKE_LITERAL(s, ",\"E\":");
    if (timed && (!take_number(s, &time) || !TAKE_LITERAL(s, ",\"T\":") || !take_number(s, &time))) return 0;
    if (!TAKE_LITERAL(s, ",\"bids\":[")) return 0;
    int64_t numbers[4];
    four_numbers(id, time, id, time, numbers);
    int64_t ts_ns = 0;
    if (timed && b3_json_time_ns(numbers[2], &ts_ns) != B3_OK) return 0;
    const int64_t ids[3] = {numbers[0], numbers[0], 0};
    return sides(s, s->out, B3_FLAG_SNAPSHOT, ts_ns, ids, wrapped, 1);
}

/* ---------------------------------------------------------------- quotes and trades */

/* at: before the price's opening quote. middle: the 7 bytes from its closing quote to the quantity's opening one, as ","q":". Goes behind
 * the quantity. */
INLINE int take_pair(speculation *s, uint64_t middle, b3_json_place *price, b3_json_place *qty) {
    if (!in_text(s) || *s->at != '"') return 0;
    uint64_t quotes = clear_lowest(quotes64(s->at));
    const int64_t c1 = lowest(quotes);
    quotes = clear_lowest(clear_lowest(clear_lowest(clear_lowest(quotes))));
    const int64_t c2 = lowest(quotes);
    if (c2 == 64 || !is_text(s->at + c1, middle, 0, 7)) return 0;
    *price = (b3_json_place){.at = s->at + 1, .len = c1 - 1};
    *qty = (b3_json_place){.at = s->at + c1 + 7, .len = c2 - c1 - 7};
    s->at += c2 + 1;
    return 1;
}

INLINE __m256i lanes_of(const weights *w, const b3_json_place pair[2], const decimals *form, __m256i *bad) {
    return price_and_qty(w, form, pair[0].at, pair[0].len, pair[1].at, pair[1].len, bad);
}

INLINE void put_quote(b3_quote *out, __m256i raw, int64_t id) {
    _mm256_storeu_si256((__m256i *)&out->bid_price_raw, _mm256_permute4x64_epi64(raw, 0xD8));
    out->update_id = id;
}

INLINE void put_trade(b3_trade *out, __m256i raw, const int64_t numbers[4]) {
    _mm_storeu_si128((__m128i *)&out->price_raw, _mm256_castsi256_si128(_mm256_permute4x64_epi64(raw, 0x08)));
    out->trade_id = numbers[1];
    out->first_trade_id = numbers[2];
    out->last_trade_id = numbers[3];
}

INLINE void emit_one(b3_parsed *parsed, const b3_header *head) {
    *parsed = (b3_parsed){.kind = head->kind, .count = 1, .instrument = head->instrument};
}

/* at: behind the '{' of spot or behind "e":"bookTicker", of futures, whose quotes also have a time. */
static int quote(speculation *s, int futures, int wrapped) {
    b3_json_places found = {.whole_count = futures ? 3 : 2, .decimal_count = 4};
    b3_json_place *whole = found.whole;
    if (!TAKE_LITERAL(s, "\"u\":") || !take_number(s, &whole[0]) || !TAKE_LITERAL(s, ",\"s\":\"") || !take_symbol(s)) return 0;
    if (!TAKE_LITERAL(s, ",\"b\":") || !take_pair(s, FIRST_WORD("\",\"B\":\""), &found.decimals[0], &found.decimals[1])) return 0;
    if (!TAKE_LITERAL(s, ",\"a\":") || !take_pair(s, FIRST_WORD("\",\"A\":\""), &found.decimals[2], &found.decimals[3])) return 0;
    whole[1] = whole[0];
    if (futures && (!in_text(s) || !TAKE_LITERAL(s, ",\"T\":") || !take_number(s, &whole[1]))) return 0;
    if (futures && (!TAKE_LITERAL(s, ",\"E\":") || !take_number(s, &whole[2]))) return 0;
    if (!ends_with(s, wrapped) || s->out_bytes < sizeof(b3_quote)) return 0;
    const weights w = weights_in_registers();
    const decimals form = decimals_of(s->entry);
    __m256i bad = _mm256_setzero_si256();
    const __m256i raw = join_digits(&w, lanes_of(&w, &found.decimals[0], &form, &bad), lanes_of(&w, &found.decimals[2], &form, &bad));
    int64_t numbers[4];
    four_numbers(whole[0], whole[1], whole[0], whole[1], numbers);
    int64_t ts_ns = 0;
    if (!_mm256_testz_si256(bad, bad) || (futures && b3_json_time_ns(numbers[2], &ts_ns) != B3_OK)) return 0;
    const b3_header head = b3_json_header(s->input, s->entry, B3_QUOTE, 0, ts_ns);
    b3_quote *out = s->out;
    out->hdr = head;
    put_quote(out, raw, numbers[0]);
    emit_one(s->parsed, &head);
    b3_json_layout_learn(s->slot, s->input, s->entry, &head, &found);
    return 1;
}

/* "m":true or false. */
INLINE int take_maker(speculation *s, uint8_t *flags) {
    if (TAKE_LITERAL(s, ",\"m\":true")) {
        *flags |= B3_FLAG_BUYER_MAKER;
        return 1;
    }
    return TAKE_LITERAL(s, ",\"m\":false");
}

INLINE int emit_trade(speculation *s, uint8_t flags, const b3_json_places *found) {
    if (s->out_bytes < sizeof(b3_trade)) return 0;
    const weights w = weights_in_registers();
    const decimals form = decimals_of(s->entry);
    __m256i bad = _mm256_setzero_si256();
    const __m256i lanes = lanes_of(&w, found->decimals, &form, &bad);
    const __m256i raw = join_digits(&w, lanes, lanes);
    const b3_json_place *whole = found->whole;
    int64_t numbers[4];
    four_numbers(whole[0], whole[2], whole[1], whole[3], numbers); /* -> time, id, first, last */
    int64_t ts_ns = 0;
    if (!_mm256_testz_si256(bad, bad) || b3_json_time_ns(numbers[0], &ts_ns) != B3_OK) return 0;
    const b3_header head = b3_json_header(s->input, s->entry, B3_TRADE, flags, ts_ns);
    b3_trade *out = s->out;
    out->hdr = head;
    put_trade(out, raw, numbers);
    emit_one(s->parsed, &head);
    b3_json_layout_learn(s->slot, s->input, s->entry, &head, found);
    return 1;
}

/* at: behind "e":"trade","E": . Spot: s,t,p,q,T,m,M. Futures: T,s,t,p,q,X,m. */
static int trade(speculation *s, int wrapped) {
    b3_json_places found = {.whole_count = 5, .decimal_count = 2};
    b3_json_place *time = &found.whole[0];
    b3_json_place *id = &found.whole[1];
    uint8_t flags = 0;
    if (!take_number(s, &found.whole[4])) return 0;
    const int futures = TAKE_LITERAL(s, ",\"T\":");
    if (futures && !take_number(s, time)) return 0;
    if (!TAKE_LITERAL(s, ",\"s\":\"") || !take_symbol(s) || !TAKE_LITERAL(s, ",\"t\":") || !take_number(s, id)) return 0;
    if (!TAKE_LITERAL(s, ",\"p\":") || !take_pair(s, FIRST_WORD("\",\"q\":\""), &found.decimals[0], &found.decimals[1])) return 0;
    if (!in_text(s)) return 0;
    if (futures) {
        if (!TAKE_LITERAL(s, ",\"X\":\"MARKET\"") || !take_maker(s, &flags)) return 0;
    } else {
        if (!TAKE_LITERAL(s, ",\"T\":") || !take_number(s, time) || !take_maker(s, &flags) || !TAKE_LITERAL(s, ",\"M\":true")) return 0;
    }
    found.whole[2] = found.whole[3] = *id;
    return ends_with(s, wrapped) && emit_trade(s, flags, &found);
}

/* at: behind "e":"aggTrade","E": . Spot: s,a,p,q,f,l,T,m,M. Futures: a,s,p,q,f,l,T,m. */
static int agg_trade(speculation *s, int wrapped) {
    b3_json_places found = {.whole_count = 5, .decimal_count = 2};
    b3_json_place *id = &found.whole[1];
    uint8_t flags = B3_FLAG_AGGREGATE;
    if (!take_number(s, &found.whole[4])) return 0;
    const int futures = TAKE_LITERAL(s, ",\"a\":");
    if (futures && !take_number(s, id)) return 0;
    if (!TAKE_LITERAL(s, ",\"s\":\"") || !take_symbol(s)) return 0;
    if (!futures && (!TAKE_LITERAL(s, ",\"a\":") || !take_number(s, id))) return 0;
    if (!TAKE_LITERAL(s, ",\"p\":") || !take_pair(s, FIRST_WORD("\",\"q\":\""), &found.decimals[0], &found.decimals[1])) return 0;
    if (!in_text(s) || !TAKE_LITERAL(s, ",\"f\":") || !take_number(s, &found.whole[2])) return 0;
    if (!TAKE_LITERAL(s, ",\"l\":") || !take_number(s, &found.whole[3])) return 0;
    if (!TAKE_LITERAL(s, ",\"T\":") || !take_number(s, &found.whole[0])) return 0;
    if (!take_maker(s, &flags) || (!futures && !TAKE_LITERAL(s, ",\"M\":true"))) return 0;
    return ends_with(s, wrapped) && emit_trade(s, flags, &found);
}

/* ---------------------------------------------------------------- layouts */

/* Digit lanes of two numbers that a layout has placed. */
INLINE __m256i placed(const weights *w, const uint8_t *data, const uint16_t at[2], const uint8_t rows[2][16]) {
    const __m256i plain = _mm256_xor_si256(two16(data + at[0], data + at[1]), w->zero);
    return _mm256_shuffle_epi8(plain, _mm256_loadu_si256((const __m256i *)rows));
}

INLINE void put_head(b3_header *out, const b3_json_layout *layout, const b3_input *input, int64_t ts_ns) {
    _mm_storeu_si128((__m128i *)out, load16((const uint8_t *)&layout->head));
    out->stamp = input->stamp;
    out->ts_exchange_ns = ts_ns;
    out->ts_recv_ns = input->recv_ns;
    out->input_no = input->input_no;
}

/* The whole message at once, if it fits the slot's layout. */
INLINE int by_layout(b3_json_layout *slot, const b3_input *input, void *out, size_t out_bytes, b3_parsed *parsed) {
    const uint8_t *data = input->data;
    if (slot->len != input->len || out_bytes < sizeof(b3_quote) || !fits_layout(slot, data)) return 0;
    const weights w = weights_in_registers();
    int64_t numbers[4];
    int64_t ts_ns;
    const __m256i first = placed(&w, data, slot->decimal_at, slot->decimal_rows);
    const __m256i whole = placed(&w, data, slot->whole_at, slot->whole_rows);
    if (slot->kind == B3_QUOTE) {
        const __m256i raw = join_digits(&w, first, placed(&w, data, slot->decimal_at + 2, slot->decimal_rows + 2));
        _mm256_storeu_si256((__m256i *)numbers, join_digits(&w, whole, whole)); /* -> id, id, time, time */
        if (__builtin_mul_overflow(numbers[2], slot->unit_ns, &ts_ns)) return 0;
        put_quote(out, raw, numbers[0]);
    } else {
        const __m256i others = placed(&w, data, slot->whole_at + 2, slot->whole_rows + 2);
        _mm256_storeu_si256((__m256i *)numbers, _mm256_permute4x64_epi64(join_digits(&w, whole, others), 0xD8));
        if (__builtin_mul_overflow(numbers[0], slot->unit_ns, &ts_ns)) return 0;
        put_trade(out, join_digits(&w, first, first), numbers);
    }
    put_head(out, slot, input, ts_ns);
    emit_one(parsed, &slot->head);
    slot->misses = 0;
    return 1;
}

/* ---------------------------------------------------------------- the message */

/* at: behind {"stream":" . Goes behind the '{' of the payload. The name must be plain: no escape, no control character. */
INLINE int take_stream(speculation *s) {
    const __m256i name = _mm256_loadu_si256((const __m256i *)s->at);
    const __m256i quote_or_escape =
        _mm256_or_si256(_mm256_cmpeq_epi8(name, _mm256_set1_epi8('"')), _mm256_cmpeq_epi8(name, _mm256_set1_epi8('\\')));
    const __m256i strange = _mm256_or_si256(quote_or_escape, _mm256_cmpgt_epi8(_mm256_set1_epi8(' '), name));
    const uint32_t len = _tzcnt_u32((uint32_t)_mm256_movemask_epi8(strange));
    s->at += len;
    return len < 32 && TAKE_LITERAL(s, "\",\"data\":{");
}

#define MESSAGE_MIN 96 /* shorter ones are not worth a bounds check here and there */

/* Field by field. Not inlined: what fits a layout shall not pay for its registers. */
static __attribute__((noinline)) int32_t by_fields(b3_json *parser, const b3_input *input, int32_t default_symbol, void *out,
                                                   size_t out_bytes, b3_parsed *parsed, b3_error *error) {
    speculation s = {.parser = parser,
                     .slot = b3_json_layout_slot(parser->layouts, input->data, input->len),
                     .input = input,
                     .at = input->data,
                     .end = input->data + input->len,
                     .out = out,
                     .out_bytes = out_bytes,
                     .parsed = parsed};
    const int wrapped = TAKE_LITERAL(&s, "{\"stream\":\"");
    int done = 0;
    if (wrapped ? !take_stream(&s) : *s.at++ != '{') {
        done = 0;
    } else if (!TAKE_LITERAL(&s, "\"e\":\"")) {
        done = TAKE_LITERAL(&s, "\"lastUpdateId\":") ? snapshot(&s, default_symbol, wrapped) : quote(&s, 0, wrapped);
    } else if (TAKE_LITERAL(&s, "depthUpdate\",")) {
        done = depth(&s, wrapped);
    } else if (TAKE_LITERAL(&s, "bookTicker\",")) {
        done = quote(&s, 1, wrapped);
    } else if (TAKE_LITERAL(&s, "trade\",\"E\":")) {
        done = trade(&s, wrapped);
    } else if (TAKE_LITERAL(&s, "aggTrade\",\"E\":")) {
        done = agg_trade(&s, wrapped);
    }
    return done ? B3_OK : b3_json_parse_general(parser, input, default_symbol, out, out_bytes, parsed, error);
}

int32_t PARSE(b3_json *parser, const b3_input *input, int32_t default_symbol, void *out, size_t out_bytes, b3_parsed *parsed,
              b3_error *error) {
    if (input->len < MESSAGE_MIN) return b3_json_parse_general(parser, input, default_symbol, out, out_bytes, parsed, error);
    b3_json_layout *slot = b3_json_layout_slot(parser->layouts, input->data, input->len);
    if (by_layout(slot, input, out, out_bytes, parsed)) return B3_OK;
    return by_fields(parser, input, default_symbol, out, out_bytes, parsed, error);
}
