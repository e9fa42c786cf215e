#include "base/arena.h"

#include "base/atomics.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#define ASAN_UNPOISON_MEMORY_REGION(address, size) ((void)(address), (void)(size))
#endif

#define HUGE_PAGE ((size_t)2 << 20)
#define BLOCK_ALIGN ((size_t)64)

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

/* Makes every page present and writable now. Asking the kernel first matters: where huge pages run out (a cgroup's limit), it answers
 * with an error what a touch would answer with SIGBUS. Kernels before 5.14 do not know the question. */
static int32_t prefault(uint8_t *base, size_t size) {
    if (madvise(base, size, MADV_POPULATE_WRITE) == 0) return B3_OK;
    if (errno != EINVAL) return B3_ERR_MEMORY;
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    for (size_t i = 0; i < size; i += page) b3_store_relaxed(base + i, (uint8_t)0);
    return B3_OK;
}

static int32_t open_hugetlb(b3_arena *arena, size_t size) {
    void *base = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | (21 << MAP_HUGE_SHIFT), -1, 0);
    if (base == MAP_FAILED) return B3_ERR_MEMORY;
    if (prefault(base, size) != B3_OK) {
        munmap(base, size);
        return B3_ERR_MEMORY;
    }
    arena->base = base;
    arena->pages = B3_PAGES_HUGETLB;
    return B3_OK;
}

/* How many bytes of the mapping at base are in huge pages: the kernel may take the advice and still have none to give. */
static size_t huge_bytes(const uint8_t *base) {
    FILE *maps = fopen("/proc/self/smaps", "re");
    if (maps == NULL) return 0;
    char line[512];
    int inside = 0;
    size_t kilobytes = 0;
    while (fgets(line, sizeof line, maps) != NULL) {
        uintptr_t from = 0;
        uintptr_t to = 0;
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2) {
            if (inside) break;
            inside = from <= (uintptr_t)base && (uintptr_t)base < to;
        } else if (inside && sscanf(line, "AnonHugePages: %zu", &kilobytes) == 1) {
            break;
        }
    }
    fclose(maps);
    return kilobytes * 1024;
}

/* size is a whole number of huge pages. One more is mapped, and what lies outside the aligned stretch is given back. */
static int32_t open_ordinary(b3_arena *arena, size_t size) {
    uint8_t *mapped = mmap(NULL, size + HUGE_PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) return B3_ERR_MEMORY;
    uint8_t *base = mapped + (-(uintptr_t)mapped & (HUGE_PAGE - 1));
    if (base > mapped) munmap(mapped, (size_t)(base - mapped));
    if (base < mapped + HUGE_PAGE) munmap(base + size, (size_t)(mapped + HUGE_PAGE - base));

    const int advised = madvise(base, size, MADV_HUGEPAGE) == 0;
    if (prefault(base, size) != B3_OK) {
        munmap(base, size);
        return B3_ERR_MEMORY;
    }
    arena->base = base;
    arena->pages = advised && huge_bytes(base) >= size / 2 ? B3_PAGES_TRANSPARENT_HUGE : B3_PAGES_PLAIN;
    return B3_OK;
}

int32_t b3_arena_open(b3_arena *arena, size_t size) {
    memset(arena, 0, sizeof *arena);
    if (size == 0 || size > SIZE_MAX / 4) return B3_ERR_ARGUMENT;
    size = (size + HUGE_PAGE - 1) & ~(HUGE_PAGE - 1);
    if (open_hugetlb(arena, size) != B3_OK && open_ordinary(arena, size) != B3_OK) return B3_ERR_MEMORY;
    arena->size = size;
    arena->locked = mlock(arena->base, size) == 0;
    ASAN_POISON_MEMORY_REGION(arena->base, size);
    return B3_OK;
}

void b3_arena_close(b3_arena *arena) {
    if (arena->base != NULL) {
        ASAN_UNPOISON_MEMORY_REGION(arena->base, arena->size);
        munmap(arena->base, arena->size);
    }
    memset(arena, 0, sizeof *arena);
}

/* The last row takes all names for which there is no row of their own. */
static void account(b3_arena *arena, const char *name, size_t bytes) {
    uint32_t row = 0;
    while (row < arena->use_count && strcmp(arena->use[row].name, name) != 0) row++;
    if (row >= B3_ARENA_NAMES - 1) {
        row = B3_ARENA_NAMES - 1;
        name = "other";
    }
    if (row >= arena->use_count) {
        arena->use[row].name = name;
        arena->use_count = row + 1;
    }
    arena->use[row].bytes += bytes;
    arena->use[row].blocks++;
}

void *b3_arena_take(b3_arena *arena, const char *name, size_t bytes) {
    const size_t left = arena->size - arena->used;
    if (bytes > left) return NULL;
    /* used and size are multiples of BLOCK_ALIGN, so the rounded size fits wherever bytes do; a block of 0 bytes has an address of its own.
     */
    const size_t rounded = bytes == 0 ? BLOCK_ALIGN : (bytes + BLOCK_ALIGN - 1) & ~(BLOCK_ALIGN - 1);
    if (rounded > left) return NULL;
    void *block = arena->base + arena->used;
    ASAN_UNPOISON_MEMORY_REGION(block, bytes);
    arena->used += rounded;
    account(arena, name, rounded);
    return block;
}
