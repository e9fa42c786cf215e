/* Symbol -> instrument, scales and number forms: an open-addressed table over the symbol's bytes, filled at init. */
#ifndef B3_FEED_JSON_SYMBOLS_H
#define B3_FEED_JSON_SYMBOLS_H

#include "feed/binance_json.h"
#include "feed/json_digits.h"

#define B3_JSON_SYMBOL_WORDS (B3_SYMBOL_MAX / 8)

typedef struct b3_json_entry {
    uint64_t words[B3_JSON_SYMBOL_WORDS]; /* the symbol's bytes, zero-filled */
    uint32_t len;
    uint32_t instrument;
    uint16_t venue;
    uint8_t price_scale;
    uint8_t qty_scale;
    uint32_t reserved;
    const b3_json_digits *price; /* forms that its last message had; NULL before the first one */
    const b3_json_digits *qty;
    b3_json_levels levels; /* of these forms */
} b3_json_entry;

typedef struct b3_json_symbols {
    b3_json_entry *entries; /* in the caller's order */
    const uint32_t *slots;  /* 1 + index in entries; 0 free */
    uint32_t count;
    uint32_t slot_mask;
} b3_json_symbols;

/* Memory for entries and slots together. */
size_t b3_json_symbols_size(uint32_t count);
/* memory: 64-aligned, zeroed, kept. B3_ERR_ARGUMENT: none, an empty or unterminated name, a name twice, a scale above 10. */
int32_t b3_json_symbols_init(b3_json_symbols *symbols, void *memory, const b3_json_symbol *from, uint32_t count);

static inline uint32_t b3_json_symbols_hash(const uint64_t words[B3_JSON_SYMBOL_WORDS]) {
    const uint64_t mixed = (words[0] ^ (words[1] * 0x9E3779B97F4A7C15u) ^ (words[2] * 0xC2B2AE3D27D4EB4Fu)) * 0xFF51AFD7ED558CCDu;
    return (uint32_t)(mixed >> 32);
}

/* The entry of an index in the caller's order; NULL for -1 and all that is none. */
static inline b3_json_entry *b3_json_symbols_at(const b3_json_symbols *symbols, int32_t index) {
    return index >= 0 && (uint32_t)index < symbols->count ? &symbols->entries[index] : NULL;
}

/* words: zero-filled symbol. NULL when nobody asked for it. */
static inline b3_json_entry *b3_json_symbols_find(const b3_json_symbols *symbols, const uint64_t words[B3_JSON_SYMBOL_WORDS]) {
    uint32_t slot = b3_json_symbols_hash(words) & symbols->slot_mask;
    while (symbols->slots[slot] != 0) {
        b3_json_entry *entry = &symbols->entries[symbols->slots[slot] - 1];
        if (entry->words[0] == words[0] && entry->words[1] == words[1] && entry->words[2] == words[2]) return entry;
        slot = (slot + 1) & symbols->slot_mask;
    }
    return NULL;
}

#endif
