/* risk/{stops,breaker,guard,exit_size}: declared to cffi as they are. */
#include "risk/exit_size.h"
#include "risk/guard.h"
#include "risk/stops.h"

#if 0
/* cdef: begin */
typedef struct b3_stop {
    int64_t loss_raw;
    int64_t best_raw;
    int64_t trigger_raw;
    int32_t side;
    int32_t trailing;
} b3_stop;
void b3_stop_on_position(b3_stop *stop, const b3_guard_config *config, const b3_instrument *instrument, int64_t qty_raw, int64_t cost_raw,
                         const b3_touch *touch);
int b3_stop_on_touch(b3_stop *stop, const b3_guard_config *config, const b3_touch *touch);

typedef struct b3_window {
    int64_t bucket;
    ...;
} b3_window;
typedef struct b3_breaker {
    int64_t bucket_ns;
    ...;
} b3_breaker;
typedef struct b3_finding {
    int64_t limit_raw;
    int64_t value_raw;
} b3_finding;
int b3_breaker_init(b3_breaker *breaker, const b3_guard_config *config, b3_window *mids, uint32_t instrument_count);
void b3_breaker_clear(b3_breaker *breaker);
int64_t b3_drawdown_rate(int64_t peak_raw, int64_t equity_raw);
uint16_t b3_breaker_on_equity(b3_breaker *breaker, const b3_guard_config *config, int64_t now_ns, int64_t equity_raw, int64_t peak_raw,
                              b3_finding *finding);
uint16_t b3_breaker_on_mid(b3_breaker *breaker, const b3_guard_config *config, uint32_t instrument, int64_t now_ns, const b3_touch *touch,
                           b3_finding *finding);
uint16_t b3_breaker_on_request(b3_breaker *breaker, const b3_guard_config *config, int refused, b3_finding *finding);

typedef struct b3_guard {
    b3_standing standing;
    b3_guard_saved saved;
    int64_t equity_raw;
    uint8_t equity_known;
    uint8_t watches_equity;
    uint8_t watches_prices;
    uint8_t timed;
    ...;
} b3_guard;
size_t b3_guard_size(uint32_t instrument_count);
b3_guard *b3_guard_init(void *memory, const b3_guard_config *config, const b3_limits *limits, const b3_guard_saved *saved,
                        uint32_t instrument_count);
int b3_guard_on_exchange_time(b3_guard *guard, int64_t ts_exchange_ns, int64_t now_ns);
void b3_guard_on_equity(b3_guard *guard, int known, int64_t equity_raw);
void b3_guard_start_day(b3_guard *guard);
int b3_guard_open(b3_guard *guard, uint16_t cause, int64_t now_ns);
int b3_guard_on_time(b3_guard *guard, int64_t now_ns);
void b3_guard_kill(b3_guard *guard);
void b3_guard_reset(b3_guard *guard);

int64_t b3_exit_size(const b3_instrument *instrument, const b3_instrument_limits *limits, const b3_touch *touch, uint8_t side,
                     int64_t held_raw);
/* cdef: end */
#endif
