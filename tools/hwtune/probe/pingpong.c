/* One cache line handed to and fro between each pair of CPUs: latency, and whether the TSC ever ran backward. */
#include "probe.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define ROUNDS 15

/* The line: `turn` even is the first thread's, odd the second's; `stamp` is the counter of who wrote last. */
struct line {
    _Alignas(64) _Atomic uint64_t turn;
    uint64_t stamp;
    _Alignas(64) char rest[64];
};

struct side {
    struct line *line;
    const struct options *o;
    int cpu;
    uint64_t parity;
    double tick_ns;
    int64_t *round_ns; /* one way, by round; kept by the first side */
    uint64_t backward;
    pthread_barrier_t *ready;
    atomic_bool *failed;
};

static void *play(void *arg) {
    struct side *s = arg;
    bool ok = place(s->cpu, 0);
    if (!ok) atomic_store(s->failed, true);
    pthread_barrier_wait(s->ready);
    if (atomic_load(s->failed)) return NULL;
    uint64_t turns = (uint64_t)s->o->count;
    uint64_t turn = s->parity;
    /* Latency rounds: nothing but the line itself travels. */
    for (int round = 0; round < ROUNDS; round++) {
        uint64_t start = ticks_ordered();
        for (uint64_t i = 0; i < turns; i++) {
            /* acquire pairs with the other side's release: its stamp is then visible too */
            while (atomic_load_explicit(&s->line->turn, memory_order_acquire) != turn);
            atomic_store_explicit(&s->line->turn, turn + 1, memory_order_release);
            turn += 2;
        }
        if (s->round_ns != NULL)
            s->round_ns[round] = (int64_t)((double)(ticks_ordered() - start) * s->tick_ns * 1000.0 / (2.0 * (double)turns));
    }
    for (uint64_t i = 0; i < turns; i++) {
        while (atomic_load_explicit(&s->line->turn, memory_order_acquire) != turn);
        uint64_t now = ticks_ordered();
        s->backward += now < s->line->stamp;
        s->line->stamp = ticks_ordered();
        atomic_store_explicit(&s->line->turn, turn + 1, memory_order_release);
        turn += 2;
    }
    return NULL;
}

static int pair(const struct options *o, int a, int b, double tick_ns, bool first) {
    struct line *line = aligned_alloc(64, sizeof *line);
    if (line == NULL) {
        fprintf(stderr, "out of memory\n");
        return 1;
    }
    atomic_store(&line->turn, 0);
    line->stamp = 0;
    int64_t rounds[ROUNDS];
    pthread_barrier_t ready;
    pthread_barrier_init(&ready, NULL, 2);
    atomic_bool failed = false;
    struct side sides[2] = {
        {line, o, a, 0, tick_ns, rounds, 0, &ready, &failed},
        {line, o, b, 1, tick_ns, NULL, 0, &ready, &failed},
    };
    pthread_t other, one;
    if (pthread_create(&one, NULL, play, &sides[0]) != 0 || pthread_create(&other, NULL, play, &sides[1]) != 0) {
        fprintf(stderr, "cannot start a thread\n");
        exit(1);
    }
    pthread_join(one, NULL);
    pthread_join(other, NULL);
    free(line);
    if (atomic_load(&failed)) return 1;
    sort_values(rounds, ROUNDS);
    printf("%s{\"a\": %d, \"b\": %d, \"one_way_ps\": %" PRId64 ", \"min_ps\": %" PRId64 ", \"backward\": %" PRIu64 "}", first ? "" : ", ",
           a, b, rounds[ROUNDS / 2], rounds[0], sides[0].backward + sides[1].backward);
    return 0;
}

int probe_pingpong(const struct options *o) {
    double tick_ns = ns_per_tick(20);
    printf("{\"tsc\": %s, \"pairs\": [", HAVE_TSC ? "true" : "false");
    bool first = true;
    for (int i = 0; i < o->cpu_count; i++)
        for (int j = i + 1; j < o->cpu_count; j++) {
            if (pair(o, o->cpus[i], o->cpus[j], tick_ns, first) != 0) return 1;
            first = false;
        }
    printf("]}\n");
    return 0;
}
