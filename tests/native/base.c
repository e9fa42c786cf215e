#include "base.h"

int64_t b3t_clock_wall_ns(void) {
    return b3_clock_wall_ns();
}

int64_t b3t_clock_raw_ns(void) {
    return b3_clock_raw_ns();
}

uint64_t b3t_clock_ticks(const b3_clock *clock) {
    return b3_clock_ticks(clock);
}

int64_t b3t_clock_elapsed_ns(const b3_clock *clock, uint64_t from, uint64_t to) {
    return b3_clock_elapsed_ns(clock, from, to);
}

void b3t_counters_add(b3_counters *counters, int32_t index, int64_t delta) {
    b3_counters_add(counters, index, delta);
}

void b3t_counters_set(b3_counters *counters, int32_t index, int64_t value) {
    b3_counters_set(counters, index, value);
}

int b3t_crc32c_sse42(uint32_t crc, const void *data, size_t len, uint32_t *out) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("pclmul")) {
        *out = b3_crc32c_sse42(crc, data, len);
        return 1;
    }
#else
    (void)crc, (void)data, (void)len, (void)out;
#endif
    return 0;
}

int32_t b3t_mul_div(int64_t a, int64_t b, int64_t divisor, int64_t *out) {
    return b3_mul_div(a, b, divisor, out);
}

int32_t b3t_notional(const b3_instrument *instrument, int64_t price_raw, int64_t qty_raw, int64_t *out) {
    return b3_notional(instrument, price_raw, qty_raw, out);
}

int32_t b3t_add(int64_t a, int64_t b, int64_t *out) {
    return b3_add(a, b, out);
}
