#include "book/l2.h"

#include <string.h>

#include "book/side.h"

/* ---------------------------------------------------------------- memory */

#define CACHE_LINE 64
#define DENSE_TICKS_MIN 4096U
#define DENSE_TICKS_MAX 262144U
#define SPARSE_LEVELS_MAX (1U << 24)

static size_t padded(size_t bytes) {
    return (bytes + CACHE_LINE - 1) / CACHE_LINE * CACHE_LINE;
}

/* A power of two, twice the levels at least; one word of the used bits at least. */
static size_t sparse_slots(uint32_t sparse_levels) {
    size_t slots = 64;
    while (slots < (size_t)sparse_levels * 2) slots *= 2;
    return slots;
}

static int possible(uint32_t dense_ticks, uint32_t sparse_levels) {
    return dense_ticks >= DENSE_TICKS_MIN && dense_ticks <= DENSE_TICKS_MAX && (dense_ticks & (dense_ticks - 1)) == 0 &&
           sparse_levels >= 1 && sparse_levels <= SPARSE_LEVELS_MAX;
}

static void *take(uint8_t **cursor, size_t bytes) {
    void *const block = *cursor;
    *cursor += padded(bytes);
    return block;
}

size_t b3_book_size(uint32_t dense_ticks, uint32_t sparse_levels) {
    if (!possible(dense_ticks, sparse_levels)) return 0;
    const size_t slots = sparse_slots(sparse_levels);
    const size_t dense = padded(dense_ticks * sizeof(int64_t)) + padded(dense_ticks / 8) + padded(dense_ticks / 512);
    return padded(sizeof(b3_book)) + 2 * (dense + padded(slots * sizeof(b3_book_level)) + padded(slots / 8));
}

static void init_side(b3_book_side *side, uint64_t flip, uint64_t tick_last, uint8_t **cursor, uint32_t dense_ticks,
                      uint32_t sparse_levels) {
    const size_t slots = sparse_slots(sparse_levels);
    side->dense.flip = flip;
    side->dense.mask = dense_ticks - 1;
    side->base_min = flip == 0 ? 1 : ~tick_last;
    side->base_max = flip == 0 ? tick_last + 1 - dense_ticks : ~(uint64_t)dense_ticks;
    side->base = side->base_min;
    side->best = B3_RANK_NONE;
    side->off_tick_best = B3_RANK_NONE;
    side->dense.qty = take(cursor, dense_ticks * sizeof(int64_t));
    side->dense.present.words = take(cursor, dense_ticks / 8);
    side->dense.present.summary = take(cursor, dense_ticks / 512);
    side->dense.present.summary_mask = dense_ticks / 4096 - 1;
    side->sparse.slots = take(cursor, slots * sizeof(b3_book_level));
    side->sparse.used = take(cursor, slots / 8);
    side->sparse.mask = slots - 1;
    side->sparse.shift = 64 - (uint32_t)__builtin_ctzll(slots);
    side->sparse.capacity = sparse_levels;
}

b3_book *b3_book_init(void *memory, int64_t tick_raw, uint32_t dense_ticks, uint32_t sparse_levels) {
    if (memory == NULL || !possible(dense_ticks, sparse_levels) || tick_raw <= 0 || tick_raw > B3_BOOK_TICK_MAX) return NULL;
    memset(memory, 0, b3_book_size(dense_ticks, sparse_levels));
    b3_book *const book = memory;
    book->tick_raw = tick_raw;
    book->tick_last = INT64_MAX / (uint64_t)tick_raw;
    book->tick_shift = (uint32_t)__builtin_ctzll((uint64_t)tick_raw);
    const uint64_t odd = (uint64_t)tick_raw >> book->tick_shift;
    uint64_t inverse = odd; /* right in its 3 lowest bits; each step of Newton's doubles them */
    for (int bits = 3; bits < 64; bits *= 2) inverse *= 2 - odd * inverse;
    book->tick_inverse = inverse;
    uint8_t *cursor = (uint8_t *)memory + padded(sizeof(b3_book));
    init_side(&book->side[0], UINT64_MAX, book->tick_last, &cursor, dense_ticks, sparse_levels);
    init_side(&book->side[1], 0, book->tick_last, &cursor, dense_ticks, sparse_levels);
    return book;
}

static void clear_side(b3_book_side *side) {
    for (uint64_t rank = side->best; rank != B3_RANK_NONE; rank = b3_side_next(side, rank + 1))
        side->dense.qty[rank & side->dense.mask] = 0;
    memset(side->dense.present.words, 0, (side->dense.mask + 1) / 8);
    memset(side->dense.present.summary, 0, (side->dense.mask + 1) / 512);
    side->best = B3_RANK_NONE;
    b3_sparse *const sparse = &side->sparse;
    for (uint64_t slot = b3_sparse_next(sparse, 0); slot <= sparse->mask; slot = b3_sparse_next(sparse, slot + 1))
        sparse->slots[slot] = (b3_book_level){0};
    memset(sparse->used, 0, (sparse->mask + 1) / 8);
    sparse->count = 0;
    side->off_tick = 0;
    side->off_tick_best = B3_RANK_NONE;
}

void b3_book_clear(b3_book *book) {
    clear_side(&book->side[0]);
    clear_side(&book->side[1]);
    book->last_update_id = 0;
    book->in_snapshot = 0;
}

/* ---------------------------------------------------------------- the window */

static int32_t move_window(b3_book *book, b3_book_side *side, uint64_t rank);

/* The best dense level is gone: finds the next one, and brings the window along when it has fallen far behind the lead. */
__attribute__((noinline)) static void best_removed(b3_book *book, b3_book_side *side) {
    uint64_t towards = B3_RANK_NONE;
    side->best = b3_side_found(side, side->best, b3_bitmap_next_tidy(&side->dense.present, side->best & side->dense.mask));
    if (side->best != B3_RANK_NONE) {
        if (side->best - side->base > side->dense.mask / 2) towards = side->best;
    } else if (side->sparse.count > side->off_tick) {
        const b3_sparse *const sparse = &side->sparse;
        for (uint64_t slot = b3_sparse_next(sparse, 0); slot <= sparse->mask; slot = b3_sparse_next(sparse, slot + 1)) {
            const uint64_t tick = b3_book_tick_of(book, sparse->slots[slot].price_raw);
            if (tick <= book->tick_last && (tick ^ side->dense.flip) < towards) towards = tick ^ side->dense.flip;
        }
    }
    /* Cannot fail: forward, nothing has to leave for the sparse part. */
    if (towards != B3_RANK_NONE) (void)move_window(book, side, towards);
}

/* UINT64_MAX for the quantity 0, 0 for one above: a mask, where a condition would make the compiler branch. */
static inline uint64_t gone(int64_t qty_raw) {
    return (uint64_t)((qty_raw - 1) >> 63);
}

/* What the slot held before is not asked: the store does not wait for memory that has not been in the cache for long. */
static inline void put(const b3_dense *dense, uint64_t rank, int64_t qty_raw) {
    const uint64_t slot = rank & dense->mask;
    dense->qty[slot] = qty_raw;
    b3_bitmap_put(&dense->present, slot, gone(qty_raw));
}

static void set_dense(b3_book *book, b3_book_side *side, uint64_t rank, int64_t qty_raw) {
    put(&side->dense, rank, qty_raw);
    if (rank > side->best) return;
    if (qty_raw != 0) side->best = rank;
    else if (rank == side->best) best_removed(book, side);
}

/* Dense levels that lie behind a window starting at base go to the sparse part. Those that find no room are lost. */
static int32_t evict_behind(b3_book *book, b3_book_side *side, uint64_t base) {
    int32_t status = B3_OK;
    const uint64_t end = base + side->dense.mask + 1;
    for (uint64_t rank = b3_side_next(side, end > side->base ? end : side->base); rank != B3_RANK_NONE;
         rank = b3_side_next(side, rank + 1)) {
        const uint64_t slot = rank & side->dense.mask;
        const int64_t price_raw = b3_side_price(book, side, rank);
        if (side->sparse.count < side->sparse.capacity)
            b3_sparse_set(&side->sparse, b3_sparse_find(&side->sparse, price_raw), price_raw, side->dense.qty[slot]);
        else status = B3_ERR_CAPACITY;
        put(&side->dense, rank, 0);
    }
    side->best = b3_side_next(side, side->base);
    return status;
}

/* Sparse levels on a tick of the window become dense. */
static void admit(b3_book *book, b3_book_side *side) {
    b3_sparse *const sparse = &side->sparse;
    if (sparse->count == side->off_tick) return;
    for (uint64_t slot = b3_sparse_next(sparse, 0); slot <= sparse->mask;) {
        const b3_book_level level = sparse->slots[slot];
        const uint64_t rank = b3_side_rank(book, side, level.price_raw);
        if (rank - side->base <= side->dense.mask) {
            b3_sparse_remove(sparse, slot); /* may bring a follower here: look at the slot again */
            set_dense(book, side, rank, level.qty_raw);
            slot = b3_sparse_next(sparse, slot);
        } else {
            slot = b3_sparse_next(sparse, slot + 1);
        }
    }
}

/* Puts the window where rank has a quarter of it in front. Forward (towards worse prices) only when nothing lies before rank. */
static int32_t move_window(b3_book *book, b3_book_side *side, uint64_t rank) {
    const uint64_t lead = (side->dense.mask + 1) / 4;
    uint64_t base = rank - side->base_min < lead ? side->base_min : rank - lead;
    if (base > side->base_max) base = side->base_max;
    if (base == side->base) return B3_OK;
    const int forward = base > side->base;
    const int32_t status = forward ? B3_OK : evict_behind(book, side, base);
    side->base = base;
    if (forward) admit(book, side);
    book->moves++;
    return status;
}

/* ---------------------------------------------------------------- one level */

static void off_tick_removed(const b3_book *book, b3_book_side *side, uint64_t key) {
    side->off_tick--;
    if (key != side->off_tick_best) return;
    const b3_sparse *const sparse = &side->sparse;
    side->off_tick_best = B3_RANK_NONE;
    if (side->off_tick == 0) return;
    for (uint64_t slot = b3_sparse_next(sparse, 0); slot <= sparse->mask; slot = b3_sparse_next(sparse, slot + 1)) {
        const int64_t price_raw = sparse->slots[slot].price_raw;
        if (b3_book_tick_of(book, price_raw) <= book->tick_last) continue;
        if (b3_side_key(side, price_raw) < side->off_tick_best) side->off_tick_best = b3_side_key(side, price_raw);
    }
}

static int32_t set_sparse(const b3_book *book, b3_book_side *side, int64_t price_raw, int64_t qty_raw, int on_tick) {
    b3_sparse *const sparse = &side->sparse;
    const uint64_t slot = b3_sparse_find(sparse, price_raw);
    const int is_new = sparse->slots[slot].price_raw == 0;
    const uint64_t key = b3_side_key(side, price_raw);
    if (qty_raw == 0) {
        if (is_new) return B3_OK;
        b3_sparse_remove(sparse, slot);
        if (!on_tick) off_tick_removed(book, side, key);
        return B3_OK;
    }
    if (is_new && sparse->count == sparse->capacity) return B3_ERR_CAPACITY;
    b3_sparse_set(sparse, slot, price_raw, qty_raw);
    if (on_tick) return B3_OK;
    side->off_tick += (uint64_t)is_new;
    if (key < side->off_tick_best) side->off_tick_best = key;
    return B3_OK;
}

__attribute__((noinline)) static int32_t set_outside(b3_book *book, b3_book_side *side, uint64_t rank, int64_t price_raw, int64_t qty_raw) {
    if (price_raw < 1) return B3_ERR_ARGUMENT;
    const int on_tick = (rank ^ side->dense.flip) <= book->tick_last;
    if (!on_tick || qty_raw == 0 || (side->best != B3_RANK_NONE && rank > side->base))
        return set_sparse(book, side, price_raw, qty_raw, on_tick);
    const int32_t status = move_window(book, side, rank);
    set_dense(book, side, rank, qty_raw);
    return status;
}

static int32_t set_level(b3_book *book, b3_book_side *side, int64_t price_raw, int64_t qty_raw) {
    const uint64_t rank = b3_side_rank(book, side, price_raw);
    if (qty_raw < 0) return B3_ERR_ARGUMENT;
    if (rank - side->base > side->dense.mask) return set_outside(book, side, rank, price_raw, qty_raw);
    set_dense(book, side, rank, qty_raw);
    return B3_OK;
}

int32_t b3_book_set(b3_book *book, uint8_t side_code, int64_t price_raw, int64_t qty_raw) {
    if (side_code != B3_BUY && side_code != B3_SELL) return B3_ERR_ARGUMENT;
    return set_level(book, &book->side[side_code == B3_SELL], price_raw, qty_raw);
}

/* ---------------------------------------------------------------- the stage */

static void begin(b3_book *book, uint8_t flags) {
    if ((flags & B3_FLAG_SNAPSHOT) == 0 || book->in_snapshot) return;
    b3_book_clear(book);
    book->in_snapshot = 1;
}

/* The message is broken off: a snapshot that follows starts anew. */
static int32_t fail(b3_book *book, int32_t status) {
    book->in_snapshot = 0;
    return status;
}

static void finish(b3_book *book, const b3_level *level, b3_quote *quote) {
    book->in_snapshot = 0;
    book->last_update_id = level->last_update_id;
    const b3_book_level bid = b3_book_best(book, B3_BUY);
    const b3_book_level ask = b3_book_best(book, B3_SELL);
    *quote = (b3_quote){.hdr = level->hdr,
                        .bid_price_raw = bid.price_raw,
                        .bid_qty_raw = bid.qty_raw,
                        .ask_price_raw = ask.price_raw,
                        .ask_qty_raw = ask.qty_raw,
                        .update_id = level->last_update_id};
    quote->hdr.kind = B3_QUOTE;
    quote->hdr.flags = B3_FLAG_DEPTH;
}

int32_t b3_book_on_event(void *state, const b3_header *event, const b3_view *view, b3_slot *out, int32_t cap) {
    (void)view;
    if (event->kind != B3_LEVEL) return 0;
    const b3_level *const level = (const b3_level *)event;
    const int last = (event->flags & B3_FLAG_LAST) != 0;
    if (last && cap < 1) return B3_ERR_ARGUMENT;
    b3_book *const book = state;
    begin(book, event->flags);
    if ((event->flags & B3_FLAG_NO_LEVEL) == 0) {
        const int32_t status = set_level(book, &book->side[(event->flags & B3_FLAG_ASK) != 0], level->price_raw, level->qty_raw);
        if (status != B3_OK) return fail(book, status);
    }
    if (last) finish(book, level, (b3_quote *)out);
    return last;
}

/* Applies levels up to the first of the other side; returns the number applied, or a fault. The best price is followed downwards only
 * (towards better ones), which needs no branch, and made exact at the end: whether a level is the best is not to be predicted. */
static int64_t apply_run(b3_book *book, const b3_level *levels, uint32_t count) {
    const uint8_t kind = levels[0].hdr.flags & (B3_FLAG_ASK | B3_FLAG_NO_LEVEL);
    if ((kind & B3_FLAG_NO_LEVEL) != 0) return 1;
    b3_book_side *const side = &book->side[kind != 0];
    const b3_dense dense = side->dense;
    uint64_t base = side->base;
    uint64_t best = side->best;
    int32_t status = B3_OK;
    uint32_t i = 0;
    for (; i < count && (levels[i].hdr.flags & (B3_FLAG_ASK | B3_FLAG_NO_LEVEL)) == kind; i++) {
        const int64_t price_raw = levels[i].price_raw;
        const int64_t qty_raw = levels[i].qty_raw;
        const uint64_t rank = b3_book_tick_of(book, price_raw) ^ dense.flip;
        if (__builtin_expect(qty_raw < 0, 0)) {
            status = B3_ERR_ARGUMENT;
            break;
        }
        if (__builtin_expect(rank - base > dense.mask, 0)) {
            side->best = best;
            status = set_outside(book, side, rank, price_raw, qty_raw);
            base = side->base;
            best = side->best;
            if (status != B3_OK) break;
            continue;
        }
        put(&dense, rank, qty_raw);
        const uint64_t candidate = rank | gone(qty_raw); /* B3_RANK_NONE is all ones */
        best = candidate < best ? candidate : best;
    }
    side->best = best;
    if (best != B3_RANK_NONE && dense.qty[best & dense.mask] == 0) best_removed(book, side);
    return status != B3_OK ? status : (int64_t)i;
}

int32_t b3_book_on_levels(b3_book *book, const b3_level *levels, uint32_t count, b3_quote *quote) {
    if (count == 0 || (levels[count - 1].hdr.flags & B3_FLAG_LAST) == 0) return B3_ERR_ARGUMENT;
    begin(book, levels[0].hdr.flags);
    for (uint32_t first = 0; first < count;) {
        const int64_t applied = apply_run(book, &levels[first], count - first);
        if (applied < 0) return fail(book, (int32_t)applied);
        first += (uint32_t)applied;
    }
    finish(book, &levels[count - 1], quote);
    return B3_OK;
}
