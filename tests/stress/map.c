/* The map under one writer and several readers. Every value carries its key and the number of the write, so a reader can tell
 *   a torn pair   the value is of another key
 *   a lost pair   a key that is never removed is not found
 *   an old value  a write that this reader had already seen the successor of
 *
 *   -DBREAK_READER  readers do not compare `moves`: must be caught
 */
#include "stress.h"

#include "../../csrc/base/map.c"

#define CAPACITY 12u /* of 16 slots */
#define KEYS 15u     /* numbered from 1; the odd ones up to PERMANENT stay for good */
#define PERMANENT 7u
#define HOME 14u /* slot that all keys want: one long run around the table's end, so that each removal moves pairs */

typedef struct shared {
    b3_map *map;
} shared;

static _Thread_local uint64_t seen[KEYS + 1];

static int is_permanent(uint64_t number) {
    return number <= PERMANENT && (number & 1) != 0;
}

/* The hash multiplies by an odd constant; multiplying by its inverse modulo 2^64 makes a key for a hash. */
static uint64_t key_of(const b3_map *map, uint64_t number) {
    uint64_t inverse = 1;
    for (int i = 0; i < 6; i++) inverse *= 2 - 0x9E3779B97F4A7C15u * inverse; /* Newton's: doubles the right bits */
    return (((uint64_t)HOME << map->shift) + number) * inverse;
}

static int32_t get(const b3_map *map, uint64_t key, uint64_t *value) {
#ifdef BREAK_READER
    return look_up(map, key, value);
#else
    return b3_map_get(map, key, value);
#endif
}

static void write_once(void *argument, uint64_t write) {
    shared *all = argument;
    const uint64_t random = stress_random(write);
    const uint64_t number = 1 + random % KEYS;
    const uint64_t key = key_of(all->map, number);
    if ((random >> 32 & 1) != 0 && !is_permanent(number)) {
        b3_map_remove(all->map, key);
    } else {
        const int32_t status = b3_map_put(all->map, key, number << 48 | (write + 1));
        STRESS_CHECK(status == B3_OK || (status == B3_FULL && !is_permanent(number)), "put of key %d gives %d", (int)number, status);
    }
}

static void read_once(void *argument, uint64_t read) {
    const shared *all = argument;
    const uint64_t number = 1 + stress_random(~read) % KEYS;
    uint64_t value = 0;
    const int32_t status = get(all->map, key_of(all->map, number), &value);
    STRESS_CHECK(status != B3_ERR_STATE, "a reader gave up");
    STRESS_CHECK(status == B3_OK || !is_permanent(number), "lost pair: key %d", (int)number);
    if (status != B3_OK) return;
    STRESS_CHECK(value >> 48 == number, "torn pair: key %d with the value of key %d", (int)number, (int)(value >> 48));
    STRESS_CHECK(value >= seen[number], "old value of key %d", (int)number);
    seen[number] = value;
}

int main(int argc, char **argv) {
    void *memory = aligned_alloc(B3_CACHE_LINE, b3_map_size(CAPACITY));
    shared all = {.map = b3_map_init(memory, CAPACITY)};
    for (uint64_t number = 1; number <= PERMANENT; number += 2)
        if (b3_map_put(all.map, key_of(all.map, number), number << 48) != B3_OK) return 2;
    stress run = {.write_once = write_once, .read_once = read_once, .shared = &all};
    const int result = stress_run(&run, argc, argv);
    free(memory);
    return result;
}
