#include "parallel.h"

#include <pthread.h>
#include <stddef.h>

#include "atomics.h"

typedef struct work {
    b3_part_fn run;
    void *context;
    uint64_t count;
    uint64_t part;
    uint64_t taken;
} work;

typedef struct worker {
    pthread_t thread;
    work *work;
    uint32_t number;
} worker;

static void *take_parts(void *argument) {
    const worker *own = argument;
    work *w = own->work;
    for (;;) {
        const uint64_t first = b3_take_relaxed(&w->taken, w->part);
        if (first >= w->count) return NULL;
        w->run(w->context, own->number, first, w->count - first < w->part ? w->count : first + w->part);
    }
}

void b3_parallel(b3_part_fn run, void *context, uint64_t count, uint64_t part, uint32_t threads) {
    work w = {run, context, count, part, 0};
    worker workers[B3_THREADS_MAX];
    uint32_t started = 1;
    for (; started < threads && started < B3_THREADS_MAX; ++started) {
        workers[started] = (worker){.work = &w, .number = started};
        if (pthread_create(&workers[started].thread, NULL, take_parts, &workers[started]) != 0) break;
    }
    workers[0] = (worker){.work = &w, .number = 0};
    take_parts(&workers[0]);
    for (uint32_t i = 1; i < started; ++i) pthread_join(workers[i].thread, NULL);
}
