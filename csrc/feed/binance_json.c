#include "feed/binance_json.h"

#include "base/cpu.h"
#include "feed/json_general.h"
#include "feed/json_symbols.h"
#include "feed/json_variants.h"

struct b3_json {
    b3_json_symbols symbols;
    b3_json_stats stats;
};

static size_t state_bytes(void) {
    return (sizeof(b3_json) + 63) & ~(size_t)63;
}

size_t b3_json_size(uint32_t symbol_count) {
    return state_bytes() + b3_json_symbols_size(symbol_count);
}

int32_t b3_json_init_isa(void *memory, const b3_json_symbol *symbols, uint32_t symbol_count, int32_t isa) {
    (void)isa;
    b3_json *parser = memory;
    return b3_json_symbols_init(&parser->symbols, (uint8_t *)memory + state_bytes(), symbols, symbol_count);
}

int32_t b3_json_init(void *memory, const b3_json_symbol *symbols, uint32_t symbol_count) {
    return b3_json_init_isa(memory, symbols, symbol_count, b3_cpu_isa());
}

int32_t b3_json_parse(b3_json *parser, const b3_input *input, int32_t default_symbol, void *out, size_t out_bytes, b3_parsed *parsed,
                      b3_error *error) {
    parser->stats.messages++;
    const b3_json_entry *default_entry = NULL;
    if (default_symbol >= 0 && (uint32_t)default_symbol < parser->symbols.count) default_entry = &parser->symbols.entries[default_symbol];
    parser->stats.general++;
    const int32_t status = b3_json_general(&parser->symbols, input, default_entry, out, out_bytes, parsed, error);
    parser->stats.ignored += status == B3_EMPTY;
    parser->stats.bad += status < 0;
    return status;
}

void b3_json_read_stats(const b3_json *parser, b3_json_stats *out) {
    *out = parser->stats;
}
