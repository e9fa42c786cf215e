#include "risk/breaker.h"

#include "base/money.h"

static const int64_t ONE = 100000000; /* a rate of 100 % */

/* ---------------------------------------------------------------- windows */

static void window_clear(b3_window *window) {
    window->bucket = 0;
    window->low_before = INT64_MAX;
    window->high_before = INT64_MIN;
    for (uint32_t i = 0; i < B3_WINDOW_BUCKETS; i++) {
        window->low[i] = INT64_MAX;
        window->high[i] = INT64_MIN;
    }
}

/* The buckets that have left the window are emptied, the others summed up. */
static void window_advance(b3_window *window, int64_t bucket) {
    const int64_t passed = bucket - window->bucket;
    for (int64_t i = 1; i <= passed && i <= B3_WINDOW_BUCKETS; i++) {
        const uint64_t at = (uint64_t)(window->bucket + i) % B3_WINDOW_BUCKETS;
        window->low[at] = INT64_MAX;
        window->high[at] = INT64_MIN;
    }
    window->bucket = bucket;
    window->low_before = INT64_MAX;
    window->high_before = INT64_MIN;
    for (uint32_t i = 0; i < B3_WINDOW_BUCKETS; i++) { /* the newest is empty */
        if (window->low[i] < window->low_before) window->low_before = window->low[i];
        if (window->high[i] > window->high_before) window->high_before = window->high[i];
    }
}

/* Puts a value in; *low and *high are then of the whole window. */
static void window_put(b3_window *window, int64_t bucket, int64_t value, int64_t *low, int64_t *high) {
    if (bucket > window->bucket) window_advance(window, bucket);
    int64_t *newest_low = &window->low[(uint64_t)window->bucket % B3_WINDOW_BUCKETS];
    int64_t *newest_high = &window->high[(uint64_t)window->bucket % B3_WINDOW_BUCKETS];
    if (value < *newest_low) *newest_low = value;
    if (value > *newest_high) *newest_high = value;
    *low = *newest_low < window->low_before ? *newest_low : window->low_before;
    *high = *newest_high > window->high_before ? *newest_high : window->high_before;
}

/* ---------------------------------------------------------------- causes */

int b3_breaker_init(b3_breaker *breaker, const b3_guard_config *config, b3_window *mids, uint32_t instrument_count) {
    breaker->mids = mids;
    breaker->instrument_count = instrument_count;
    breaker->bucket_ns = (config->breaker_window_ns + B3_WINDOW_BUCKETS - 1) / B3_WINDOW_BUCKETS;
    b3_breaker_clear(breaker);
    return config->breaker_reject_count <= B3_BREAKER_REQUESTS_MAX;
}

void b3_breaker_clear(b3_breaker *breaker) {
    window_clear(&breaker->equity);
    for (uint32_t i = 0; i < breaker->instrument_count; i++) window_clear(&breaker->mids[i]);
    breaker->requests = breaker->refusals = breaker->next = 0;
}

int64_t b3_drawdown_rate(int64_t peak_raw, int64_t equity_raw) {
    if (peak_raw <= 0 || equity_raw >= peak_raw) return 0;
    const b3_int128 rate = ((b3_int128)peak_raw - equity_raw) * ONE / peak_raw;
    return rate > INT64_MAX ? INT64_MAX : (int64_t)rate;
}

static uint16_t found(uint16_t cause, b3_finding *finding, int64_t limit, int64_t value) {
    *finding = (b3_finding){.limit_raw = limit, .value_raw = value};
    return cause;
}

uint16_t b3_breaker_on_equity(b3_breaker *breaker, const b3_guard_config *config, int64_t now_ns, int64_t equity_raw, int64_t peak_raw,
                              b3_finding *finding) {
    if (config->breaker_loss_max_raw != 0 && breaker->bucket_ns != 0) {
        int64_t low = 0;
        int64_t high = 0;
        window_put(&breaker->equity, now_ns / breaker->bucket_ns, equity_raw, &low, &high);
        const b3_int128 loss = (b3_int128)high - equity_raw;
        if (loss >= config->breaker_loss_max_raw)
            return found(B3_RULE_LOSS, finding, config->breaker_loss_max_raw, loss > INT64_MAX ? INT64_MAX : (int64_t)loss);
    }
    const int64_t rate = config->breaker_drawdown_rate_raw;
    if (rate != 0 && peak_raw > 0 && ((b3_int128)peak_raw - equity_raw) * ONE >= (b3_int128)rate * peak_raw)
        return found(B3_RULE_DRAWDOWN, finding, rate, b3_drawdown_rate(peak_raw, equity_raw));
    return B3_RULE_NONE;
}

uint16_t b3_breaker_on_mid(b3_breaker *breaker, const b3_guard_config *config, uint32_t instrument, int64_t now_ns, const b3_touch *touch,
                           b3_finding *finding) {
    const int64_t rate = config->breaker_jump_rate_raw;
    int64_t twice = 0; /* the mid, without a half */
    if (rate == 0 || breaker->bucket_ns == 0 || touch->bid_qty_raw <= 0 || touch->ask_qty_raw <= 0) return B3_RULE_NONE;
    if (b3_add(touch->bid_price_raw, touch->ask_price_raw, &twice) != B3_OK) return B3_RULE_NONE;
    int64_t low = 0;
    int64_t high = 0;
    window_put(&breaker->mids[instrument], now_ns / breaker->bucket_ns, twice, &low, &high);
    const b3_int128 now = (b3_int128)twice * ONE;
    if (now >= (b3_int128)low * (ONE + rate)) return found(B3_RULE_PRICE_JUMP, finding, low / 2, twice / 2);
    if (now <= (b3_int128)high * (ONE - rate)) return found(B3_RULE_PRICE_JUMP, finding, high / 2, twice / 2);
    return B3_RULE_NONE;
}

uint16_t b3_breaker_on_request(b3_breaker *breaker, const b3_guard_config *config, int refused, b3_finding *finding) {
    const uint32_t count = config->breaker_reject_count;
    if (count == 0 || config->breaker_reject_rate_raw == 0) return B3_RULE_NONE;
    if (breaker->requests == count) breaker->refusals -= breaker->refused[breaker->next];
    else breaker->requests++;
    breaker->refused[breaker->next] = (uint8_t)(refused != 0);
    breaker->refusals += refused != 0;
    breaker->next = breaker->next + 1 == count ? 0 : breaker->next + 1;
    if (breaker->requests < count || breaker->refusals * ONE < config->breaker_reject_rate_raw * count) return B3_RULE_NONE;
    return found(B3_RULE_REJECTS, finding, count, breaker->refusals);
}
