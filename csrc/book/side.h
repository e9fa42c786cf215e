/* How a book lies in memory; shared by l2.c (writes) and l2_read.c (reads).
 *
 * Both sides are one thing seen from two ends. The tick number of a price (price / tick) becomes a *rank*, and a whole price a *key*:
 * the number itself for asks, its complement for bids. A smaller rank or key is a better price, on either side, compared unsigned.
 *
 *      better <-                                                            -> worse
 *      rank      base          best                          base + ticks
 *   ------------ |--------------|------------------------------|---------------------------
 *                |<- lead: 1/4 ->            dense             |          sparse
 *
 *   dense   quantity of rank r at qty[r & mask]: a ring, so that moving the window moves no quantity
 *   sparse  every price on a tick behind the window, and every price off the tick wherever it lies
 *
 * Always: the window lies within ticks 1 .. INT64_MAX / tick, so that a price that it holds is a sound one; no level on
 * a tick lies before the window; when the dense part is empty, no level on a tick is in the sparse part.
 * So the best price on a tick is the best dense one, and the best of all is that or the best one off the tick.
 */
#ifndef B3_BOOK_SIDE_H
#define B3_BOOK_SIDE_H

#include "book/bitmap.h"
#include "book/l2.h"
#include "book/sparse.h"

#define B3_RANK_NONE UINT64_MAX

/* What never changes: a loop holds it in registers. */
typedef struct b3_dense {
    int64_t *qty;
    b3_bitmap present; /* slots where qty is not 0 */
    uint64_t mask;     /* ticks in the window - 1 */
    uint64_t flip;     /* asks 0, bids all ones */
} b3_dense;

typedef struct b3_book_side {
    b3_dense dense;
    uint64_t base; /* rank where the window starts */
    uint64_t base_min;
    uint64_t base_max;
    uint64_t best; /* rank of the best dense level, B3_RANK_NONE without one */
    b3_sparse sparse;
    uint64_t off_tick;      /* sparse levels off the tick */
    uint64_t off_tick_best; /* key of the best of these, B3_RANK_NONE without one */
} b3_book_side;

struct b3_book {
    uint64_t tick_inverse; /* of the tick's odd part, modulo 2^64 */
    uint32_t tick_shift;   /* its factors of 2 */
    uint8_t in_snapshot;   /* between the first and the last level of one */
    uint8_t reserved[3];
    int64_t tick_raw;
    uint64_t tick_last; /* INT64_MAX / tick */
    int64_t last_update_id;
    uint64_t moves;
    b3_book_side side[2]; /* bids, asks */
};

static inline const b3_book_side *b3_book_side_of(const b3_book *book, uint8_t side) {
    return &book->side[side == B3_SELL];
}

/* Tick number of a price, without dividing. With tick = odd * 2^k: multiplying by odd^-1 (mod 2^64) and rotating right by k maps the 2^64
 * numbers one to one, and each multiple of tick to its quotient. So the multiples take all of 0 .. UINT64_MAX / tick, and a price off
 * the tick maps above that: to no tick that a window can hold. */
static inline uint64_t b3_book_tick_of(const b3_book *book, int64_t price_raw) {
    const uint64_t product = (uint64_t)price_raw * book->tick_inverse;
    return product >> book->tick_shift | product << (-book->tick_shift & 63);
}

static inline uint64_t b3_side_key(const b3_book_side *side, int64_t price_raw) {
    return (uint64_t)price_raw ^ side->dense.flip;
}

static inline uint64_t b3_side_rank(const b3_book *book, const b3_book_side *side, int64_t price_raw) {
    return b3_book_tick_of(book, price_raw) ^ side->dense.flip;
}

static inline int64_t b3_side_price(const b3_book *book, const b3_book_side *side, uint64_t rank) {
    return (int64_t)((rank ^ side->dense.flip) * (uint64_t)book->tick_raw);
}

/* The rank of slot, found by a search that began at rank from; B3_RANK_NONE when it went round: what it found lies before. */
static inline uint64_t b3_side_found(const b3_book_side *side, uint64_t from, uint64_t slot) {
    if (slot == B3_BITMAP_NONE) return B3_RANK_NONE;
    const uint64_t rank = from + ((slot - from) & side->dense.mask);
    return rank - side->base > side->dense.mask ? B3_RANK_NONE : rank;
}

/* First dense level at or after a rank; B3_RANK_NONE when there is none. */
static inline uint64_t b3_side_next(const b3_book_side *side, uint64_t rank) {
    if (rank - side->base > side->dense.mask) return B3_RANK_NONE;
    return b3_side_found(side, rank, b3_bitmap_next(&side->dense.present, rank & side->dense.mask));
}

#endif
