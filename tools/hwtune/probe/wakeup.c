/* How late a thread runs that asked to be woken at a given time: clock_nanosleep to an absolute deadline. */
#include "probe.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static bool measure_on(int cpu, const struct options *o, int64_t *late, size_t *count) {
    if (!place(cpu, o->fifo)) return false;
    struct timespec next;
    clock_gettime(CLOCK_MONOTONIC, &next);
    for (*count = 0; *count < (size_t)o->count; ++*count) {
        next.tv_nsec += (long)(o->interval_us * 1000);
        next.tv_sec += next.tv_nsec / 1000000000;
        next.tv_nsec %= 1000000000;
        if (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL) != 0) {
            fprintf(stderr, "clock_nanosleep was interrupted\n");
            return false;
        }
        int64_t wanted = (int64_t)next.tv_sec * 1000000000 + next.tv_nsec;
        int64_t now = clock_ns(CLOCK_MONOTONIC);
        late[*count] = now - wanted;
        /* Sleeping towards deadlines already past would count one delay many times. */
        if (now - wanted > o->interval_us * 1000) clock_gettime(CLOCK_MONOTONIC, &next);
    }
    return true;
}

int probe_wakeup(const struct options *o) {
    int64_t *late = malloc((size_t)o->count * sizeof *late);
    if (late == NULL) {
        fprintf(stderr, "out of memory\n");
        return 1;
    }
    printf("{\"interval_us\": %" PRId64 ", \"cpus\": [", o->interval_us);
    for (int i = 0; i < o->cpu_count; i++) {
        size_t n;
        if (!measure_on(o->cpus[i], o, late, &n)) {
            free(late);
            return 1;
        }
        sort_values(late, n);
        printf("%s{\"cpu\": %d, \"count\": %zu, \"p50_ns\": %" PRId64 ", \"p99_ns\": %" PRId64 ", \"p999_ns\": %" PRId64
               ", \"max_ns\": %" PRId64 ", ",
               i ? ", " : "", o->cpus[i], n, quantile(late, n, 0.5), quantile(late, n, 0.99), quantile(late, n, 0.999), late[n - 1]);
        print_histogram("histogram", late, n);
        printf("}");
    }
    printf("]}\n");
    free(late);
    return 0;
}
