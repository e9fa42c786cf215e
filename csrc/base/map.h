/* Fixed-capacity hash map, uint64 key -> uint64 value. One writer, many readers, no lock: readers never block and never see a torn
 * pair. Open addressing, linear probing over slots that lie four to a cache line and are at most 3/4 full; key 0 is reserved. Removal
 * leaves no tombstone (backward shift under a per-map sequence, so that readers retry).
 *
 * Memory: the caller's block of b3_map_size bytes, 64-aligned; no pointers inside, may lie in shared memory.
 * Writer calls: put, remove. Reader calls: get, from any thread. stats: any thread.
 * Cost: 7 ns in cache. get and put look at one or two cache lines unless keys collide; stats say how it went (probe_sum / puts, probe_max).
 */
#ifndef B3_BASE_MAP_H
#define B3_BASE_MAP_H

#include "bot3.h"

typedef struct b3_map b3_map;

typedef struct b3_map_stats {
    uint64_t capacity; /* entries it takes before B3_FULL */
    uint64_t count;
    uint64_t count_max;
    uint64_t probe_max; /* slots looked at by the worst put so far */
    uint64_t probe_sum; /* over all puts; / puts is the mean */
    uint64_t puts;
} b3_map_stats;

size_t b3_map_size(uint32_t capacity);
/* An empty map; what the memory held is gone. NULL when memory is NULL or not 64-aligned. */
b3_map *b3_map_init(void *memory, uint32_t capacity);

/* Adds or overwrites. B3_FULL when capacity entries are held and key is new; B3_ERR_ARGUMENT for key 0. */
int32_t b3_map_put(b3_map *map, uint64_t key, uint64_t value);
/* B3_OK and *value, or B3_EMPTY. From other threads than the writer's also B3_ERR_STATE: a removal is still not done after 2 million tries
 * (50 ms or more): its writer was stopped or killed in the middle. */
int32_t b3_map_get(const b3_map *map, uint64_t key, uint64_t *value);
/* B3_OK or B3_EMPTY. */
int32_t b3_map_remove(b3_map *map, uint64_t key);
void b3_map_read_stats(const b3_map *map, b3_map_stats *out);

#endif
