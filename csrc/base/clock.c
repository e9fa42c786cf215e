#include "base/clock.h"
#include "base/atomics.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#define TRIES 16

/* Both clocks at one moment. The monotonic clock is read between two reads of the ticks, and the tightest of some tries is kept, so
 * that an interrupt in between does no harm. */
typedef struct moment {
    uint64_t ticks;
    int64_t raw_ns;
    uint64_t gap_ticks;
} moment;

static int has_invariant_tsc(void) {
#if defined(__x86_64__)
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    return __get_cpuid(0x80000007u, &a, &b, &c, &d) != 0 && (d & (1u << 8)) != 0;
#else
    return 0;
#endif
}

static moment now(const b3_clock *clock) {
    moment best = {.gap_ticks = UINT64_MAX};
    for (int i = 0; i < TRIES; i++) {
        const uint64_t before = b3_clock_ticks(clock);
        const int64_t raw_ns = b3_clock_raw_ns();
        const uint64_t gap = b3_clock_ticks(clock) - before;
        if (gap < best.gap_ticks) best = (moment){.ticks = before + gap / 2, .raw_ns = raw_ns, .gap_ticks = gap};
    }
    return best;
}

static void use_monotonic(b3_clock *clock) {
    clock->source = B3_CLOCK_MONOTONIC;
    clock->ns_per_tick = (uint64_t)1 << B3_CLOCK_SHIFT;
    clock->start_ns = b3_clock_raw_ns();
    clock->start_ticks = (uint64_t)clock->start_ns;
}

int32_t b3_clock_calibrate(b3_clock *clock, int64_t span_ns) {
    if (span_ns < B3_CLOCK_CALIBRATE_MIN_NS) return B3_ERR_ARGUMENT;
    *clock = (b3_clock){.source = B3_CLOCK_TSC};
    if (!has_invariant_tsc()) {
        use_monotonic(clock);
        return B3_OK;
    }
    const moment start = now(clock);
    while (b3_clock_raw_ns() - start.raw_ns < span_ns) b3_cpu_pause();
    const moment end = now(clock);
    const uint64_t ticks = end.ticks - start.ticks;
    __extension__ typedef unsigned __int128 wide;
    const wide ns_per_tick = ticks == 0 ? 0 : ((wide)(uint64_t)(end.raw_ns - start.raw_ns) << B3_CLOCK_SHIFT) / ticks;
    /* A counter that stands still or runs backwards shows as a factor that no CPU has: below 1/64 ns or above 1 us a tick. */
    if (ns_per_tick < (wide)1 << (B3_CLOCK_SHIFT - 6) || ns_per_tick > (wide)1000 << B3_CLOCK_SHIFT) {
        use_monotonic(clock);
        return B3_OK;
    }
    clock->ns_per_tick = (uint64_t)ns_per_tick;
    clock->start_ticks = start.ticks;
    clock->start_ns = start.raw_ns;
    return B3_OK;
}

void b3_clock_recheck(const b3_clock *clock, b3_clock_drift *out) {
    const moment here = now(clock);
    out->span_ns = here.raw_ns - clock->start_ns;
    out->error_ns = b3_clock_elapsed_ns(clock, clock->start_ticks, here.ticks) - out->span_ns;
    out->drift_ppb = out->span_ns > 0 ? (int64_t)((double)out->error_ns * 1e9 / (double)out->span_ns) : 0;
    out->uncertainty_ns = b3_clock_elapsed_ns(clock, 0, here.gap_ticks);
}
