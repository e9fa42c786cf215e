#include "risk/reservations.h"

static size_t rounded(size_t bytes) {
    return (bytes + 63) & ~(size_t)63;
}

static uint32_t table_size(uint32_t capacity) {
    uint32_t size = 1;
    while (size < capacity) size *= 2;
    return size;
}

size_t b3_reservations_size(uint32_t capacity, uint32_t instrument_count) {
    return rounded(((size_t)capacity + 1) * sizeof(b3_reservation)) + rounded((size_t)table_size(capacity) * sizeof(uint32_t)) +
           rounded(2 * (size_t)instrument_count * sizeof(uint32_t));
}

void b3_reservations_init(b3_reservations *all, void *memory, uint32_t capacity) {
    uint8_t *at = memory;
    all->slots = memory;
    at += rounded(((size_t)capacity + 1) * sizeof(b3_reservation));
    all->first = (uint32_t *)(void *)at;
    all->mask = table_size(capacity) - 1;
    at += rounded((size_t)table_size(capacity) * sizeof(uint32_t));
    all->best = (uint32_t *)(void *)at;
    all->capacity = capacity;
    all->free_head = 1;
    for (uint32_t i = 1; i < capacity; i++) all->slots[i].chain = i + 1;
}

/* ---------------------------------------------------------------- the heap */

/* The children of a node that goes, in two passes: pairs from the left, then all of them from the right. */
static uint32_t meld_children(b3_reservation *slots, uint32_t child) {
    uint32_t pairs = 0;
    while (child != 0) {
        const uint32_t second = slots[child].next;
        const uint32_t rest = second == 0 ? 0 : slots[second].next;
        const uint32_t top = second == 0 ? child : b3_reservations_meld(slots, child, second);
        slots[top].next = pairs;
        pairs = top;
        child = rest;
    }
    uint32_t root = 0;
    while (pairs != 0) {
        const uint32_t next = slots[pairs].next;
        root = root == 0 ? pairs : b3_reservations_meld(slots, root, pairs);
        pairs = next;
    }
    return root;
}

static void uncross(b3_reservations *all, const b3_reservation *held) {
    b3_reservation *slots = all->slots;
    const uint32_t at = (uint32_t)(held - slots);
    uint32_t *root = b3_reservations_root(all, held->instrument, held->side);
    const uint32_t below = meld_children(slots, held->child);
    if (*root == at) {
        *root = below;
    } else {
        b3_reservation *before = &slots[held->prev];
        if (before->child == at) before->child = held->next;
        else before->next = held->next;
        slots[held->next].prev = held->prev;
        if (below != 0) *root = b3_reservations_meld(slots, *root, below);
    }
}

void b3_reservations_remove(b3_reservations *all, b3_reservation *held) {
    const uint32_t at = (uint32_t)(held - all->slots);
    if (held->crosses) uncross(all, held);
    uint32_t *link = &all->first[held->order_id & all->mask];
    while (*link != at) link = &all->slots[*link].chain;
    *link = held->chain;
    held->chain = all->free_head;
    all->free_head = at;
    all->count--;
}
