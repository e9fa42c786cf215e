/* Work shared out among threads: each part is done once, by one thread, and seen when the call returns. */
#include "stress.h"

#ifdef BREAK_ATOMICS
#undef b3_take_relaxed
#define b3_take_relaxed(pointer, count) ((*(pointer) += (count)) - (count))
#endif

#include "../../csrc/base/parallel.c"

#define COUNT 1000
#define THREADS 4

typedef struct shared {
    uint32_t done[COUNT]; /* plain: whoever took it is alone with it */
    uint64_t by[THREADS];
} shared;

static void mark(void *context, uint32_t thread, uint64_t first, uint64_t end) {
    shared *all = context;
    stress_halt();
    for (uint64_t i = first; i < end; ++i) ++all->done[i];
    all->by[thread] += end - first;
}

int main(int argc, char **argv) {
    const uint64_t rounds = argc == 2 ? strtoull(argv[1], NULL, 10) : 0;
    static shared all;
    for (uint64_t round = 0; round < rounds; ++round) {
        b3_parallel(mark, &all, COUNT, 1 + round % 17, THREADS);
        for (uint32_t i = 0; i < COUNT; ++i)
            STRESS_CHECK(all.done[i] == round + 1, "part %u was done %u times in %llu rounds", i, all.done[i],
                         (unsigned long long)round + 1);
    }
    uint64_t total = 0;
    for (uint32_t i = 0; i < THREADS; ++i) total += all.by[i];
    STRESS_CHECK(total == rounds * COUNT && all.by[0] < total, "the threads did not share it");
    printf("%llu rounds\n", (unsigned long long)rounds);
    return 0;
}
