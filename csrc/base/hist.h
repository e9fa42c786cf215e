/* Latency histogram: log-linear, relative error <= 1/64 below 2^41 - 2^34 ns (36 minutes); all larger values share the top bucket, max
 * stays exact.
 *
 * One writer; any thread or process may read while it is written (word stores, no lock; a reader sees each count as it was at some
 * moment, and a max that covers all values it counts). Fixed size, no pointers: may lie in shared memory. Cost of record: one bucket
 * increment, count, sum, max (3 ns); of quantile: two passes over 18 KiB (1.5 us).
 */
#ifndef B3_BASE_HIST_H
#define B3_BASE_HIST_H

#include "bot3.h"

#define B3_HIST_SUB_BITS 6
#define B3_HIST_BUCKETS 2304 /* 64 exact + 35 octaves of 64 sub-buckets */

typedef struct b3_hist {
    uint64_t count;
    uint64_t sum_ns;
    uint64_t max_ns;
    uint64_t negative; /* values below 0 (clock skew): counted here alone */
    uint64_t buckets[B3_HIST_BUCKETS];
} b3_hist;

void b3_hist_record(b3_hist *hist, int64_t value_ns);

/* Smallest bucket upper bound that holds at least fraction q (0..1) of the values; never above max_ns. 0 when empty. */
uint64_t b3_hist_quantile(const b3_hist *hist, double q);

/* into += from. Neither may be written meanwhile. */
void b3_hist_merge(b3_hist *into, const b3_hist *from);

#endif
