#include "risk/guard.h"

#include "base/money.h"

#define DAY_NS 86400000000000

static size_t rounded(size_t bytes) {
    return (bytes + 63) & ~(size_t)63;
}

size_t b3_guard_size(uint32_t instrument_count) {
    return rounded(sizeof(b3_guard)) + rounded(instrument_count * sizeof(b3_window)) + rounded(instrument_count);
}

/* ---------------------------------------------------------------- standing */

static void stand(b3_guard *guard, uint16_t rule, int64_t limit, int64_t value) {
    guard->standing.rule = rule;
    guard->standing.limit_raw = limit;
    guard->standing.value_raw = value;
}

static int64_t day_loss(const b3_guard *guard) {
    const b3_int128 loss = (b3_int128)guard->saved.day_start_equity_raw - guard->equity_raw;
    return loss > INT64_MAX ? INT64_MAX : loss < 0 ? 0 : (int64_t)loss;
}

static int is_drawn_down(const b3_guard *guard) {
    const int64_t peak = guard->saved.peak_equity_raw;
    return peak > 0 && ((b3_int128)peak - guard->equity_raw) * b3_pow10[B3_MONEY_SCALE] >= (b3_int128)guard->drawdown_max_rate_raw * peak;
}

static void settle(b3_guard *guard) {
    const b3_guard_saved *saved = &guard->saved;
    const int64_t loss_max = guard->daily_loss_max_raw;
    const int64_t drawdown_max = guard->drawdown_max_rate_raw;
    guard->timed = (uint8_t)(saved->breaker_until_ns != 0 || guard->config.breaker_gap_ns != 0);
    if (saved->killed) stand(guard, B3_RULE_KILLED, 0, 1);
    else if (saved->breaker_until_ns != 0) stand(guard, B3_RULE_BREAKER, saved->breaker_until_ns, (int64_t)saved->breaker_cause);
    else if (loss_max != 0 && !guard->equity_known) stand(guard, B3_RULE_DAILY_LOSS, loss_max, INT64_MAX);
    else if (loss_max != 0 && day_loss(guard) >= loss_max) stand(guard, B3_RULE_DAILY_LOSS, loss_max, day_loss(guard));
    else if (drawdown_max != 0 && !guard->equity_known) stand(guard, B3_RULE_DRAWDOWN, drawdown_max, INT64_MAX);
    else if (drawdown_max != 0 && is_drawn_down(guard))
        stand(guard, B3_RULE_DRAWDOWN, drawdown_max, b3_drawdown_rate(saved->peak_equity_raw, guard->equity_raw));
    else stand(guard, B3_RULE_NONE, 0, 0);
}

b3_guard *b3_guard_init(void *memory, const b3_guard_config *config, const b3_limits *limits, const b3_guard_saved *saved,
                        uint32_t instrument_count) {
    uint8_t *at = memory;
    b3_guard *guard = memory;
    at += rounded(sizeof(b3_guard));
    b3_window *mids = (b3_window *)(void *)at;
    at += rounded(instrument_count * sizeof(b3_window));
    guard->standing.exiting = at;
    guard->config = *config;
    guard->saved = *saved;
    guard->daily_loss_max_raw = limits->daily_loss_max_raw;
    guard->drawdown_max_rate_raw = limits->drawdown_max_rate_raw;
    guard->next_day_ns = saved->day == 0 ? 0 : (saved->day + 1) * DAY_NS;
    const int windows = config->breaker_window_ns != 0;
    guard->watches_equity = (uint8_t)(limits->daily_loss_max_raw != 0 || limits->drawdown_max_rate_raw != 0 ||
                                      config->breaker_drawdown_rate_raw != 0 || (windows && config->breaker_loss_max_raw != 0));
    guard->watches_prices = (uint8_t)(windows && config->breaker_jump_rate_raw != 0);
    if (!b3_breaker_init(&guard->breaker, config, mids, instrument_count)) return NULL;
    settle(guard);
    return guard;
}

/* ---------------------------------------------------------------- day and equity */

int b3_guard_on_exchange_time(b3_guard *guard, int64_t ts_exchange_ns, int64_t now_ns) {
    if (ts_exchange_ns < guard->next_day_ns || ts_exchange_ns <= 0) return 0;
    if (now_ns != 0 && ts_exchange_ns - DAY_NS > now_ns) return 0;
    guard->saved.day = ts_exchange_ns / DAY_NS;
    guard->next_day_ns = (guard->saved.day + 1) * DAY_NS;
    return 1;
}

void b3_guard_start_day(b3_guard *guard) {
    guard->saved.day_start_equity_raw = guard->equity_known ? guard->equity_raw : 0;
    settle(guard);
}

void b3_guard_on_equity(b3_guard *guard, int known, int64_t equity_raw) {
    b3_guard_saved *saved = &guard->saved;
    guard->equity_known = known != 0;
    if (known) {
        guard->equity_raw = equity_raw;
        if (equity_raw > saved->peak_equity_raw) saved->peak_equity_raw = equity_raw;
        if (saved->day != 0 && saved->day_start_equity_raw == 0) saved->day_start_equity_raw = equity_raw;
    }
    settle(guard);
}

/* ---------------------------------------------------------------- breaker and kill switch */

int b3_guard_open(b3_guard *guard, uint16_t cause, int64_t now_ns) {
    b3_guard_saved *saved = &guard->saved;
    if (saved->breaker_until_ns != 0) return 0;
    const int64_t cool_down_ns = guard->config.cool_down_ns;
    if (cool_down_ns == 0 || b3_add(now_ns, cool_down_ns, &saved->breaker_until_ns) != B3_OK) saved->breaker_until_ns = INT64_MAX;
    saved->breaker_cause = cause;
    b3_breaker_clear(&guard->breaker);
    settle(guard);
    return 1;
}

static void close_breaker(b3_guard *guard) {
    guard->saved.breaker_until_ns = 0;
    guard->saved.breaker_cause = B3_RULE_NONE;
    b3_breaker_clear(&guard->breaker);
    settle(guard);
}

int b3_guard_on_time(b3_guard *guard, int64_t now_ns) {
    if (guard->saved.breaker_until_ns == 0 || now_ns < guard->saved.breaker_until_ns) return 0;
    close_breaker(guard);
    return 1;
}

void b3_guard_kill(b3_guard *guard) {
    guard->saved.killed = 1;
    settle(guard);
}

void b3_guard_reset(b3_guard *guard) {
    guard->saved.killed = 0;
    close_breaker(guard);
}
