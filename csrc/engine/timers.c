#include "engine/timers.h"

#include <string.h>

size_t b3_timers_size(uint32_t capacity) {
    return (size_t)capacity * (sizeof(b3_due) + sizeof(uint32_t));
}

void b3_timers_init(b3_timers *timers, void *memory, uint32_t capacity) {
    *timers = (b3_timers){.pool = memory, .capacity = capacity};
    timers->heap = (uint32_t *)(timers->pool + capacity);
    for (uint32_t i = 0; i < capacity; i++) timers->heap[i] = i;
}

static int before(const b3_timers *timers, uint32_t a, uint32_t b) {
    const b3_due *x = &timers->pool[timers->heap[a]];
    const b3_due *y = &timers->pool[timers->heap[b]];
    return x->due_ns != y->due_ns ? x->due_ns < y->due_ns : x->sequence < y->sequence;
}

static void swap(b3_timers *timers, uint32_t a, uint32_t b) {
    const uint32_t kept = timers->heap[a];
    timers->heap[a] = timers->heap[b];
    timers->heap[b] = kept;
}

int32_t b3_timers_push(b3_timers *timers, int64_t due_ns, const b3_header *event) {
    if (timers->count == timers->capacity) return B3_FULL;
    uint32_t at = timers->count++;
    b3_due *due = &timers->pool[timers->heap[at]];
    due->due_ns = due_ns;
    due->sequence = timers->next_sequence++;
    memcpy(&due->event, event, b3_event_size(event->kind));
    while (at > 0 && before(timers, at, (at - 1) / 2)) {
        swap(timers, at, (at - 1) / 2);
        at = (at - 1) / 2;
    }
    return B3_OK;
}

const b3_due *b3_timers_pop(b3_timers *timers, int64_t now_ns) {
    if (b3_timers_next_ns(timers) > now_ns || timers->count == 0) return NULL;
    const uint32_t taken = timers->heap[0];
    const uint32_t last = --timers->count;
    swap(timers, 0, last); /* the taken one's pool entry becomes the first free one: untouched until the next push */
    uint32_t at = 0;
    for (;;) {
        uint32_t least = at;
        for (uint32_t child = 2 * at + 1; child <= 2 * at + 2 && child < last; child++)
            if (before(timers, child, least)) least = child;
        if (least == at) break;
        swap(timers, at, least);
        at = least;
    }
    return &timers->pool[taken];
}
