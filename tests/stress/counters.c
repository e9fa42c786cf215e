/* The counter table under one writer and several readers. The writer adds rows while it counts; a row that can be seen is whole, and
 * what it counts never goes down. */
#include "stress.h"

#include "../../csrc/base/counters.c"

#define CAPACITY 64u

typedef struct shared {
    b3_counters *table;
} shared;

static _Thread_local int64_t seen[CAPACITY];

static void write_once(void *argument, uint64_t number) {
    const shared *all = argument;
    const uint32_t count = b3_counters_count(all->table);
    if (number % 64 == 0 && count < CAPACITY) {
        char name[32];
        snprintf(name, sizeof name, "row_%u", count);
        STRESS_CHECK(b3_counters_define(all->table, name, "writes", "", B3_COUNTER, NULL) == (int32_t)count, "row %u is refused", count);
    } else {
        b3_counters_add(all->table, (int32_t)(number % count), 1);
    }
}

static void read_once(void *argument, uint64_t number) {
    const shared *all = argument;
    const uint32_t count = b3_counters_count(all->table);
    if (count == 0) return;
    const uint32_t index = (uint32_t)(stress_random(number) % count);
    int64_t value = -1;
    const b3_counter_description *row = b3_counters_read(all->table, index, &value);
    char name[32];
    snprintf(name, sizeof name, "row_%u", index);
    STRESS_CHECK(row != NULL && strcmp(row->name, name) == 0 && strcmp(row->unit, "writes") == 0 && row->kind == B3_COUNTER,
                 "row %u is not whole", index);
    STRESS_CHECK(value >= seen[index], "row %u went down", index);
    seen[index] = value;
}

int main(int argc, char **argv) {
    void *memory = aligned_alloc(B3_CACHE_LINE, b3_counters_size(CAPACITY));
    shared all = {.table = b3_counters_init(memory, CAPACITY)};
    stress run = {.write_once = write_once, .read_once = read_once, .shared = &all};
    const int result = stress_run(&run, argc, argv);
    free(memory);
    return result;
}
