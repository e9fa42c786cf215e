/* L2 order book of one instrument: price -> quantity, both sides.
 *
 * Dense: an array of quantities, one per tick, around the touch, with a bitmap hierarchy to find the next best.
 * Sparse: a hash of everything else (far away, or off the tick). Prices move between the two when the window is moved to follow the
 * touch; that is rare and costs one pass over the sparse side.
 * Cost: update and best O(1); the n best levels O(n) inside the window. What is done with a book is declared in bot3.h.
 */
#ifndef B3_BOOK_L2_H
#define B3_BOOK_L2_H

#include "bot3.h"

#define B3_BOOK_TICK_MAX (INT64_C(1) << 44) /* above that, a price off the tick could be taken for one in the window */

/* dense_ticks: a power of two, 4096 .. 262144, per side. sparse_levels: per side, 1 .. 2^24. 0 when one of them is not. */
size_t b3_book_size(uint32_t dense_ticks, uint32_t sparse_levels);
/* memory: b3_book_size bytes, aligned to 16 at least (64 is faster), the caller's. tick_raw 1 .. B3_BOOK_TICK_MAX: grid of the dense
 * part; any price on no tick is kept all the same. NULL when an argument is impossible. */
b3_book *b3_book_init(void *memory, int64_t tick_raw, uint32_t dense_ticks, uint32_t sparse_levels);

/* The stage (b3_on_event_fn): takes B3_LEVEL events of one instrument; at B3_FLAG_LAST writes one b3_quote (B3_FLAG_DEPTH) of the book's
 * best, whose header is the level's but for kind and flags. The first level of a snapshot clears the book. Other kinds: 0. Faults as
 * b3_book_set's; after one the book is not the venue's until the next snapshot, which clears it also when the broken message was one. */
int32_t b3_book_on_event(void *state, const b3_header *event, const b3_view *view, b3_slot *out, int32_t cap);

/* The whole message at once, the last level with B3_FLAG_LAST (else B3_ERR_ARGUMENT): what b3_book_on_event does for each level in turn.
 * Returns B3_OK with *quote, or a fault; the levels before the one at fault are applied. The fast way, no branch a level. */
int32_t b3_book_on_levels(b3_book *book, const b3_level *levels, uint32_t count, b3_quote *quote);

#endif
