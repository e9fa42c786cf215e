/* The order-free parser: any key order, white space, escapes, duplicate keys (the last one wins), unknown keys of any nesting.
 * It defines what a message means and which fault it has; the speculating parser is a faster way to the same events. */
#ifndef B3_FEED_JSON_GENERAL_H
#define B3_FEED_JSON_GENERAL_H

#include "feed/json_symbols.h"

/* What speculation wants to know of a message that was read: the form of its last price and quantity. */
typedef struct b3_json_shape {
    b3_json_entry *entry; /* NULL: a message that teaches nothing */
    uint32_t price_fraction;
    uint32_t qty_fraction;
} b3_json_shape;

/* default_entry: for messages that name no symbol; may be NULL. Else as b3_json_parse. */
int32_t b3_json_general(const b3_json_symbols *symbols, const b3_input *input, b3_json_entry *default_entry, void *out, size_t out_bytes,
                        b3_parsed *parsed, b3_json_shape *shape, b3_error *error);

/* Exchange time in ns: a value >= 10^14 is microseconds, else milliseconds. B3_ERR_OVERFLOW. */
static inline int32_t b3_json_time_ns(int64_t value, int64_t *out) {
    return __builtin_mul_overflow(value, value >= 100000000000000 ? 1000 : 1000000, out) ? B3_ERR_OVERFLOW : B3_OK;
}

/* Header of an event of the entry's instrument; account and strategy are the engine's to fill. */
static inline b3_header b3_json_header(const b3_input *input, const b3_json_entry *entry, uint16_t kind, uint8_t flags,
                                       int64_t ts_exchange_ns) {
    return (b3_header){.kind = kind,
                       .version = 1,
                       .flags = flags,
                       .venue = entry->venue,
                       .instrument = entry->instrument,
                       .stamp = input->stamp,
                       .ts_exchange_ns = ts_exchange_ns,
                       .ts_recv_ns = input->recv_ns,
                       .input_no = input->input_no};
}

#endif
