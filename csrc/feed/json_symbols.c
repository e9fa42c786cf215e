#include "feed/json_symbols.h"

#include <string.h>

_Static_assert(B3_SYMBOL_MAX % 8 == 0, "a symbol is compared in whole words");

#define SCALE_MAX 10

/* At most half full, so that a search always meets a free slot. */
static uint32_t slot_count(uint32_t count) {
    uint32_t slots = 16;
    while (slots < 2 * (uint64_t)count && slots < (1u << 31)) slots *= 2;
    return slots;
}

static size_t entries_bytes(uint32_t count) {
    return (count * sizeof(b3_json_entry) + 63) & ~(size_t)63;
}

size_t b3_json_symbols_size(uint32_t count) {
    return entries_bytes(count) + slot_count(count) * sizeof(uint32_t);
}

int32_t b3_json_symbols_init(b3_json_symbols *symbols, void *memory, const b3_json_symbol *from, uint32_t count) {
    if (count == 0 || count > (1u << 30)) return B3_ERR_ARGUMENT;
    b3_json_entry *entries = memory;
    uint32_t *slots = (uint32_t *)((uint8_t *)memory + entries_bytes(count));
    *symbols = (b3_json_symbols){.entries = entries, .slots = slots, .count = count, .slot_mask = slot_count(count) - 1};
    for (uint32_t i = 0; i < count; i++) {
        const size_t len = strnlen(from[i].symbol, B3_SYMBOL_MAX);
        if (len == 0 || len == B3_SYMBOL_MAX || from[i].price_scale > SCALE_MAX || from[i].qty_scale > SCALE_MAX) return B3_ERR_ARGUMENT;
        b3_json_entry *entry = &entries[i];
        memcpy(entry->words, from[i].symbol, len);
        if (b3_json_symbols_find(symbols, entry->words) != NULL) return B3_ERR_ARGUMENT;
        entry->len = (uint32_t)len;
        entry->instrument = from[i].instrument;
        entry->venue = from[i].venue;
        entry->price_scale = from[i].price_scale;
        entry->qty_scale = from[i].qty_scale;
        uint32_t slot = b3_json_symbols_hash(entry->words) & symbols->slot_mask;
        while (slots[slot] != 0) slot = (slot + 1) & symbols->slot_mask;
        slots[slot] = i + 1;
    }
    return B3_OK;
}
