/* One side of what the market displays, and how much of it is ours already: the same displayed quantity is taken once.
 *
 * What was taken of a (price, quantity) is kept until a look at that price shows another quantity, or none, or the touch has moved
 * behind it. The touch is looked at by b3_shelf_look, the depth by a walk, as far as it goes. At most B3_PAPER_LEVELS prices are kept,
 * the best ones.
 */
#ifndef B3_VENUE_DISPLAYED_H
#define B3_VENUE_DISPLAYED_H

#include "venue/paper.h"

/* Sides by index: 0 bids, 1 asks. */
static inline uint32_t b3_side_index(uint8_t side) {
    return side == B3_BUY ? 0 : 1;
}

/* Smaller is better: bids from the highest price down, asks from the lowest up. */
static inline int64_t b3_price_rank(uint32_t side, int64_t price) {
    return side == 0 ? -price : price;
}

static inline int64_t b3_touch_price(const b3_touch *touch, uint32_t side) {
    return side == 0 ? touch->bid_price_raw : touch->ask_price_raw;
}

/* 0 when the side is empty. */
static inline int64_t b3_touch_qty(const b3_touch *touch, uint32_t side) {
    if (b3_touch_price(touch, side) <= 0) return 0;
    return side == 0 ? touch->bid_qty_raw : touch->ask_qty_raw;
}

typedef struct b3_taken {
    int64_t price_raw;
    int64_t displayed_raw;
    int64_t taken_raw;
} b3_taken;

typedef struct b3_shelf {
    uint32_t side;
    uint32_t count;
    b3_taken entries[B3_PAPER_LEVELS]; /* best price first */
} b3_shelf;

/* A level that an order comes by, and what it takes of it. */
typedef struct b3_walked {
    b3_taken before;
    int64_t take_raw;
} b3_walked;

typedef struct b3_walk {
    uint32_t count;
    uint32_t reserved;
    b3_walked levels[B3_PAPER_LEVELS + 1]; /* best price first */
    b3_book_level depth[B3_PAPER_LEVELS];  /* as read from the view */
} b3_walk;

/* Forgets what the touch says is gone or has changed. */
void b3_shelf_look(b3_shelf *shelf, const b3_touch *touch);
/* What is left to take at the touch, after a look. */
int64_t b3_shelf_left(const b3_shelf *shelf, const b3_touch *touch);
/* Takes at the touch. */
void b3_shelf_take(b3_shelf *shelf, const b3_touch *touch, int64_t qty_raw);

/* Works out, after a look, what an order of this size takes at this limit or better (0: any). Returns what it does not get. Nothing is
 * taken until b3_shelf_keep. */
int64_t b3_shelf_walk(const b3_shelf *shelf, const b3_view *view, int64_t limit_raw, int64_t qty_raw, b3_walk *walk);
void b3_shelf_keep(b3_shelf *shelf, const b3_walk *walk);

#endif
