/* The engine's timers and journal log, for tests. */
#include "bot3.h"
#include "engine/log.h"
#include "engine/timers.h"

/* cdef: begin */
/* A heap of timers in memory of its own. token names a timer. */
typedef struct b3t_timers b3t_timers;
b3t_timers *b3t_timers_new(uint32_t capacity);
void b3t_timers_free(b3t_timers *timers);
int32_t b3t_timers_push(b3t_timers *timers, int64_t due_ns, uint64_t token);
/* B3_OK with *due_ns and *token, or B3_EMPTY. */
int32_t b3t_timers_pop(b3t_timers *timers, int64_t now_ns, int64_t *due_ns, uint64_t *token);

/* Writes records of the given payload lengths (bytes of value i for record i) through a log of size bytes and drains them to fd at once,
 * whenever the next one would not fit. Returns a b3_fault or B3_OK. */
int32_t b3t_log_roundtrip(uint32_t size, const uint32_t *lengths, uint32_t count, int32_t fd, uint64_t *bytes);
/* Bytes a log of that size really holds, 0 on a fault. */
uint64_t b3t_log_size(uint32_t size);
/* cdef: end */
