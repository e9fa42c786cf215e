#include "base/counters.h"

#include <string.h>

_Static_assert(sizeof(b3_counters) == B3_CACHE_LINE, "values start on a line of their own");

static size_t values_bytes(uint32_t capacity) {
    return ((size_t)capacity * sizeof(int64_t) + B3_CACHE_LINE - 1) & ~(size_t)(B3_CACHE_LINE - 1);
}

static size_t descriptions_offset(const b3_counters *counters) {
    return sizeof *counters + values_bytes(counters->capacity);
}

static const b3_counter_description *descriptions(const b3_counters *counters) {
    return (const b3_counter_description *)((const uint8_t *)counters + descriptions_offset(counters));
}

size_t b3_counters_size(uint32_t capacity) {
    return sizeof(b3_counters) + values_bytes(capacity) + (size_t)capacity * sizeof(b3_counter_description);
}

b3_counters *b3_counters_init(void *memory, uint32_t capacity) {
    if (memory == NULL || (uintptr_t)memory % B3_CACHE_LINE != 0) return NULL;
    memset(memory, 0, b3_counters_size(capacity));
    b3_counters *counters = memory;
    counters->capacity = capacity;
    return counters;
}

/* Length of the identifier at text: a letter or _, then also digits. 0: there is none. */
static size_t identifier_length(const char *text) {
    size_t len = 0;
    while ((text[len] >= 'a' && text[len] <= 'z') || text[len] == '_' || (len > 0 && text[len] >= '0' && text[len] <= '9')) len++;
    return len;
}

static int is_identifier(const char *text, size_t size_max) {
    const size_t len = identifier_length(text);
    return len > 0 && len < size_max && text[len] == 0;
}

static int is_labels(const char *text, size_t size_max) {
    if (text[0] == 0) return 1;
    const char *at = text;
    for (;; at++) {
        const size_t len = identifier_length(at);
        if (len == 0 || at[len] != '=' || at[len + 1] != '"') return 0;
        at += len + 2;
        while (*at != '"') {
            if ((uint8_t)*at < 0x20 || *at == '\\' || *at == 0x7F) return 0;
            at++;
        }
        at++;
        if (*at != ',') break;
    }
    return *at == 0 && (size_t)(at - text) < size_max;
}

static int32_t fail(b3_error *error, int32_t status, int64_t value, const char *what) {
    if (error != NULL) *error = (b3_error){.status = status, .value = value, .what = what};
    return status;
}

int32_t b3_counters_define(b3_counters *counters, const char *name, const char *unit, const char *labels, uint32_t kind, b3_error *error) {
    if (!is_identifier(name, B3_COUNTER_NAME_MAX)) return fail(error, B3_ERR_ARGUMENT, 0, "counter: name is not [a-z_][a-z0-9_]*, 1 to 47");
    if (!is_identifier(unit, B3_COUNTER_UNIT_MAX)) return fail(error, B3_ERR_ARGUMENT, 0, "counter: unit is not [a-z_][a-z0-9_]*, 1 to 15");
    if (!is_labels(labels, B3_COUNTER_LABELS_MAX))
        return fail(error, B3_ERR_ARGUMENT, 0, "counter: labels are not key=\"value\" pairs of up to 119 bytes");
    if (kind != B3_COUNTER && kind != B3_GAUGE) return fail(error, B3_ERR_ARGUMENT, kind, "counter: kind is neither counter nor gauge");

    b3_counter_description *rows = (b3_counter_description *)((uint8_t *)counters + descriptions_offset(counters));
    for (uint32_t i = 0; i < counters->count; i++)
        if (strcmp(rows[i].name, name) == 0 && strcmp(rows[i].labels, labels) == 0)
            return fail(error, B3_ERR_STATE, i, "counter: name and labels are there already");
    const uint32_t index = counters->count;
    if (index >= counters->capacity) return fail(error, B3_ERR_CAPACITY, counters->capacity, "counter: the table is full");

    strcpy(rows[index].name, name);
    strcpy(rows[index].unit, unit);
    strcpy(rows[index].labels, labels);
    rows[index].kind = kind;
    b3_store_release(&counters->count, index + 1);
    return (int32_t)index;
}

uint32_t b3_counters_count(const b3_counters *counters) {
    return b3_load_acquire(&counters->count);
}

const b3_counter_description *b3_counters_read(const b3_counters *counters, uint32_t index, int64_t *value) {
    if (index >= b3_counters_count(counters)) return NULL;
    *value = b3_load_relaxed(&counters->values[index]);
    return &descriptions(counters)[index];
}
