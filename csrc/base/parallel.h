/* Several threads on one piece of work, each taking the next part when it is through with its last. */
#ifndef B3_BASE_PARALLEL_H
#define B3_BASE_PARALLEL_H

#include <stdint.h>

#define B3_THREADS_MAX 64

/* The parts first..end-1; worker: 0 is the caller's thread, others count up. */
typedef void (*b3_part_fn)(void *context, uint32_t worker, uint64_t first, uint64_t end);

/* Runs all of 0..count-1, in parts of `part`, on so many threads, B3_THREADS_MAX at most; returns when all is done, and what the threads
 * wrote is then seen. The threads besides the caller's touch nothing of it from then on. Where none can be had the others do its share.
 */
void b3_parallel(b3_part_fn run, void *context, uint64_t count, uint64_t part, uint32_t threads);

#endif
