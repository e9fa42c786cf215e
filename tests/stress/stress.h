/* Shared by the stress programs: one writer, some readers, a bounded number of writes.
 *
 * A program includes the source under test (not its object), so that it can be built in deliberately broken variants, which the tests
 * must catch; the product has none of this:
 *   -DBREAK_ATOMICS  stores are plain: ThreadSanitizer must report a race
 */
#ifndef STRESS_H
#define STRESS_H

#include "base/atomics.h"

#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Each thread halts for a moment before some of the loads and stores under test, in an order of its own: the windows in which another
 * thread must not be seen half-way are a few nanoseconds wide, and become as wide as a time slice. */
static inline void stress_halt(void) {
    static _Thread_local uint64_t calls;
    if (calls++ == 0) calls = (uint64_t)(uintptr_t)&calls; /* threads start apart */
    const uint64_t random = calls * 0x9E3779B97F4A7C15u >> 48;
    if (random < 8) sched_yield();
    else if (random < 2048)
        for (uint64_t i = 0; i < random % 32; i++) b3_cpu_pause();
}

#undef b3_load_acquire
#define b3_load_acquire(pointer) (stress_halt(), __atomic_load_n((pointer), __ATOMIC_ACQUIRE))
#undef b3_store_release
#define b3_store_release(pointer, value) (stress_halt(), __atomic_store_n((pointer), (value), __ATOMIC_RELEASE))

#ifdef BREAK_ATOMICS
#undef b3_store_release
#undef b3_store_relaxed
#define b3_store_release(pointer, value) (*(pointer) = (value))
#define b3_store_relaxed(pointer, value) (*(pointer) = (value))
#endif

#define READERS 2

typedef void (*stress_fn)(void *shared, uint64_t seed);

typedef struct stress {
    stress_fn write_once; /* called until the count is done */
    stress_fn read_once;  /* called by each reader until the writer is done */
    void *shared;
    uint64_t writes;
    uint32_t ready; /* readers wait for the writer's first writes, the writer for the readers */
    uint32_t done;
    uint64_t reads[READERS];
} stress;

typedef struct stress_reader {
    stress *all;
    uint32_t index;
} stress_reader;

static inline uint64_t stress_random(uint64_t seed) {
    seed = (seed + 0x9E3779B97F4A7C15u) * 0xBF58476D1CE4E5B9u;
    return (seed ^ seed >> 31) * 0x94D049BB133111EBu >> 16;
}

/* What a reader finds wrong ends the program with status 3. */
#define STRESS_CHECK(condition, ...)                                                                                                       \
    do {                                                                                                                                   \
        if (!(condition)) {                                                                                                                \
            fprintf(stderr, "caught: " __VA_ARGS__);                                                                                       \
            fputc('\n', stderr);                                                                                                           \
            _Exit(3);                                                                                                                      \
        }                                                                                                                                  \
    } while (0)

static inline void *stress_reader_main(void *argument) {
    const stress_reader *reader = argument;
    stress *all = reader->all;
    uint64_t reads = 0;
    while (!__atomic_load_n(&all->done, __ATOMIC_ACQUIRE)) {
        all->read_once(all->shared, reads * READERS + reader->index);
        if (++reads == 1) __atomic_fetch_add(&all->ready, 1, __ATOMIC_RELEASE);
    }
    all->reads[reader->index] = reads;
    return NULL;
}

/* Runs it all; prints what was done. Call from main with the number of writes as the only argument. */
static inline int stress_run(stress *all, int argc, char **argv) {
    all->writes = argc == 2 ? strtoull(argv[1], NULL, 10) : 0;
    if (all->writes == 0) {
        fprintf(stderr, "usage: %s <writes>\n", argv[0]);
        return 2;
    }
    pthread_t threads[READERS];
    stress_reader readers[READERS];
    for (uint32_t i = 0; i < READERS; i++) {
        readers[i] = (stress_reader){all, i};
        if (pthread_create(&threads[i], NULL, stress_reader_main, &readers[i]) != 0) return 2;
    }
    while (__atomic_load_n(&all->ready, __ATOMIC_ACQUIRE) < READERS) b3_cpu_pause();
    for (uint64_t i = 0; i < all->writes; i++) all->write_once(all->shared, i);
    __atomic_store_n(&all->done, 1, __ATOMIC_RELEASE);
    uint64_t reads = 0;
    for (uint32_t i = 0; i < READERS; i++) {
        pthread_join(threads[i], NULL);
        reads += all->reads[i];
    }
    printf("%llu writes, %llu reads\n", (unsigned long long)all->writes, (unsigned long long)reads);
    return 0;
}

#endif
