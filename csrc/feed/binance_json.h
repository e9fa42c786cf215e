/* Binance market-data JSON -> events. Zero copy: reads the input's bytes where they lie, writes event structs, keeps nothing.
 *
 * Understood, bare or wrapped in {"stream":...,"data":...}, spot and USD-M futures, any key order, unknown keys, and of a key that
 * stands twice the last one:
 *   depthUpdate           -> levels (bids in message order, then asks), the last one B3_FLAG_LAST; no level at all: one B3_FLAG_NO_LEVEL
 *   depth snapshot        -> levels with B3_FLAG_SNAPSHOT, of the source's symbol (the message names none)
 *   trade, aggTrade       -> one trade          bookTicker -> one quote          kline -> one bar with B3_FLAG_VENUE
 *   anything else that is JSON (control answers, other events, futures trades whose X is not MARKET) -> B3_EMPTY, counted as ignored
 * The usual key order is read by comparing the literal bytes between values; the first difference sends the message to the general
 * parser, which gives the same events. Times in ms or us (a value >= 10^14 is us). hdr.ts_exchange_ns is the time of the matching
 * engine (T) where the message has it, else the message's own (E), else 0; of a bar, the message's.
 *
 * Bad bytes: nothing is written to the caller's state, the result says what and at which byte; the next message is unaffected. It
 * never reads past len + B3_INPUT_PADDING and never writes past cap.
 */
#ifndef B3_FEED_BINANCE_JSON_H
#define B3_FEED_BINANCE_JSON_H

#include "bot3.h"

/* One symbol that the caller wants. Scales as in b3_instrument. */
typedef struct b3_json_symbol {
    char symbol[B3_SYMBOL_MAX];
    uint32_t instrument;
    uint16_t venue;
    uint8_t price_scale;
    uint8_t qty_scale;
} b3_json_symbol;

/* Filled by a successful parse: count events of one kind lie at the caller's buffer, each b3_event_size(kind) long, back to back. */
typedef struct b3_parsed {
    uint16_t kind;
    uint16_t reserved;
    uint32_t count;
    uint32_t instrument;
} b3_parsed;

typedef struct b3_json_stats {
    uint64_t messages;
    uint64_t general; /* messages that took the general parser */
    uint64_t ignored; /* JSON that holds nothing for us */
    uint64_t bad;
} b3_json_stats;

typedef struct b3_json b3_json;

size_t b3_json_size(uint32_t symbol_count);
/* memory: 64-aligned, zeroed, the caller's. B3_ERR_ARGUMENT for a symbol twice, empty or unterminated, a scale above 10, or none. */
int32_t b3_json_init(void *memory, const b3_json_symbol *symbols, uint32_t symbol_count);

/* default_symbol: index in symbols for messages that name none (depth snapshots); -1: such a message is B3_ERR_SYMBOL.
 * out: room for out_bytes, 8-aligned; on a fault what lies there is undefined. Returns B3_OK, B3_EMPTY (nothing for us), B3_ERR_FORMAT,
 * B3_ERR_PRECISION, B3_ERR_OVERFLOW, B3_ERR_SYMBOL, B3_ERR_TRUNCATED, B3_ERR_CAPACITY (more levels than fit); on a fault error is filled,
 * position = byte in data. */
int32_t b3_json_parse(b3_json *parser, const b3_input *input, int32_t default_symbol, void *out, size_t out_bytes, b3_parsed *parsed,
                      b3_error *error);
void b3_json_read_stats(const b3_json *parser, b3_json_stats *out);

#endif
