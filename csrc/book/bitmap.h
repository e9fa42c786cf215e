/* A set of slot numbers with a summary on top, to find the next member without looking at each slot.
 *
 *   words    bit s & 63 of words[s >> 6]: s is in the set
 *   summary  bit w & 63 of summary[w >> 6] is 0: words[w] is 0. It may be 1 all the same: it is cleared by a search that finds it so.
 *            One summary word covers 4096 slots.
 *
 * put is straight-line code: which slots come and go follows no pattern that a branch predictor could learn.
 */
#ifndef B3_BOOK_BITMAP_H
#define B3_BOOK_BITMAP_H

#include <stddef.h>
#include <stdint.h>

#define B3_BITMAP_NONE UINT64_MAX

typedef struct b3_bitmap {
    uint64_t *words;
    uint64_t *summary;
    uint64_t summary_mask; /* summary words - 1 */
} b3_bitmap;

/* gone: 0 puts slot into the set, UINT64_MAX takes it out. */
static inline void b3_bitmap_put(const b3_bitmap *map, uint64_t slot, uint64_t gone) {
    const uint64_t index = slot >> 6;
    const uint64_t bit = UINT64_C(1) << (slot & 63);
    map->words[index] = (map->words[index] | bit) ^ (bit & gone);
    map->summary[index >> 6] |= UINT64_C(1) << (index & 63);
}

static inline uint64_t b3_bitmap_search(const b3_bitmap *map, uint64_t slot, int tidy) {
    const uint64_t index = slot >> 6;
    const uint64_t here = map->words[index] & UINT64_MAX << (slot & 63);
    if (here != 0) return index << 6 | (uint64_t)__builtin_ctzll(here);
    uint64_t group = index >> 6;
    uint64_t pending = map->summary[group] & (UINT64_MAX << (index & 63)) << 1;
    /* Once more than there are groups: the first one is seen again whole, for what lies before slot. */
    for (uint64_t left = map->summary_mask + 2; left > 0; left--) {
        for (; pending != 0; pending &= pending - 1) {
            const uint64_t found = group << 6 | (uint64_t)__builtin_ctzll(pending);
            if (map->words[found] != 0) return found << 6 | (uint64_t)__builtin_ctzll(map->words[found]);
            if (tidy) map->summary[group] ^= pending & -pending;
        }
        group = (group + 1) & map->summary_mask;
        pending = map->summary[group];
    }
    return B3_BITMAP_NONE;
}

/* First member at or after slot, going round to slot 0 after the last one; B3_BITMAP_NONE when the set is empty. */
static inline uint64_t b3_bitmap_next(const b3_bitmap *map, uint64_t slot) {
    return b3_bitmap_search(map, slot, 0);
}

/* The same, clearing summary bits that are 1 for nothing: each costs one search, once. */
static inline uint64_t b3_bitmap_next_tidy(b3_bitmap *map, uint64_t slot) {
    return b3_bitmap_search(map, slot, 1);
}

#endif
