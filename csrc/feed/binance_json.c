#include "feed/binance_json.h"

#include "base/cpu.h"
#include "feed/json_general.h"
#include "feed/json_speculate_variants.h"
#include "feed/json_symbols.h"
#include "feed/json_variants.h"

static size_t state_bytes(void) {
    return (sizeof(b3_json) + 63) & ~(size_t)63;
}

size_t b3_json_size(uint32_t symbol_count) {
    return state_bytes() + b3_json_symbols_size(symbol_count);
}

static b3_json_parse_fn parse_of(int32_t isa) {
#if defined(__x86_64__)
    if (isa == B3_ISA_AVX512) return b3_json_parse_avx512;
    if (isa == B3_ISA_AVX2) return b3_json_parse_avx2;
#endif
    (void)isa;
    return b3_json_parse_general;
}

int32_t b3_json_init_isa(void *memory, const b3_json_symbol *symbols, uint32_t symbol_count, int32_t isa) {
    b3_json *parser = memory;
    const int32_t status = b3_json_symbols_init(&parser->symbols, (uint8_t *)memory + state_bytes(), symbols, symbol_count);
    if (status != B3_OK) return status;
    parser->last = parser->symbols.entries;
    parser->parse = parse_of(isa);
    for (uint32_t fraction = 0; fraction <= B3_DIGITS_MAX; fraction++) {
        for (uint32_t scale = 0; scale <= B3_DIGITS_MAX; scale++) b3_json_digits_init(&parser->digits[fraction][scale], fraction, scale);
    }
    return B3_OK;
}

int32_t b3_json_init(void *memory, const b3_json_symbol *symbols, uint32_t symbol_count) {
    return b3_json_init_isa(memory, symbols, symbol_count, b3_cpu_isa());
}

/* A venue writes all numbers of a symbol with the same digits behind the point, so the next message likely has this one's form. */
static void remember(b3_json *parser, const b3_json_shape *shape) {
    b3_json_entry *entry = shape->entry;
    if (shape->price_fraction > B3_DIGITS_MAX || shape->qty_fraction > B3_DIGITS_MAX) return;
    const b3_json_digits *price = &parser->digits[shape->price_fraction][entry->price_scale];
    const b3_json_digits *qty = &parser->digits[shape->qty_fraction][entry->qty_scale];
    if (price == entry->price && qty == entry->qty) return;
    entry->price = price;
    entry->qty = qty;
    entry->levels = (b3_json_levels){.step = 0};
}

int32_t b3_json_parse_general(b3_json *parser, const b3_input *input, int32_t default_symbol, void *out, size_t out_bytes,
                              b3_parsed *parsed, b3_error *error) {
    b3_json_shape shape;
    b3_json_entry *default_entry = b3_json_symbols_at(&parser->symbols, default_symbol);
    const int32_t status = b3_json_general(&parser->symbols, input, default_entry, out, out_bytes, parsed, &shape, error);
    if (status == B3_OK && shape.entry != NULL) remember(parser, &shape);
    parser->stats.general++;
    parser->stats.ignored += status == B3_EMPTY;
    parser->stats.bad += status < 0;
    return status;
}

int32_t b3_json_parse(b3_json *parser, const b3_input *input, int32_t default_symbol, void *out, size_t out_bytes, b3_parsed *parsed,
                      b3_error *error) {
    parser->stats.messages++;
    return parser->parse(parser, input, default_symbol, out, out_bytes, parsed, error);
}

void b3_json_read_stats(const b3_json *parser, b3_json_stats *out) {
    *out = parser->stats;
}
