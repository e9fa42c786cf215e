/* Two clocks. Wall time: UTC nanoseconds, for events. Ticks: the CPU's time-stamp counter, for latency inside the host; they never enter
 * an event or a journal.
 *
 * A b3_clock is set by b3_clock_calibrate and then only read: share it freely. Without an invariant TSC (CPUID says so; or another
 * CPU family) a tick is a nanosecond of CLOCK_MONOTONIC_RAW.
 * Cost: b3_clock_ticks 8 to 20 ns (without TSC as b3_clock_wall_ns), b3_clock_elapsed_ns 1 ns, b3_clock_wall_ns 17 to 50 ns (no system
 * call).
 */
#ifndef B3_BASE_CLOCK_H
#define B3_BASE_CLOCK_H

#include "bot3.h"

#include <time.h>

#if defined(__x86_64__)
#include <immintrin.h>
#endif

enum b3_clock_source { B3_CLOCK_TSC = 1, B3_CLOCK_MONOTONIC = 2 };

#define B3_CLOCK_SHIFT 44 /* 1e-13 relative at 1 ns a tick, and room for ticks of up to 2^19 ns */
#define B3_CLOCK_CALIBRATE_MIN_NS 100000

typedef struct b3_clock {
    uint64_t ns_per_tick; /* times 2^B3_CLOCK_SHIFT */
    uint64_t start_ticks; /* a moment seen on both clocks */
    int64_t start_ns;     /* CLOCK_MONOTONIC_RAW */
    int32_t source;       /* b3_clock_source */
    int32_t reserved;
} b3_clock;

/* What a recheck found: the tick against the monotonic clock since calibration. */
typedef struct b3_clock_drift {
    int64_t span_ns;  /* since calibration, by the monotonic clock */
    int64_t error_ns; /* by ticks minus by the monotonic clock */
    int64_t drift_ppb;
    int64_t uncertainty_ns; /* of error_ns: how far apart the two clocks were read */
} b3_clock_drift;

static inline int64_t b3_clock_raw_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC_RAW, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline int64_t b3_clock_wall_ns(void) {
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000000000 + now.tv_nsec;
}

static inline uint64_t b3_clock_ticks(const b3_clock *clock) {
#if defined(__x86_64__)
    if (clock->source == B3_CLOCK_TSC) return __rdtsc();
#endif
    (void)clock;
    return (uint64_t)b3_clock_raw_ns();
}

/* Nanoseconds from one tick count to another; negative when `to` lies before `from`. */
static inline int64_t b3_clock_elapsed_ns(const b3_clock *clock, uint64_t from, uint64_t to) {
    __extension__ typedef __int128 wide;
    return (int64_t)((wide)(int64_t)(to - from) * (wide)clock->ns_per_tick >> B3_CLOCK_SHIFT);
}

/* Spins for span_ns (2 ms gives about 20 ppm, 100 ms 1 ppm) and sets *clock. B3_ERR_ARGUMENT when span_ns is below
 * B3_CLOCK_CALIBRATE_MIN_NS. Where the TSC turns out to stand still or run backwards, the monotonic clock is used: see source. */
int32_t b3_clock_calibrate(b3_clock *clock, int64_t span_ns);

/* Measures the drift since calibration. Takes under 10 us; changes nothing. Whoever finds the drift too large calibrates a new clock. */
void b3_clock_recheck(const b3_clock *clock, b3_clock_drift *out);

#endif
