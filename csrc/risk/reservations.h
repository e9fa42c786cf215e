/* What open orders may still become, by order id, and the best price of our own on each side of each instrument.
 *
 * Ids grow, so their low bits spread them: a table of first slots, and chains for ids that share them. The best price is the root of a
 * pairing heap whose links lie in the slots: adding one order is one comparison, taking one out O(log n) amortised.
 */
#ifndef B3_RISK_RESERVATIONS_H
#define B3_RISK_RESERVATIONS_H

#include "bot3.h"

/* One cache line. Links are slot numbers; 0 is none. */
typedef struct b3_reservation {
    int64_t qty_raw;    /* the order's */
    int64_t left_raw;   /* not yet filled */
    int64_t price_raw;  /* what it is valued at: its limit, or the worst price it reaches */
    int64_t locked_raw; /* of the account's money */
    uint64_t order_id;
    uint32_t instrument;
    uint8_t side;
    uint8_t crosses; /* 1: counted by b3_reservations_best */
    uint16_t reserved;
    uint32_t chain; /* next of the same low bits; of a free slot: the next free one */
    uint32_t child; /* heap: first child, next sibling, previous sibling or parent */
    uint32_t next;
    uint32_t prev;
} b3_reservation;

typedef struct b3_reservations {
    b3_reservation *slots; /* 1..capacity */
    uint32_t *first;       /* by low bits of the id */
    uint32_t *best;        /* by instrument: buys, sells */
    uint32_t mask;
    uint32_t capacity;
    uint32_t count;
    uint32_t free_head;
} b3_reservations;

size_t b3_reservations_size(uint32_t capacity, uint32_t instrument_count);
/* memory: zeroed, aligned to 64. */
void b3_reservations_init(b3_reservations *all, void *memory, uint32_t capacity);

/* NULL: nothing is held under that id. */
static inline b3_reservation *b3_reservations_find(const b3_reservations *all, uint64_t order_id) {
    for (uint32_t at = all->first[order_id & all->mask]; at != 0; at = all->slots[at].chain)
        if (all->slots[at].order_id == order_id) return &all->slots[at];
    return NULL;
}

/* A slot under this id, its other fields to be filled in; count < capacity, and the id is not held. */
static inline b3_reservation *b3_reservations_add(b3_reservations *all, uint64_t order_id) {
    const uint32_t at = all->free_head;
    b3_reservation *held = &all->slots[at];
    uint32_t *first = &all->first[order_id & all->mask];
    all->free_head = held->chain;
    all->count++;
    held->order_id = order_id;
    held->chain = *first;
    *first = at;
    return held;
}
void b3_reservations_remove(b3_reservations *all, b3_reservation *held);

static inline uint32_t *b3_reservations_root(const b3_reservations *all, uint32_t instrument, uint8_t side) {
    return &all->best[2 * (size_t)instrument + (side == B3_SELL)];
}

/* Two roots of a heap become one, the better price on top; returns it. */
static inline uint32_t b3_reservations_meld(b3_reservation *slots, uint32_t a, uint32_t b) {
    const int64_t gain = slots[b].price_raw - slots[a].price_raw; /* prices are positive: it fits */
    const int swap = slots[a].side == B3_BUY ? gain > 0 : gain < 0;
    const uint32_t top = swap ? b : a;
    const uint32_t under = swap ? a : b;
    const uint32_t child = slots[top].child;
    slots[under].prev = top;
    slots[under].next = child;
    slots[child].prev = under; /* of slot 0 nobody reads it */
    slots[top].child = under;
    return top;
}

/* Counts the order from now on as one that can trade: instrument, side and price are filled in. */
static inline void b3_reservations_cross(b3_reservations *all, b3_reservation *held) {
    const uint32_t at = (uint32_t)(held - all->slots);
    uint32_t *root = b3_reservations_root(all, held->instrument, held->side);
    held->crosses = 1;
    held->child = 0;
    *root = *root == 0 ? at : b3_reservations_meld(all->slots, *root, at);
}
/* The best price among those of a side; 0: none. */
static inline int64_t b3_reservations_best(const b3_reservations *all, uint32_t instrument, uint8_t side) {
    return all->slots[*b3_reservations_root(all, instrument, side)].price_raw; /* that of slot 0 is 0 */
}

#endif
