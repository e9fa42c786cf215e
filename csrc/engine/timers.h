/* What is due later: order arrivals, answers of risk, timers of strategies. A binary heap over a fixed pool, ordered by due time, then by
 * the order in which they were asked for. One thread. Push and pop O(log n).
 */
#ifndef B3_ENGINE_TIMERS_H
#define B3_ENGINE_TIMERS_H

#include "bot3.h"

typedef struct b3_due {
    int64_t due_ns;
    uint64_t sequence;
    b3_slot event; /* B3_REQUEST: arrives at the venue; B3_UPDATE: told to a strategy; B3_TIMER */
} b3_due;

typedef struct b3_timers {
    b3_due *pool;
    uint32_t *heap; /* indices into pool; the ones past count are free */
    uint32_t count;
    uint32_t capacity;
    uint64_t next_sequence;
} b3_timers;

size_t b3_timers_size(uint32_t capacity);
void b3_timers_init(b3_timers *timers, void *memory, uint32_t capacity);

/* event: copied, b3_event_size bytes of it. B3_OK or B3_FULL. */
int32_t b3_timers_push(b3_timers *timers, int64_t due_ns, const b3_header *event);
/* The earliest, if it is due at or before now. Valid until the next push. NULL: none. */
const b3_due *b3_timers_pop(b3_timers *timers, int64_t now_ns);

static inline int64_t b3_timers_next_ns(const b3_timers *timers) {
    return timers->count == 0 ? INT64_MAX : timers->pool[timers->heap[0]].due_ns;
}

#endif
