#include "base/hist.h"
#include "base/atomics.h"

/* Buckets: value v < 128 has the bucket v. Above, the octave [2^e, 2^(e+1)) is cut into 64 equal buckets of 2^(e-6):
 *
 *   index = (e - 6) * 64 + (v >> (e - 6))      e = 6 gives v itself, and each octave goes on where the last one ended
 */
_Static_assert(B3_HIST_BUCKETS == 64 + 35 * 64 && B3_HIST_SUB_BITS == 6, "64 exact buckets and the octaves 2^6 .. 2^40");

static uint32_t index_of(uint64_t value_ns) {
    if (value_ns < 64) return (uint32_t)value_ns;
    const uint32_t shift = 63u - (uint32_t)__builtin_clzll(value_ns) - B3_HIST_SUB_BITS;
    const uint64_t index = ((uint64_t)shift << B3_HIST_SUB_BITS) + (value_ns >> shift);
    return index < B3_HIST_BUCKETS ? (uint32_t)index : B3_HIST_BUCKETS - 1;
}

/* Largest value of a bucket. The top one has none: everything beyond the range is in it. */
static uint64_t upper_bound_ns(uint32_t index) {
    if (index == B3_HIST_BUCKETS - 1) return UINT64_MAX;
    if (index < 128) return index;
    const uint32_t shift = (index >> B3_HIST_SUB_BITS) - 1;
    return (((uint64_t)(index & 63) + 65) << shift) - 1;
}

void b3_hist_record(b3_hist *hist, int64_t value_ns) {
    if (value_ns < 0) {
        b3_add_relaxed(&hist->negative, 1);
        return;
    }
    const uint64_t value = (uint64_t)value_ns;
    if (value > b3_load_relaxed(&hist->max_ns)) b3_store_relaxed(&hist->max_ns, value);
    b3_add_relaxed(&hist->sum_ns, value);
    b3_add_relaxed(&hist->count, 1);
    /* Last, and released: whoever counts this value in also sees a max_ns that covers it (pairs with the loads in b3_hist_quantile). */
    b3_add_release(&hist->buckets[index_of(value)], 1);
}

uint64_t b3_hist_quantile(const b3_hist *hist, double q) {
    uint64_t total = 0;
    for (uint32_t i = 0; i < B3_HIST_BUCKETS; i++) total += b3_load_acquire(&hist->buckets[i]);
    if (total == 0) return 0;

    uint64_t rank = 1;
    if (q >= 1.0) {
        rank = total;
    } else if (q > 0.0) {
        const double exact = q * (double)total;
        rank = (uint64_t)exact;
        if ((double)rank < exact || rank == 0) rank++;
        if (rank > total) rank = total;
    }

    /* Buckets only grow, so the second pass reaches a rank found by the first even while the writer goes on. */
    uint64_t seen = 0;
    uint32_t index = 0;
    for (;; index++) {
        seen += b3_load_acquire(&hist->buckets[index]);
        if (seen >= rank) break;
    }
    const uint64_t bound_ns = upper_bound_ns(index);
    const uint64_t max_ns = b3_load_relaxed(&hist->max_ns);
    return bound_ns < max_ns ? bound_ns : max_ns;
}

void b3_hist_merge(b3_hist *into, const b3_hist *from) {
    into->count += from->count;
    into->sum_ns += from->sum_ns;
    into->negative += from->negative;
    if (from->max_ns > into->max_ns) into->max_ns = from->max_ns;
    for (uint32_t i = 0; i < B3_HIST_BUCKETS; i++) into->buckets[i] += from->buckets[i];
}
