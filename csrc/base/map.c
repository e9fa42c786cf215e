#include "base/map.h"
#include "base/atomics.h"

#include <string.h>

/* What makes a reader safe:
 *   put, new key    the value is stored before the key (both released), so a reader that sees the key sees its value;
 *   put, known key  one word changes: the pair is the old or the new one;
 *   remove          moves pairs, and a freed slot may be given to another key: `moves` is odd meanwhile and has grown afterwards. A reader
 *                   compares it from before its first look to after its last one and starts over when it differs.
 * Every store to a slot is a release and every load an acquire. So a reader that saw any word written after `moves` had changed also
 * sees that change when it compares. (A fence would do as well, but ThreadSanitizer does not know fences.)
 */
typedef struct map_slot {
    uint64_t key; /* 0: free */
    uint64_t value;
} map_slot;

struct b3_map {
    uint64_t moves B3_LINE_ALIGNED;
    uint32_t shift; /* 64 - log2(slots) */
    uint32_t capacity;
    /* The writer's own line, so that counting does not disturb readers. */
    uint64_t count B3_LINE_ALIGNED;
    uint64_t count_max;
    uint64_t probe_max;
    uint64_t probe_sum;
    uint64_t puts;
    map_slot slots[] B3_LINE_ALIGNED;
};

_Static_assert(sizeof(struct b3_map) == 2 * B3_CACHE_LINE, "slots start on a line of their own");

/* About 2^21 pauses of 20 to 70 ns. */
#define RETRY_MAX (1u << 21)

static uint32_t log2_slots(uint32_t capacity) {
    uint32_t bits = 2;
    while (((uint64_t)3 << bits) < (uint64_t)capacity * 4) bits++;
    return bits;
}

static uint64_t mask_of(const b3_map *map) {
    return UINT64_MAX >> map->shift;
}

/* Fibonacci hashing: consecutive ids land far apart, and the high bits depend on all bits of the key. */
static uint64_t home_of(const b3_map *map, uint64_t key) {
    return key * 0x9E3779B97F4A7C15u >> map->shift;
}

size_t b3_map_size(uint32_t capacity) {
    return sizeof(struct b3_map) + ((size_t)1 << log2_slots(capacity)) * sizeof(map_slot);
}

b3_map *b3_map_init(void *memory, uint32_t capacity) {
    if (memory == NULL || (uintptr_t)memory % B3_CACHE_LINE != 0) return NULL;
    b3_map *map = memory;
    memset(map, 0, b3_map_size(capacity));
    map->shift = 64 - log2_slots(capacity);
    map->capacity = capacity;
    return map;
}

static void count_put(b3_map *map, uint64_t probes) {
    b3_add_relaxed(&map->puts, 1);
    b3_add_relaxed(&map->probe_sum, probes);
    if (probes > map->probe_max) b3_store_relaxed(&map->probe_max, probes);
}

int32_t b3_map_put(b3_map *map, uint64_t key, uint64_t value) {
    if (key == 0) return B3_ERR_ARGUMENT;
    const uint64_t mask = mask_of(map);
    uint64_t i = home_of(map, key);
    uint64_t probes = 1;
    for (; map->slots[i].key != 0; i = (i + 1) & mask, probes++) {
        if (map->slots[i].key != key) continue;
        b3_store_release(&map->slots[i].value, value);
        count_put(map, probes);
        return B3_OK;
    }
    if (map->count >= map->capacity) return B3_FULL;
    b3_store_release(&map->slots[i].value, value);
    b3_store_release(&map->slots[i].key, key);
    count_put(map, probes);
    b3_store_relaxed(&map->count, map->count + 1);
    if (map->count > map->count_max) b3_store_relaxed(&map->count_max, map->count);
    return B3_OK;
}

/* One pass of a reader: the slots may change under it. A pass that meets no free slot (a shift ran along with it) ends all the same. */
static int32_t look_up(const b3_map *map, uint64_t key, uint64_t *value) {
    const uint64_t mask = mask_of(map);
    uint64_t i = home_of(map, key);
    for (uint64_t probes = 0; probes <= mask; i = (i + 1) & mask, probes++) {
        const uint64_t found = b3_load_acquire(&map->slots[i].key);
        if (found == 0) return B3_EMPTY;
        if (found != key) continue;
        *value = b3_load_acquire(&map->slots[i].value);
        return B3_OK;
    }
    return B3_EMPTY;
}

int32_t b3_map_get(const b3_map *map, uint64_t key, uint64_t *value) {
    if (key == 0) return B3_EMPTY;
    for (uint32_t tries = 0; tries < RETRY_MAX; tries++) {
        const uint64_t moves = b3_load_acquire(&map->moves);
        if ((moves & 1) == 0) {
            uint64_t found = 0;
            const int32_t status = look_up(map, key, &found);
            if (b3_load_relaxed(&map->moves) != moves) continue;
            if (status == B3_OK) *value = found;
            return status;
        }
        b3_cpu_pause();
    }
    return B3_ERR_STATE;
}

int32_t b3_map_remove(b3_map *map, uint64_t key) {
    if (key == 0) return B3_EMPTY;
    const uint64_t mask = mask_of(map);
    uint64_t hole = home_of(map, key);
    for (; map->slots[hole].key != key; hole = (hole + 1) & mask)
        if (map->slots[hole].key == 0) return B3_EMPTY;

    b3_add_relaxed(&map->moves, 1);
    for (uint64_t i = (hole + 1) & mask; map->slots[i].key != 0; i = (i + 1) & mask) {
        /* A pair may move back into the hole unless its home lies between the two: a search from there would no longer meet it. */
        const uint64_t from_home = (i - home_of(map, map->slots[i].key)) & mask;
        if (from_home < ((i - hole) & mask)) continue;
        b3_store_release(&map->slots[hole].value, map->slots[i].value);
        b3_store_release(&map->slots[hole].key, map->slots[i].key);
        hole = i;
    }
    b3_store_release(&map->slots[hole].key, 0);
    b3_add_release(&map->moves, 1);
    b3_store_relaxed(&map->count, map->count - 1);
    return B3_OK;
}

void b3_map_read_stats(const b3_map *map, b3_map_stats *out) {
    out->capacity = map->capacity;
    out->count = b3_load_relaxed(&map->count);
    out->count_max = b3_load_relaxed(&map->count_max);
    out->probe_max = b3_load_relaxed(&map->probe_max);
    out->probe_sum = b3_load_relaxed(&map->probe_sum);
    out->puts = b3_load_relaxed(&map->puts);
}
