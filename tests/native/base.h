/* base/: what has a symbol is declared to cffi as it is; what is inline gets a wrapper. */
#include "base/alloc.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/counters.h"
#include "base/cpu.h"
#include "base/crc.h"
#include "base/crc_variants.h"
#include "base/decimal.h"
#include "base/hist.h"
#include "base/map.h"
#include "base/money.h"

int64_t b3t_clock_wall_ns(void);
int64_t b3t_clock_raw_ns(void);
uint64_t b3t_clock_ticks(const b3_clock *clock);
int64_t b3t_clock_elapsed_ns(const b3_clock *clock, uint64_t from, uint64_t to);
void b3t_counters_add(b3_counters *counters, int32_t index, int64_t delta);
void b3t_counters_set(b3_counters *counters, int32_t index, int64_t value);
/* 0 when the CPU cannot run it. */
int b3t_crc32c_sse42(uint32_t crc, const void *data, size_t len, uint32_t *out);
int32_t b3t_mul_div(int64_t a, int64_t b, int64_t divisor, int64_t *out);
int32_t b3t_notional(const b3_instrument *instrument, int64_t price_raw, int64_t qty_raw, int64_t *out);
int32_t b3t_add(int64_t a, int64_t b, int64_t *out);

/* For cffi alone: the compiler has the types and functions from the headers above, and checks the module against them. */
#if 0
/* cdef: begin */
void *b3_alloc(size_t bytes);
void *b3_alloc_array(size_t count, size_t element_bytes);
void b3_alloc_free(void *block);
uint64_t b3_alloc_count(void);
const char *b3_alloc_name(void);

enum b3_pages { B3_PAGES_PLAIN, B3_PAGES_TRANSPARENT_HUGE, B3_PAGES_HUGETLB, ... };
#define B3_ARENA_NAMES ...
typedef struct b3_arena_use {
    const char *name;
    uint64_t bytes;
    uint32_t blocks;
    ...;
} b3_arena_use;
typedef struct b3_arena {
    uint8_t *base;
    size_t size;
    size_t used;
    int32_t pages;
    int32_t locked;
    uint32_t use_count;
    b3_arena_use use[...];
    ...;
} b3_arena;
int32_t b3_arena_open(b3_arena *arena, size_t size);
void b3_arena_close(b3_arena *arena);
void *b3_arena_take(b3_arena *arena, const char *name, size_t bytes);

enum b3_clock_source { B3_CLOCK_TSC, B3_CLOCK_MONOTONIC, ... };
#define B3_CLOCK_SHIFT ...
typedef struct b3_clock {
    uint64_t ns_per_tick;
    uint64_t start_ticks;
    int64_t start_ns;
    int32_t source;
    ...;
} b3_clock;
typedef struct b3_clock_drift {
    int64_t span_ns;
    int64_t error_ns;
    int64_t drift_ppb;
    int64_t uncertainty_ns;
    ...;
} b3_clock_drift;
int32_t b3_clock_calibrate(b3_clock *clock, int64_t span_ns);
void b3_clock_recheck(const b3_clock *clock, b3_clock_drift *out);
int64_t b3t_clock_wall_ns(void);
int64_t b3t_clock_raw_ns(void);
uint64_t b3t_clock_ticks(const b3_clock *clock);
int64_t b3t_clock_elapsed_ns(const b3_clock *clock, uint64_t from, uint64_t to);

enum b3_counter_kind { B3_COUNTER, B3_GAUGE, ... };
typedef struct b3_counter_description {
    char name[...];
    char unit[...];
    char labels[...];
    uint32_t kind;
    ...;
} b3_counter_description;
typedef struct b3_counters b3_counters;
size_t b3_counters_size(uint32_t capacity);
b3_counters *b3_counters_init(void *memory, uint32_t capacity);
int32_t b3_counters_define(b3_counters *counters, const char *name, const char *unit, const char *labels, uint32_t kind, b3_error *error);
uint32_t b3_counters_count(const b3_counters *counters);
const b3_counter_description *b3_counters_read(const b3_counters *counters, uint32_t index, int64_t *value);
void b3t_counters_add(b3_counters *counters, int32_t index, int64_t delta);
void b3t_counters_set(b3_counters *counters, int32_t index, int64_t value);

enum b3_isa { B3_ISA_SCALAR, B3_ISA_SSE42, B3_ISA_AVX2, B3_ISA_AVX512, B3_ISA_NEON, ... };
int32_t b3_cpu_isa(void);
const char *b3_cpu_isa_name(int32_t isa);
const char *b3_cpu_isa_error(void);

uint32_t b3_crc32c(uint32_t crc, const void *data, size_t len);
uint32_t b3_crc32c_table(uint32_t crc, const void *data, size_t len);
int b3t_crc32c_sse42(uint32_t crc, const void *data, size_t len, uint32_t *out);

#define B3_DECIMAL_SCALE_MAX ...
#define B3_DECIMAL_TEXT_MAX ...
int32_t b3_decimal_parse(const char *text, size_t len, uint32_t scale, int64_t *raw, b3_error *error);
size_t b3_decimal_format(int64_t raw, uint32_t scale, char *out);

#define B3_HIST_BUCKETS ...
typedef struct b3_hist {
    uint64_t count;
    uint64_t sum_ns;
    uint64_t max_ns;
    uint64_t negative;
    uint64_t buckets[...];
} b3_hist;
void b3_hist_record(b3_hist *hist, int64_t value_ns);
uint64_t b3_hist_quantile(const b3_hist *hist, double q);
void b3_hist_merge(b3_hist *into, const b3_hist *from);

typedef struct b3_map b3_map;
typedef struct b3_map_stats {
    uint64_t capacity;
    uint64_t count;
    uint64_t count_max;
    uint64_t probe_max;
    uint64_t probe_sum;
    uint64_t puts;
} b3_map_stats;
size_t b3_map_size(uint32_t capacity);
b3_map *b3_map_init(void *memory, uint32_t capacity);
int32_t b3_map_put(b3_map *map, uint64_t key, uint64_t value);
int32_t b3_map_get(const b3_map *map, uint64_t key, uint64_t *value);
int32_t b3_map_remove(b3_map *map, uint64_t key);
void b3_map_read_stats(const b3_map *map, b3_map_stats *out);

int32_t b3t_mul_div(int64_t a, int64_t b, int64_t divisor, int64_t *out);
int32_t b3t_notional(const b3_instrument *instrument, int64_t price_raw, int64_t qty_raw, int64_t *out);
int32_t b3t_add(int64_t a, int64_t b, int64_t *out);
/* cdef: end */
#endif
