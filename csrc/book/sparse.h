/* Levels outside the dense window: a hash of price -> quantity with open addressing and linear probing.
 *
 *   slots  price_raw 0: free. At most half are taken, so that a probe ends after a step or two.
 *   used   a bit per taken slot: a pass over all levels costs what is there, not what would fit.
 * Removing closes the gap by moving followers back, so nothing is ever left behind that would need cleaning up.
 */
#ifndef B3_BOOK_SPARSE_H
#define B3_BOOK_SPARSE_H

#include "bot3.h"

typedef struct b3_sparse {
    b3_book_level *slots;
    uint64_t *used;
    uint64_t mask; /* slots - 1 */
    uint32_t shift;
    uint32_t count;
    uint32_t capacity;
} b3_sparse;

static inline uint64_t b3_sparse_home(const b3_sparse *sparse, int64_t price_raw) {
    return ((uint64_t)price_raw * UINT64_C(0x9E3779B97F4A7C15)) >> sparse->shift;
}

/* The slot of a price, or the free one where it belongs. */
static inline uint64_t b3_sparse_find(const b3_sparse *sparse, int64_t price_raw) {
    uint64_t slot = b3_sparse_home(sparse, price_raw);
    while (sparse->slots[slot].price_raw != price_raw && sparse->slots[slot].price_raw != 0) slot = (slot + 1) & sparse->mask;
    return slot;
}

/* slot: from b3_sparse_find; for a new price the caller has checked count < capacity. New or not makes no branch. */
static inline void b3_sparse_set(b3_sparse *sparse, uint64_t slot, int64_t price_raw, int64_t qty_raw) {
    sparse->count += sparse->slots[slot].price_raw == 0;
    sparse->slots[slot] = (b3_book_level){.price_raw = price_raw, .qty_raw = qty_raw};
    sparse->used[slot >> 6] |= UINT64_C(1) << (slot & 63);
}

static inline void b3_sparse_remove(b3_sparse *sparse, uint64_t slot) {
    uint64_t hole = slot;
    for (uint64_t next = (hole + 1) & sparse->mask; sparse->slots[next].price_raw != 0; next = (next + 1) & sparse->mask) {
        const uint64_t home = b3_sparse_home(sparse, sparse->slots[next].price_raw);
        if (((next - home) & sparse->mask) < ((next - hole) & sparse->mask)) continue; /* would come to lie before its home */
        sparse->slots[hole] = sparse->slots[next];
        hole = next;
    }
    sparse->slots[hole] = (b3_book_level){0};
    sparse->used[hole >> 6] &= ~(UINT64_C(1) << (hole & 63));
    sparse->count--;
}

/* First taken slot at or after slot; > mask when there is none. */
static inline uint64_t b3_sparse_next(const b3_sparse *sparse, uint64_t slot) {
    const uint64_t words = (sparse->mask >> 6) + 1;
    uint64_t index = slot >> 6;
    if (index >= words) return sparse->mask + 1;
    uint64_t word = sparse->used[index] & UINT64_MAX << (slot & 63);
    while (word == 0) {
        if (++index >= words) return sparse->mask + 1;
        word = sparse->used[index];
    }
    return index << 6 | (uint64_t)__builtin_ctzll(word);
}

#endif
