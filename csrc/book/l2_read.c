#include <math.h>

#include "base/money.h"
#include "book/l2.h"
#include "book/side.h"

b3_book_level b3_book_best(const b3_book *book, uint8_t side_code) {
    const b3_book_side *const side = b3_book_side_of(book, side_code);
    b3_book_level best = {0};
    if (side->best != B3_RANK_NONE) {
        best.price_raw = b3_side_price(book, side, side->best);
        best.qty_raw = side->dense.qty[side->best & side->dense.mask];
    }
    if (__builtin_expect(side->off_tick == 0, 1)) return best;
    if (side->best != B3_RANK_NONE && b3_side_key(side, best.price_raw) < side->off_tick_best) return best;
    return side->sparse.slots[b3_sparse_find(&side->sparse, (int64_t)(side->off_tick_best ^ side->dense.flip))];
}

int64_t b3_book_qty_at(const void *state, uint8_t side_code, int64_t price_raw) {
    const b3_book *const book = state;
    const b3_book_side *const side = b3_book_side_of(book, side_code);
    if (price_raw <= 0) return 0;
    const uint64_t rank = b3_side_rank(book, side, price_raw);
    if (rank - side->base <= side->dense.mask) return side->dense.qty[rank & side->dense.mask];
    return side->sparse.slots[b3_sparse_find(&side->sparse, price_raw)].qty_raw;
}

static int64_t saturated(b3_int128 sum) {
    return sum > INT64_MAX ? INT64_MAX : (int64_t)sum;
}

int64_t b3_book_cum_qty(const b3_book *book, uint8_t side_code, int64_t price_raw) {
    const b3_book_side *const side = b3_book_side_of(book, side_code);
    if (price_raw <= 0) price_raw = 0;
    const uint64_t limit = b3_side_key(side, price_raw);
    b3_int128 sum = 0;
    for (uint64_t rank = side->best; rank != B3_RANK_NONE; rank = b3_side_next(side, rank + 1)) {
        if (b3_side_key(side, b3_side_price(book, side, rank)) > limit) break;
        sum += side->dense.qty[rank & side->dense.mask];
    }
    const b3_sparse *const sparse = &side->sparse;
    const int beyond = limit > b3_side_key(side, b3_side_price(book, side, side->base + side->dense.mask));
    if (!beyond && side->off_tick == 0) return saturated(sum);
    for (uint64_t slot = b3_sparse_next(sparse, 0); slot <= sparse->mask; slot = b3_sparse_next(sparse, slot + 1))
        if (b3_side_key(side, sparse->slots[slot].price_raw) <= limit) sum += sparse->slots[slot].qty_raw;
    return saturated(sum);
}

/* ---------------------------------------------------------------- levels in order */

#define FAR_BATCH 64

/* Goes over one side, best first: the dense levels as they lie, merged with the sparse ones, of which each pass brings the next
 * FAR_BATCH best. */
typedef struct walk {
    const b3_book *book;
    const b3_book_side *side;
    uint64_t rank;    /* next dense level, B3_RANK_NONE at the end */
    uint64_t far_key; /* of the worst sparse level fetched so far */
    uint32_t far_count;
    uint32_t far_next;
    b3_book_level far[FAR_BATCH];
} walk;

static void fetch_far(walk *at) {
    const b3_sparse *const sparse = &at->side->sparse;
    uint32_t count = 0;
    for (uint64_t slot = b3_sparse_next(sparse, 0); slot <= sparse->mask; slot = b3_sparse_next(sparse, slot + 1)) {
        const b3_book_level level = sparse->slots[slot];
        const uint64_t key = b3_side_key(at->side, level.price_raw);
        if (key <= at->far_key) continue;
        if (count == FAR_BATCH && key > b3_side_key(at->side, at->far[count - 1].price_raw)) continue;
        uint32_t place = count < FAR_BATCH ? count++ : count - 1;
        for (; place > 0 && b3_side_key(at->side, at->far[place - 1].price_raw) > key; place--) at->far[place] = at->far[place - 1];
        at->far[place] = level;
    }
    at->far_count = count;
    at->far_next = 0;
    if (count > 0) at->far_key = b3_side_key(at->side, at->far[count - 1].price_raw);
}

static void walk_start(walk *at, const b3_book *book, uint8_t side_code) {
    at->book = book;
    at->side = b3_book_side_of(book, side_code);
    at->rank = at->side->best;
    at->far_key = 0; /* no price has key 0: less than any */
    at->far_count = 0;
    at->far_next = 0;
}

/* 0 at the end. */
static int walk_next(walk *at, b3_book_level *out) {
    const b3_book_side *const side = at->side;
    if (at->rank == B3_RANK_NONE || side->off_tick > 0) {
        if (at->far_next == at->far_count) fetch_far(at);
        if (at->far_next < at->far_count) {
            const b3_book_level far = at->far[at->far_next];
            if (at->rank == B3_RANK_NONE || b3_side_key(side, far.price_raw) < b3_side_key(side, b3_side_price(at->book, side, at->rank))) {
                at->far_next++;
                *out = far;
                return 1;
            }
        }
        if (at->rank == B3_RANK_NONE) return 0;
    }
    out->price_raw = b3_side_price(at->book, side, at->rank);
    out->qty_raw = side->dense.qty[at->rank & side->dense.mask];
    at->rank = b3_side_next(side, at->rank + 1);
    return 1;
}

uint32_t b3_book_levels(const void *book, uint8_t side, b3_book_level *out, uint32_t cap) {
    walk at;
    walk_start(&at, book, side);
    uint32_t count = 0;
    while (count < cap && walk_next(&at, &out[count])) count++;
    return count;
}

static b3_int128 sum_best(const b3_book *book, uint8_t side, uint32_t levels) {
    walk at;
    walk_start(&at, book, side);
    b3_int128 sum = 0;
    b3_book_level level;
    for (uint32_t count = 0; count < levels && walk_next(&at, &level); count++) sum += level.qty_raw;
    return sum;
}

/* ---------------------------------------------------------------- numbers for signals */

double b3_book_microprice(const b3_book *book) {
    const b3_book_level bid = b3_book_best(book, B3_BUY);
    const b3_book_level ask = b3_book_best(book, B3_SELL);
    if (bid.qty_raw == 0 || ask.qty_raw == 0) return NAN;
    const double bid_qty = (double)bid.qty_raw;
    const double ask_qty = (double)ask.qty_raw;
    return (bid_qty * (double)ask.price_raw + ask_qty * (double)bid.price_raw) / (bid_qty + ask_qty);
}

double b3_book_imbalance(const b3_book *book, uint32_t levels) {
    const b3_int128 bids = sum_best(book, B3_BUY, levels);
    const b3_int128 asks = sum_best(book, B3_SELL, levels);
    return bids + asks == 0 ? NAN : (double)(bids - asks) / (double)(bids + asks);
}

static uint64_t level_count(const b3_book_side *side) {
    uint64_t count = side->sparse.count;
    for (uint64_t word = 0; word <= side->dense.mask >> 6; word++) count += (uint64_t)__builtin_popcountll(side->dense.present.words[word]);
    return count;
}

void b3_book_read_stats(const b3_book *book, b3_book_stats *out) {
    *out = (b3_book_stats){.bid_levels = level_count(&book->side[0]),
                           .ask_levels = level_count(&book->side[1]),
                           .moves = book->moves,
                           .sparse = (uint64_t)book->side[0].sparse.count + book->side[1].sparse.count,
                           .last_update_id = book->last_update_id};
}
