#include "parallel.h"

#include <pthread.h>
#include <sched.h>
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
    work *work;
    uint32_t number;
    uint32_t ended; /* the thread's last word: the caller's stack may be gone then */
} worker;

/* Pauses in which the last part of another thread mostly ends. */
#define SPINS 4096

static void take_parts(const worker *own) {
    work *w = own->work;
    for (;;) {
        const uint64_t first = b3_take_relaxed(&w->taken, w->part);
        if (first >= w->count) return;
        w->run(w->context, own->number, first, w->count - first < w->part ? w->count : first + w->part);
    }
}

/* To be joined would cost the caller 50 us where its core goes to sleep over it, until the kernel has cleared the thread away. */
static void *work_unjoined(void *argument) {
    worker *own = argument;
    pthread_detach(pthread_self());
    take_parts(own);
    b3_store_release(&own->ended, 1);
    return NULL;
}

static void await_end(const worker *one) {
    for (uint32_t spins = 0; b3_load_acquire(&one->ended) == 0; ++spins)
        if (spins < SPINS) b3_cpu_pause();
        else sched_yield();
}

void b3_parallel(b3_part_fn run, void *context, uint64_t count, uint64_t part, uint32_t threads) {
    work w = {run, context, count, part, 0};
    worker workers[B3_THREADS_MAX];
    uint32_t started = 1;
    for (; started < threads && started < B3_THREADS_MAX; ++started) {
        workers[started] = (worker){&w, started, 0};
        pthread_t thread;
        if (pthread_create(&thread, NULL, work_unjoined, &workers[started]) != 0) break;
    }
    take_parts(&(worker){&w, 0, 0});
    for (uint32_t i = 1; i < started; ++i) await_end(&workers[i]);
}
