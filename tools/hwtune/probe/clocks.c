/* What reading a clock costs, and how steadily the TSC runs against the raw clock. */
#include "probe.h"

#include <inttypes.h>
#include <stdio.h>

#define CALLS 200000
#define ROUNDS 9
#define WINDOWS 5
#define WINDOW_MS 20

static double cost_of(int which) {
    static const clockid_t ids[] = {CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_MONOTONIC_RAW};
    int64_t rounds[ROUNDS];
    for (int r = 0; r < ROUNDS; r++) {
        int64_t start = clock_ns(CLOCK_MONOTONIC_RAW);
        uint64_t sink = 0;
        struct timespec t;
        for (int i = 0; i < CALLS; i++) {
            if (which < 3) clock_gettime(ids[which], &t);
            else sink += which == 3 ? ticks() : ticks_ordered();
        }
        /* the compiler must not drop the reads */
        __asm__ volatile("" : : "r"(sink));
        rounds[r] = (clock_ns(CLOCK_MONOTONIC_RAW) - start) * 1000 / CALLS;
    }
    sort_values(rounds, ROUNDS);
    return (double)rounds[ROUNDS / 2] / 1000.0;
}

int probe_clock(const struct options *o) {
    static const char *names[] = {"realtime", "monotonic", "monotonic_raw", "counter", "counter_ordered"};
    if (o->cpu_count > 0 && !place(o->cpus[0], 0)) return 1;
    printf("{\"tsc\": %s, \"read_ns\": {", HAVE_TSC ? "true" : "false");
    for (int i = 0; i < 5; i++) printf("%s\"%s\": %.2f", i ? ", " : "", names[i], cost_of(i));
    double low = 1e300, high = 0;
    for (int i = 0; i < WINDOWS; i++) {
        double rate = 1.0 / ns_per_tick(WINDOW_MS);
        low = rate < low ? rate : low;
        high = rate > high ? rate : high;
    }
    printf("}, \"counter_ghz\": %.6f, \"spread_ppm\": %.2f}\n", (low + high) / 2, (high - low) / low * 1e6);
    return 0;
}
