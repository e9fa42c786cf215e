#include "probe.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int64_t clock_ns(clockid_t id) {
    struct timespec t;
    clock_gettime(id, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

double ns_per_tick(int ms) {
    int64_t start = clock_ns(CLOCK_MONOTONIC_RAW);
    uint64_t first = ticks_ordered();
    int64_t now;
    do now = clock_ns(CLOCK_MONOTONIC_RAW);
    while (now - start < (int64_t)ms * 1000000);
    return (double)(now - start) / (double)(ticks_ordered() - first);
}

bool place(int cpu, int fifo) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)cpu, &set);
    int rc = pthread_setaffinity_np(pthread_self(), sizeof set, &set);
    if (rc != 0) {
        fprintf(stderr, "cannot pin to CPU %d: %s\n", cpu, strerror(rc));
        return false;
    }
    if (fifo > 0) {
        struct sched_param param = {.sched_priority = fifo};
        rc = pthread_setschedparam(pthread_self(), SCHED_FIFO, &param);
        if (rc != 0) {
            fprintf(stderr, "cannot use SCHED_FIFO priority %d: %s\n", fifo, strerror(rc));
            return false;
        }
    }
    return true;
}

static int ascending(const void *a, const void *b) {
    int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
    return (x > y) - (x < y);
}

void sort_values(int64_t *values, size_t n) {
    if (n > 0) qsort(values, n, sizeof *values, ascending);
}

int64_t quantile(int64_t *values, size_t n, double q) {
    if (n == 0) return 0;
    size_t at = (size_t)(q * (double)n);
    return values[at < n ? at : n - 1];
}

static int64_t bucket_low(int64_t value) {
    if (value < 4) return value;
    int shift = 61 - __builtin_clzll((unsigned long long)value);
    return value >> shift << shift;
}

void print_histogram(const char *name, const int64_t *sorted, size_t n) {
    printf("\"%s\": [", name);
    for (size_t i = 0; i < n;) {
        int64_t low = bucket_low(sorted[i]);
        size_t from = i;
        while (i < n && bucket_low(sorted[i]) == low) i++;
        printf("%s[%" PRId64 ", %zu]", from ? ", " : "", low, i - from);
    }
    printf("]");
}
