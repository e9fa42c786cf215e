/* hwtune-probe: small measurements, one subcommand a file, each printing one JSON document.
 *
 * Times are nanoseconds unless the name says otherwise. A subcommand returns 0, or prints why on stderr and returns 1.
 */
#ifndef HWTUNE_PROBE_H
#define HWTUNE_PROBE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#define CPUS_MAX 1024

/* What the command line may set; each subcommand reads what it needs. */
struct options {
    int cpus[CPUS_MAX];
    int cpu_count;
    double seconds;
    int64_t threshold_ns;
    int64_t interval_us;
    int64_t count;
    int64_t size;
    int fifo;          /* SCHED_FIFO priority, 0 = stay as started */
    const char *proto; /* udp or tcp */
    const char *peer;  /* address:port */
    const char *iface; /* bind to this interface, or NULL */
};

int probe_gap(const struct options *o);
int probe_wakeup(const struct options *o);
int probe_pingpong(const struct options *o);
int probe_clock(const struct options *o);
int probe_memory(const struct options *o);
int probe_rtt(const struct options *o);
int probe_echo(const struct options *o);

/* The fastest counter there is: the TSC on x86, else the raw clock. Convert with `ticks_to_ns`. */
static inline uint64_t ticks(void);
/* The same, not reordered with the loads and stores before it; for stamping an event. */
static inline uint64_t ticks_ordered(void);

int64_t clock_ns(clockid_t id);
/* Calibrates over `ms` milliseconds against CLOCK_MONOTONIC_RAW. */
double ns_per_tick(int ms);
/* Pins the calling thread and, if `fifo` > 0, makes it SCHED_FIFO. False, with a message on stderr, if refused. */
bool place(int cpu, int fifo);
/* Sorts in place and gives the value below which the share `q` of `n` lies; 0 if n is 0. */
int64_t quantile(int64_t *values, size_t n, double q);
void sort_values(int64_t *values, size_t n);
/* Prints `"name": [[low, count], ...]` with a bucket for each quarter of a power of two. */
void print_histogram(const char *name, const int64_t *sorted, size_t n);

#if defined(__x86_64__)
#include <x86intrin.h>
#define HAVE_TSC 1
static inline uint64_t ticks(void) {
    return __rdtsc();
}
static inline uint64_t ticks_ordered(void) {
    unsigned aux;
    return __rdtscp(&aux);
}
static inline void relax(void) {
    _mm_pause();
}
#else
#define HAVE_TSC 0
static inline uint64_t ticks(void) {
    return (uint64_t)clock_ns(CLOCK_MONOTONIC_RAW);
}
static inline uint64_t ticks_ordered(void) {
    return ticks();
}
static inline void relax(void) {}
#endif

#endif
