/* Whether trading goes on: the day's loss, the drawdown, the circuit breaker and the kill switch, and what of them survives a restart.
 *
 * Out comes the standing (standing.h), by precedence:
 *   KILLED      until b3_guard_reset
 *   BREAKER     from a cause (breaker.h) until breaker_until_ns by receive time, or a reset; cool_down_ns 0: until a reset alone
 *   DAILY_LOSS  equity at the start of the day - equity >= daily_loss_max_raw
 *   DRAWDOWN    (peak - equity) / peak >= drawdown_max_rate_raw
 * The last two are as equity stands: they end when it recovers, and DAILY_LOSS when a day begins. With one of them on and equity unknown
 * (something held has neither mark nor rate), DAILY_LOSS or DRAWDOWN stands, with value INT64_MAX: it fails closed.
 *
 * The day is UTC by exchange time and never goes back; a time more than a day after the receive time is not believed. Equity at its start
 * is the last one known before its first event; 0 until one is known. The peak is the highest equity that was looked at.
 * The breaker forgets all windows when it opens: after the cool-down a cause has to come again (the drawdown does so by itself).
 */
#ifndef B3_RISK_GUARD_H
#define B3_RISK_GUARD_H

#include "bot3.h"
#include "risk/breaker.h"
#include "risk/standing.h"

typedef struct b3_guard {
    b3_standing standing;
    b3_guard_config config;
    b3_guard_saved saved;
    b3_breaker breaker;
    int64_t daily_loss_max_raw;
    int64_t drawdown_max_rate_raw;
    int64_t equity_raw;
    int64_t next_day_ns; /* exchange time at which the next day begins */
    uint8_t equity_known;
    uint8_t watches_equity; /* a rule depends on it: it is to be looked at whenever it may have changed */
    uint8_t watches_prices;
    uint8_t timed; /* b3_guard_on_time is to be called: the breaker is open, or silence is watched */
} b3_guard;

size_t b3_guard_size(uint32_t instrument_count);
/* memory: zeroed, aligned to 64. NULL: more requests for the reject rate than B3_BREAKER_REQUESTS_MAX. */
b3_guard *b3_guard_init(void *memory, const b3_guard_config *config, const b3_limits *limits, const b3_guard_saved *saved,
                        uint32_t instrument_count);

/* 1: ts_exchange_ns begins another day; the day is then set. */
int b3_guard_on_exchange_time(b3_guard *guard, int64_t ts_exchange_ns, int64_t now_ns);
/* A look at equity; known 0: it cannot be told. */
void b3_guard_on_equity(b3_guard *guard, int known, int64_t equity_raw);
/* The equity last looked at is the day's first. */
void b3_guard_start_day(b3_guard *guard);

/* 1: opened just now. While it is open, or killed, causes change nothing. */
int b3_guard_open(b3_guard *guard, uint16_t cause, int64_t now_ns);
/* 1: the cool-down is over, and it closed just now. */
int b3_guard_on_time(b3_guard *guard, int64_t now_ns);
void b3_guard_kill(b3_guard *guard);
/* Kill switch and breaker off. */
void b3_guard_reset(b3_guard *guard);

static inline int b3_guard_is_open(const b3_guard *guard) {
    return guard->saved.breaker_until_ns != 0;
}

#endif
