/* L2 order book of one instrument: price -> quantity, both sides.
 *
 * Dense: an array of quantities, one per tick, around the touch, with a bitmap hierarchy to find the next best.
 * Sparse: a hash of everything else (far away, or off the tick). Prices move between the two when the window is moved to follow the
 * touch; that is rare and costs one pass over the sparse side.
 * Cost: update and best O(1); the n best levels O(n) inside the window.
 */
#ifndef B3_BOOK_L2_H
#define B3_BOOK_L2_H

#include "bot3.h"

typedef struct b3_book b3_book;

typedef struct b3_book_stats {
    uint64_t bid_levels;
    uint64_t ask_levels;
    uint64_t moves;  /* of the dense window */
    uint64_t sparse; /* levels held outside it */
    int64_t last_update_id;
} b3_book_stats;

#define B3_BOOK_TICK_MAX (INT64_C(1) << 44) /* above that, a price off the tick could be taken for one in the window */

/* dense_ticks: a power of two, 4096 .. 262144, per side. sparse_levels: per side, 1 .. 2^24. 0 when one of them is not. */
size_t b3_book_size(uint32_t dense_ticks, uint32_t sparse_levels);
/* memory: b3_book_size bytes, aligned to 64, the caller's. tick_raw 1 .. B3_BOOK_TICK_MAX: grid of the dense part; any price on no tick
 * is kept all the same. NULL when an argument is impossible. */
b3_book *b3_book_init(void *memory, int64_t tick_raw, uint32_t dense_ticks, uint32_t sparse_levels);

/* One level: side B3_BUY or B3_SELL, qty_raw 0 removes. B3_OK; B3_ERR_CAPACITY when the sparse side is full (the level is lost: the
 * caller must halt); B3_ERR_ARGUMENT for a price <= 0 or a negative quantity. */
int32_t b3_book_set(b3_book *book, uint8_t side, int64_t price_raw, int64_t qty_raw);
void b3_book_clear(b3_book *book);

/* The stage (b3_on_event_fn): takes B3_LEVEL events of one instrument; at B3_FLAG_LAST writes one b3_quote (B3_FLAG_DEPTH) of the book's
 * best. The first level of a snapshot clears the book. Other kinds: 0. */
int32_t b3_book_on_event(void *state, const b3_header *event, const b3_view *view, b3_slot *out, int32_t cap);

/* The whole message at once: what b3_book_on_event does for each level in turn. Returns B3_OK with *quote, or a fault. */
int32_t b3_book_on_levels(b3_book *book, const b3_level *levels, uint32_t count, b3_quote *quote);

/* Best price and quantity of a side; 0 and 0 when it is empty. */
b3_book_level b3_book_best(const b3_book *book, uint8_t side);
/* b3_levels_fn. Walks on into the sparse part when the dense one ends. */
uint32_t b3_book_levels(const void *book, uint8_t side, b3_book_level *out, uint32_t cap);
int64_t b3_book_qty_at(const b3_book *book, uint8_t side, int64_t price_raw);
/* Sum of quantities from the best to price_raw, both included. Saturates at INT64_MAX. */
int64_t b3_book_cum_qty(const b3_book *book, uint8_t side, int64_t price_raw);
/* (bid_qty * ask + ask_qty * bid) / (bid_qty + ask_qty), in price_raw units; NaN when a side is empty. */
double b3_book_microprice(const b3_book *book);
/* (sum of n best bids - sum of n best asks) / their sum, -1 .. 1; NaN when both are empty. */
double b3_book_imbalance(const b3_book *book, uint32_t levels);
void b3_book_read_stats(const b3_book *book, b3_book_stats *out);

#endif
