/* Latency of a dependent random access, by size of page: a chase through all lines of an area in one random cycle. */
#include "probe.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#ifndef MAP_HUGE_SHIFT
#define MAP_HUGE_SHIFT 26
#endif
#define LINE 64
#define ROUNDS 5

static uint64_t state = 88172645463325252u;

static uint64_t next_random(void) {
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state;
}

/* Sattolo's shuffle: one cycle through all lines, so that no prefetcher can guess and no line is left out. */
static int chase(char *area, size_t lines, int64_t steps, double *ns) {
    size_t *order = malloc(lines * sizeof *order);
    if (order == NULL) return ENOMEM;
    for (size_t i = 0; i < lines; i++) order[i] = i;
    for (size_t i = lines - 1; i > 0; i--) {
        size_t j = next_random() % i, t = order[i];
        order[i] = order[j];
        order[j] = t;
    }
    for (size_t i = 0; i < lines; i++) *(void **)(area + order[i] * LINE) = area + order[(i + 1) % lines] * LINE;
    free(order);
    int64_t rounds[ROUNDS];
    void **at = (void **)area;
    for (int r = 0; r < ROUNDS; r++) {
        int64_t start = clock_ns(CLOCK_MONOTONIC_RAW);
        for (int64_t i = 0; i < steps; i++) at = (void **)*at;
        __asm__ volatile("" : : "r"(at));
        rounds[r] = (clock_ns(CLOCK_MONOTONIC_RAW) - start) * 1000 / steps;
    }
    sort_values(rounds, ROUNDS);
    *ns = (double)rounds[ROUNDS / 2] / 1000.0;
    return 0;
}

int probe_memory(const struct options *o) {
    static const struct {
        const char *name;
        int flags, advice;
        size_t page;
    } kinds[] = {
        {"4k", 0, MADV_NOHUGEPAGE, 4096},
        {"thp", 0, MADV_HUGEPAGE, 2u << 20},
        {"2m", MAP_HUGETLB | 21 << MAP_HUGE_SHIFT, 0, 2u << 20},
        {"1g", MAP_HUGETLB | 30 << MAP_HUGE_SHIFT, 0, 1u << 30},
    };
    if (o->cpu_count > 0 && !place(o->cpus[0], 0)) return 1;
    printf("{\"size_mib\": %" PRId64 ", \"pages\": {", o->size);
    for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++) {
        size_t want = (size_t)o->size << 20, bytes = (want + kinds[k].page - 1) / kinds[k].page * kinds[k].page;
        double ns = 0;
        int fault = 0;
        char *area = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | kinds[k].flags, -1, 0);
        if (area == MAP_FAILED) {
            fault = errno;
        } else {
            if (kinds[k].advice != 0 && madvise(area, bytes, kinds[k].advice) != 0) fault = errno;
            else fault = chase(area, want / LINE, o->count, &ns);
            munmap(area, bytes);
        }
        printf("%s\"%s\": ", k ? ", " : "", kinds[k].name);
        if (fault) printf("{\"error\": \"%s\"}", strerror(fault));
        else printf("{\"ns\": %.2f}", ns);
    }
    printf("}}\n");
    return 0;
}
