/* Spins on each CPU at once and keeps every gap between two reads of the counter: what took the CPU away. */
#include "probe.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>

#define GAPS_MAX (1u << 20)

struct spinner {
    const struct options *o;
    int cpu;
    double tick_ns;
    pthread_barrier_t *start;
    int64_t *gaps; /* in ns after the run */
    size_t count;
    uint64_t lost_beyond; /* gaps that found no room */
    double seconds;
    double tick_seen_ns;
    long involuntary, faults;
    bool ok;
};

static void *spin(void *arg) {
    struct spinner *s = arg;
    s->ok = place(s->cpu, s->o->fifo);
    pthread_barrier_wait(s->start);
    if (!s->ok) return NULL;
    uint64_t threshold = (uint64_t)((double)s->o->threshold_ns / s->tick_ns);
    struct rusage before, after;
    getrusage(RUSAGE_THREAD, &before);
    int64_t clock_start = clock_ns(CLOCK_MONOTONIC_RAW);
    uint64_t first = ticks(), last = first;
    uint64_t end = first + (uint64_t)(s->o->seconds * 1e9 / s->tick_ns);
    size_t count = 0;
    uint64_t beyond = 0;
    for (;;) {
        uint64_t now = ticks();
        if (now - last >= threshold) {
            if (count < GAPS_MAX) s->gaps[count++] = (int64_t)(now - last);
            else beyond++;
        }
        last = now;
        if (now >= end) break;
    }
    int64_t clock_end = clock_ns(CLOCK_MONOTONIC_RAW);
    getrusage(RUSAGE_THREAD, &after);
    s->tick_seen_ns = (double)(clock_end - clock_start) / (double)(last - first);
    s->seconds = (double)(clock_end - clock_start) / 1e9;
    s->count = count;
    s->lost_beyond = beyond;
    s->involuntary = after.ru_nivcsw - before.ru_nivcsw;
    s->faults = after.ru_minflt - before.ru_minflt + after.ru_majflt - before.ru_majflt;
    return NULL;
}

static void print_spinner(struct spinner *s) {
    int64_t total = 0;
    for (size_t i = 0; i < s->count; i++) {
        s->gaps[i] = (int64_t)((double)s->gaps[i] * s->tick_seen_ns);
        total += s->gaps[i];
    }
    sort_values(s->gaps, s->count);
    printf("{\"cpu\": %d, \"seconds\": %.6f, \"count\": %zu, \"dropped\": %" PRIu64 ", \"lost_ns\": %" PRId64 ", \"p50_ns\": %" PRId64
           ", \"p99_ns\": %" PRId64 ", \"p999_ns\": %" PRId64 ", \"max_ns\": %" PRId64 ", \"involuntary\": %ld, \"faults\": %ld, ",
           s->cpu, s->seconds, s->count, s->lost_beyond, total, quantile(s->gaps, s->count, 0.5), quantile(s->gaps, s->count, 0.99),
           quantile(s->gaps, s->count, 0.999), s->count ? s->gaps[s->count - 1] : 0, s->involuntary, s->faults);
    print_histogram("histogram", s->gaps, s->count);
    printf("}");
}

int probe_gap(const struct options *o) {
    struct spinner *all = calloc((size_t)o->cpu_count, sizeof *all);
    pthread_t *threads = calloc((size_t)o->cpu_count, sizeof *threads);
    size_t bytes = GAPS_MAX * sizeof(int64_t);
    if (all == NULL || threads == NULL) {
        fprintf(stderr, "out of memory\n");
        return 1;
    }
    double tick_ns = ns_per_tick(20);
    pthread_barrier_t start;
    pthread_barrier_init(&start, NULL, (unsigned)o->cpu_count);
    for (int i = 0; i < o->cpu_count; i++) {
        void *area = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
        if (area == MAP_FAILED) {
            perror("cannot set memory aside for the gaps");
            return 1;
        }
        all[i] = (struct spinner){.o = o, .cpu = o->cpus[i], .tick_ns = tick_ns, .start = &start, .gaps = area};
        if (pthread_create(&threads[i], NULL, spin, &all[i]) != 0) {
            fprintf(stderr, "cannot start a thread\n");
            return 1;
        }
    }
    bool ok = true;
    for (int i = 0; i < o->cpu_count; i++) {
        pthread_join(threads[i], NULL);
        ok = ok && all[i].ok;
    }
    if (!ok) return 1;
    printf("{\"threshold_ns\": %" PRId64 ", \"cpus\": [", o->threshold_ns);
    for (int i = 0; i < o->cpu_count; i++) {
        printf("%s", i ? ", " : "");
        print_spinner(&all[i]);
    }
    printf("]}\n");
    return 0;
}
