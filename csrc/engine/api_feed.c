/* Bodies of the public parser calls: memory, and events of mixed kinds sorted into one array a kind. */
#include <string.h>

#include "base/alloc.h"
#include "feed/binance_json.h"

struct b3_parser {
    b3_json *json;
    void *memory; /* json lies in it, aligned */
    uint64_t input_no;
    uint32_t instrument_count;
};

static void told(b3_error *error, int32_t status, const char *what, uint64_t position, int64_t value) {
    *error = (b3_error){.status = status, .what = what, .position = position, .value = value};
}

static int32_t init_json(b3_parser *parser, const b3_instrument *instruments, uint32_t count) {
    b3_json_symbol *symbols = b3_alloc_array(count, sizeof *symbols);
    if (symbols == NULL) return B3_ERR_MEMORY;
    for (uint32_t i = 0; i < count; i++) {
        memcpy(symbols[i].symbol, instruments[i].symbol, B3_SYMBOL_MAX);
        symbols[i].instrument = i;
        symbols[i].venue = instruments[i].venue;
        symbols[i].price_scale = instruments[i].price_scale;
        symbols[i].qty_scale = instruments[i].qty_scale;
    }
    const int32_t status = b3_json_init(parser->json, symbols, count);
    b3_alloc_free(symbols);
    return status;
}

b3_parser *b3_parser_new(const b3_instrument *instruments, uint32_t count, b3_error *error) {
    b3_parser *parser = b3_alloc(sizeof *parser);
    void *memory = count == 0 ? NULL : b3_alloc(b3_json_size(count) + 63);
    int32_t status = count == 0 ? B3_ERR_ARGUMENT : B3_ERR_MEMORY;
    if (parser != NULL && memory != NULL) {
        *parser = (b3_parser){.memory = memory, .instrument_count = count, .json = (b3_json *)(((uintptr_t)memory + 63) & ~(uintptr_t)63)};
        status = init_json(parser, instruments, count);
        if (status == B3_OK) return parser;
    }
    b3_alloc_free(memory);
    b3_alloc_free(parser);
    if (status == B3_ERR_MEMORY) told(error, status, "parser: no memory", 0, count);
    else told(error, status, "parser: no instrument, a symbol that stands twice or is empty, or a scale above 10", 0, count);
    return NULL;
}

void b3_parser_free(b3_parser *parser) {
    if (parser == NULL) return;
    b3_alloc_free(parser->memory);
    b3_alloc_free(parser);
}

static int32_t check_places(uint64_t data_len, const uint64_t *starts, const uint32_t *lens, uint32_t count, b3_error *error) {
    for (uint32_t i = 0; i < count; i++) {
        if (starts[i] <= data_len && data_len - starts[i] >= (uint64_t)lens[i] + B3_INPUT_PADDING) continue;
        told(error, B3_ERR_ARGUMENT, "parser: a message does not lie in the data with 64 more bytes behind it", i, (int64_t)starts[i]);
        return B3_ERR_ARGUMENT;
    }
    return B3_OK;
}

/* Takes one event from where it was read to its kind's array. */
static int32_t sort_in(b3_parsed_batch *out, const void *event, uint16_t kind) {
    if (kind == B3_TRADE) {
        if (out->trade_count == out->trade_cap) return B3_FULL;
        memcpy(&out->trades[out->trade_count++], event, sizeof(b3_trade));
    } else if (kind == B3_QUOTE) {
        if (out->quote_count == out->quote_cap) return B3_FULL;
        memcpy(&out->quotes[out->quote_count++], event, sizeof(b3_quote));
    } else {
        if (out->bar_count == out->bar_cap) return B3_FULL;
        memcpy(&out->bars[out->bar_count++], event, sizeof(b3_bar));
    }
    return B3_OK;
}

/* Reads right into the free part of the level array, or beside it when not even one event of another kind fits there. B3_FULL: not taken.
 */
static int32_t take_message(b3_parser *parser, const b3_input *input, int32_t snapshot_instrument, b3_parsed_batch *out, b3_error *why) {
    b3_slot beside;
    void *place = &beside;
    size_t room = sizeof beside;
    const size_t free_bytes = (size_t)(out->level_cap - out->level_count) * sizeof(b3_level);
    if (free_bytes >= sizeof beside) {
        place = &out->levels[out->level_count];
        room = free_bytes;
    }
    b3_parsed parsed;
    const int32_t status = b3_json_parse(parser->json, input, snapshot_instrument, place, room, &parsed, why);
    if (status == B3_ERR_CAPACITY && out->level_count > 0) return B3_FULL;
    if (status != B3_OK) return status;
    if (parsed.kind != B3_LEVEL) return sort_in(out, place, parsed.kind);
    if (place != &beside) out->level_count += parsed.count;
    else if (out->level_count == out->level_cap) return B3_FULL;
    else memcpy(&out->levels[out->level_count++], &beside, sizeof(b3_level));
    return B3_OK;
}

int32_t b3_parser_batch_blocking(b3_parser *parser, const uint8_t *data, uint64_t data_len, const uint64_t *starts, const uint32_t *lens,
                                 const int64_t *recv_ns, uint32_t count, int32_t snapshot_instrument, b3_parsed_batch *out,
                                 b3_error *error) {
    out->level_count = out->trade_count = out->quote_count = out->bar_count = out->messages = out->bad = 0;
    if (out->level_cap == 0 || out->trade_cap == 0 || out->quote_cap == 0 || out->bar_cap == 0) {
        told(error, B3_ERR_ARGUMENT, "parser: an array without room", 0, 0);
        return B3_ERR_ARGUMENT;
    }
    if (check_places(data_len, starts, lens, count, error) != B3_OK) return B3_ERR_ARGUMENT;
    for (uint32_t i = 0; i < count; i++) {
        const b3_input input = {.data = data + starts[i],
                                .len = lens[i],
                                .stamp = recv_ns == NULL ? B3_STAMP_NONE : B3_STAMP_RECORDED,
                                .recv_ns = recv_ns == NULL ? 0 : recv_ns[i],
                                .input_no = parser->input_no + 1};
        b3_error why = {.status = B3_OK};
        const int32_t status = take_message(parser, &input, snapshot_instrument, out, &why);
        if (status == B3_FULL) return B3_FULL;
        out->status[i] = status;
        out->position[i] = (uint32_t)why.position;
        out->bad += status < 0;
        out->messages++;
        parser->input_no++;
    }
    return B3_OK;
}
