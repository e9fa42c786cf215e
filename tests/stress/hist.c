/* The histogram under one writer and several readers. The writer records 1, 2, 3, ...: at any moment the largest value in it lies between
 * what the writer had finished before a read and what it had begun by the end of it. */
#include "stress.h"

#include "../../csrc/base/hist.c"

typedef struct shared {
    b3_hist hist;
    uint64_t begun; /* largest value whose recording has begun */
    uint64_t finished;
} shared;

static void write_once(void *argument, uint64_t number) {
    shared *all = argument;
    __atomic_store_n(&all->begun, number + 1, __ATOMIC_SEQ_CST);
    b3_hist_record(&all->hist, (int64_t)number + 1);
    __atomic_store_n(&all->finished, number + 1, __ATOMIC_SEQ_CST);
}

static void read_once(void *argument, uint64_t number) {
    const shared *all = argument;
    const uint64_t finished = __atomic_load_n(&all->finished, __ATOMIC_SEQ_CST);
    const uint64_t largest = b3_hist_quantile(&all->hist, 1.0);
    const uint64_t middle = b3_hist_quantile(&all->hist, 0.5);
    const uint64_t begun = __atomic_load_n(&all->begun, __ATOMIC_SEQ_CST);
    STRESS_CHECK(finished <= largest && largest <= begun, "largest %llu is not in %llu .. %llu", (unsigned long long)largest,
                 (unsigned long long)finished, (unsigned long long)begun);
    STRESS_CHECK(finished / 2 <= middle && middle <= begun / 2 + begun / 64 + 1, "median %llu of %llu .. %llu values",
                 (unsigned long long)middle, (unsigned long long)finished, (unsigned long long)begun);
    (void)number;
}

int main(int argc, char **argv) {
    shared *all = calloc(1, sizeof *all);
    stress run = {.write_once = write_once, .read_once = read_once, .shared = all};
    const int result = stress_run(&run, argc, argv);
    if (result == 0) STRESS_CHECK(all->hist.count == run.writes && all->hist.max_ns == run.writes, "a value is missing");
    free(all);
    return result;
}
