/* Hot memory: one block, taken once at start, prefaulted, locked where the host allows it, never grown.
 *
 * Pages: hugetlb if the host has them reserved, else transparent huge pages, else plain ones; b3_arena.pages says which.
 * Cost of open: 2 to 10 ms for 8 MiB (prefaulting, and asking the kernel which pages it gave); of take: some ns, at start only.
 * In AddressSanitizer builds what is not taken is poisoned, so an overrun of a block is caught unless it lands in the next one.
 * Owner: whoever opened it. Everything taken from it lives until b3_arena_close. Not for concurrent use.
 */
#ifndef B3_BASE_ARENA_H
#define B3_BASE_ARENA_H

#include "bot3.h"

enum b3_pages { B3_PAGES_PLAIN = 0, B3_PAGES_TRANSPARENT_HUGE = 1, B3_PAGES_HUGETLB = 2 };

#define B3_ARENA_NAMES 96

/* What holds how much: the allocation profile. Same name twice adds up. */
typedef struct b3_arena_use {
    const char *name; /* static text of the taker; "other" for all names past the table */
    uint64_t bytes;   /* rounded up to 64 a block */
    uint32_t blocks;
} b3_arena_use;

typedef struct b3_arena {
    uint8_t *base;
    size_t size;
    size_t used;
    int32_t pages;  /* b3_pages */
    int32_t locked; /* 1: mlock held */
    uint32_t use_count;
    b3_arena_use use[B3_ARENA_NAMES];
} b3_arena;

/* size is rounded up to whole huge pages (2 MiB); the memory is zeroed and resident on return. B3_ERR_MEMORY, B3_ERR_ARGUMENT. */
int32_t b3_arena_open(b3_arena *arena, size_t size);
void b3_arena_close(b3_arena *arena);

/* Zeroed block, aligned to 64. NULL when the arena is exhausted. name: static text. */
void *b3_arena_take(b3_arena *arena, const char *name, size_t bytes);

#endif
