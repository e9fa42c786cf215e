#include "engine.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct b3t_timers {
    b3_timers timers;
    void *memory;
};

b3t_timers *b3t_timers_new(uint32_t capacity) {
    b3t_timers *made = calloc(1, sizeof(*made));
    if (made == NULL) return NULL;
    made->memory = calloc(1, b3_timers_size(capacity));
    b3_timers_init(&made->timers, made->memory, capacity);
    return made;
}

void b3t_timers_free(b3t_timers *timers) {
    free(timers->memory);
    free(timers);
}

int32_t b3t_timers_push(b3t_timers *timers, int64_t due_ns, uint64_t token) {
    const b3_timer timer = {.hdr = {.kind = B3_TIMER}, .due_ns = due_ns, .token = token};
    return b3_timers_push(&timers->timers, due_ns, &timer.hdr);
}

int32_t b3t_timers_pop(b3t_timers *timers, int64_t now_ns, int64_t *due_ns, uint64_t *token) {
    const b3_due *due = b3_timers_pop(&timers->timers, now_ns);
    if (due == NULL) return B3_EMPTY;
    *due_ns = due->due_ns;
    *token = ((const b3_timer *)&due->event)->token;
    return B3_OK;
}

uint64_t b3t_log_size(uint32_t size) {
    b3_log log;
    b3_error error;
    if (b3_log_open(&log, size, &error) != B3_OK) return 0;
    const uint64_t bytes = log.size;
    b3_log_close(&log);
    return bytes;
}

/* A log that is finished drains without waiting: so the drain runs in this thread, between two stretches of records. */
static int32_t drain_now(b3_log *log, int32_t fd) {
    b3_error error;
    b3_log_finish(log);
    const int32_t status = b3_log_drain(log, fd, &error);
    log->finished = 0;
    return status;
}

int32_t b3t_log_roundtrip(uint32_t size, const uint32_t *lengths, uint32_t count, int32_t fd, uint64_t *bytes) {
    b3_log log;
    b3_error error;
    int32_t status = b3_log_open(&log, size, &error);
    if (status != B3_OK) return status;
    uint8_t *payload = malloc(log.size);
    for (uint32_t i = 0; i < count && status == B3_OK; i++) {
        const uint64_t needs = b3_record_bytes(lengths[i]);
        if (log.head + needs - log.tail > log.size) status = drain_now(&log, fd);
        if (lengths[i] <= log.size) memset(payload, (int)(i & 0xff), lengths[i]);
        const b3_record record = {.type = B3_REC_FRAME, .recv_ns = (int64_t)i, .input_no = i};
        if (status == B3_OK) status = b3_log_put(&log, &record, payload, lengths[i]);
    }
    if (status == B3_OK) status = drain_now(&log, fd);
    *bytes = log.head;
    free(payload);
    b3_log_close(&log);
    return status;
}
