/* Atomics, and nothing but atomics: the only file that names a memory order.
 *
 * Operate on plain aligned words (so that a struct keeps its layout for cffi and numpy). Every field of the hot path has one writer, which
 * adds to its own word with a load and a store: that costs no locked instruction. The one read-modify-write is for work that is shared out.
 * Pairs: a release store is read by an acquire load; what the writer did before the store is then visible to the reader.
 */
#ifndef B3_BASE_ATOMICS_H
#define B3_BASE_ATOMICS_H

#if defined(__x86_64__) || defined(__i386__)
#include <immintrin.h>
#endif

#define B3_CACHE_LINE 64
#define B3_LINE_ALIGNED __attribute__((aligned(B3_CACHE_LINE)))

#define b3_load_relaxed(pointer) __atomic_load_n((pointer), __ATOMIC_RELAXED)
#define b3_load_acquire(pointer) __atomic_load_n((pointer), __ATOMIC_ACQUIRE)
#define b3_store_relaxed(pointer, value) __atomic_store_n((pointer), (value), __ATOMIC_RELAXED)
#define b3_store_release(pointer, value) __atomic_store_n((pointer), (value), __ATOMIC_RELEASE)

/* The word's only writer adds to it. */
#define b3_add_relaxed(pointer, delta) b3_store_relaxed((pointer), b3_load_relaxed(pointer) + (delta))
#define b3_add_release(pointer, delta) b3_store_release((pointer), b3_load_relaxed(pointer) + (delta))

/* The word as it was, of which `count` are now the caller's. Any thread may take. */
#define b3_take_relaxed(pointer, count) __atomic_fetch_add((pointer), (count), __ATOMIC_RELAXED)

/* In a spin loop: tells the core that it waits, so that the other hyper-thread runs and leaving the loop is cheap. */
static inline void b3_cpu_pause(void) {
#if defined(__x86_64__) || defined(__i386__)
    _mm_pause();
#elif defined(__aarch64__)
    __asm__ __volatile__("yield");
#endif
}

#endif
