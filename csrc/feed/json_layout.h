/* Layouts: whole messages seen before, byte for byte, with room for other digits.
 *
 * Quotes and trades of one stream are alike but for their digits, and mostly of one length. A layout is such a message: for each byte the
 * least value (base) and how much more it may be (limit): 0 and 9 for a digit, the byte itself and 0 for all others. A message that fits
 * needs no further look at its structure: its numbers are where the layout's are.
 *
 *   base    {"u":1000,"s":"BTCUSDT","b":"00000.00000000", ...      a whole number's first digit is 1 .. 9
 *   limit   00000899900000000000000000009999909999999900 ...
 *
 * The speculating parser makes a layout of what it read field by field, tries it on the next message of the same length and beginning,
 * and falls back on the fields. Mutable, one parser's own.
 */
#ifndef B3_FEED_JSON_LAYOUT_H
#define B3_FEED_JSON_LAYOUT_H

#include <string.h>

#include "feed/json_symbols.h"

#define B3_LAYOUT_BYTES 256
#define B3_LAYOUT_SLOTS 128
#define B3_LAYOUT_PATIENCE 3 /* misses in a row before another message takes a slot: two forms in turn must not evict one another */

/* A number in a message. */
typedef struct b3_json_place {
    const uint8_t *at;
    int64_t len;
} b3_json_place;

/* All numbers of a quote or trade. In whole, the first four are what becomes of them: quote id, time; trade time, id, first, last. */
typedef struct b3_json_places {
    b3_json_place whole[5];
    b3_json_place decimals[4]; /* price, qty, and of quotes again price, qty */
    uint32_t whole_count;
    uint32_t decimal_count;
} b3_json_places;

typedef struct b3_json_layout {
    uint8_t base[B3_LAYOUT_BYTES];
    uint8_t limit[B3_LAYOUT_BYTES];
    uint8_t decimal_rows[4][16]; /* shuffles that move the digits to where they are joined */
    uint8_t whole_rows[4][16];
    uint32_t len; /* of the message; 0: the slot is free */
    uint32_t misses;
    uint16_t kind;
    uint16_t decimal_at[4];
    uint16_t whole_at[4];
    int64_t unit_ns; /* of the time; 0: it has none */
    b3_header head;  /* of the event, times and input left 0 */
} b3_json_layout;

/* Where a message's layout would be: by its length, its beginning (of a wrapped one the stream's name, else the event's), and by what it
 * ends with, which is another for quotes and trades. len: at least 32. */
static inline b3_json_layout *b3_json_layout_slot(b3_json_layout *layouts, const uint8_t *data, uint32_t len) {
    uint64_t begin;
    memcpy(&begin, data + (data[2] == 's' ? 11 : 0), sizeof begin);
    const uint64_t key = begin + ((uint64_t)len << 40) + ((uint64_t)(data[len - 3] >> 4) << 20);
    return &layouts[(key * 0x9E3779B97F4A7C15u) >> 57];
}

/* Takes over the form (price_len, qty_len) of a message most of whose levels were of another form than levels, if that goes on. */
void b3_json_levels_learn(b3_json_levels *levels, const b3_json_entry *entry, int64_t price_len, int64_t qty_len);

/* Makes a layout of the message that the slot's layout did not fit, if it has missed for long enough. head: of the event made of it. */
void b3_json_layout_learn(b3_json_layout *slot, const b3_input *input, const b3_json_entry *entry, const b3_header *head,
                          const b3_json_places *places);

#endif
