/* Self-describing counters: a table that says of each value its name, unit, labels and kind, so that a reader which knows nothing of the
 * writer (metrics export, another process) can show them all.
 *
 *   64 bytes header | capacity x int64 value, padded to 64 | capacity x b3_counter_description
 *
 * The values the writer works on lie together, apart from the text. Memory: the caller's block of b3_counters_size bytes, 64-aligned; no
 * pointers inside, may lie in shared memory. One writer (init, define, add, set); any thread or process reads (count, read) meanwhile.
 * Cost of add and set: one load and one store.
 */
#ifndef B3_BASE_COUNTERS_H
#define B3_BASE_COUNTERS_H

#include "base/atomics.h"
#include "bot3.h"

enum b3_counter_kind {
    B3_COUNTER = 1, /* only grows */
    B3_GAUGE = 2,
};

#define B3_COUNTER_NAME_MAX 48    /* bytes, the closing zero included */
#define B3_COUNTER_UNIT_MAX 16    /* likewise */
#define B3_COUNTER_LABELS_MAX 120 /* likewise */

typedef struct b3_counter_description {
    char name[B3_COUNTER_NAME_MAX];     /* [a-z_][a-z0-9_]* */
    char unit[B3_COUNTER_UNIT_MAX];     /* "ns", "bytes", "orders"; same letters as name */
    char labels[B3_COUNTER_LABELS_MAX]; /* empty, or key="value" pairs with commas between them; values have no " \ or control byte */
    uint32_t kind;                      /* b3_counter_kind */
    uint32_t reserved;
} b3_counter_description;

typedef struct b3_counters {
    uint32_t capacity;
    uint32_t count; /* released when a row is whole; acquired by readers */
    uint8_t reserved[56];
    int64_t values[]; /* the descriptions follow */
} b3_counters;

size_t b3_counters_size(uint32_t capacity);
/* An empty table. NULL when memory is NULL or not 64-aligned. */
b3_counters *b3_counters_init(void *memory, uint32_t capacity);

/* Adds a row with value 0 and returns its index (from 0), for b3_counters_add and _set. At start, not in the hot loop.
 * B3_ERR_ARGUMENT: a text is too long or has bytes it may not have, or kind is neither of the two; B3_ERR_STATE: name and labels are
 * there already; B3_ERR_CAPACITY. error (NULL allowed) says which. */
int32_t b3_counters_define(b3_counters *counters, const char *name, const char *unit, const char *labels, uint32_t kind, b3_error *error);

static inline void b3_counters_add(b3_counters *counters, int32_t index, int64_t delta) {
    b3_add_relaxed(&counters->values[index], delta);
}

static inline void b3_counters_set(b3_counters *counters, int32_t index, int64_t value) {
    b3_store_relaxed(&counters->values[index], value);
}

uint32_t b3_counters_count(const b3_counters *counters);
/* Row index: the value as it is now, and its description (never changes, lives as long as the table). NULL and *value untouched past the
 * last row. */
const b3_counter_description *b3_counters_read(const b3_counters *counters, uint32_t index, int64_t *value);

#endif
