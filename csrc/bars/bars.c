#include "bars/bars.h"

#include <string.h>

#include "base/money.h"

#define NS_PER_MS INT64_C(1000000)
#define YEAR_NS (INT64_C(366) * 86400 * 1000 * NS_PER_MS)
#define TIME_MAX_NS (INT64_C(7258118400) * 1000 * NS_PER_MS) /* 2200-01-01: so that open + interval + grace cannot overflow */

/* What is left to do when the caller has fetched the bars that are out. */
enum pending { PENDING_NOTHING = 0, PENDING_CLOCK = 1, PENDING_TRADE = 2 };

/* The bar being built. Its sums are exact: notional_wide has price_scale + qty_scale digits, and is rounded once, at the close. */
struct b3_bars {
    int64_t open_ts_ns;
    int64_t close_ts_ns; /* time bars: end of the interval; else time of the last trade */
    int64_t open_raw;
    int64_t high_raw;
    int64_t low_raw;
    int64_t close_raw; /* outlives the bar: the price of empty ones */
    int64_t volume_raw;
    b3_int128 notional_wide;
    uint32_t trade_count;
    uint8_t kind;
    uint8_t started; /* there is a running bar; time bars: from the first trade on, for ever */
    uint8_t dropped; /* time bars: this interval overflowed, it gives no bar */
    uint8_t pending; /* enum pending */
    int64_t size;    /* of the config */
    int64_t grace_ns;
    int32_t extra_digits;     /* of notional_wide, beyond those of money; may be negative */
    b3_int128 notional_full;  /* notional bars: the size, as notional_wide */
    b3_int128 notional_limit; /* the greatest notional_wide that fits a bar */
    b3_trade cause;           /* of what is pending; of the clock, the header alone */
    b3_bars_stats stats;
};

size_t b3_bars_size(void) {
    return (sizeof(b3_bars) + 63) / 64 * 64;
}

/* ---------------------------------------------------------------- set-up */

/* The smallest sum that is worth money_raw. */
static b3_int128 widened(int64_t money_raw, int32_t extra_digits) {
    if (extra_digits >= 0) return (b3_int128)money_raw * b3_pow10[extra_digits];
    return ((b3_int128)money_raw + b3_pow10[-extra_digits] - 1) / b3_pow10[-extra_digits];
}

/* The greatest sum that is INT64_MAX of money at most; rounded half to even: INT64_MAX is odd, a tie would go up. */
static b3_int128 widest(int32_t extra_digits) {
    if (extra_digits > 0) return (b3_int128)INT64_MAX * b3_pow10[extra_digits] + b3_pow10[extra_digits] / 2 - 1;
    return INT64_MAX / b3_pow10[-extra_digits];
}

static int possible(const b3_bars_config *config, const b3_instrument *instrument) {
    if (config->kind < B3_BAR_TIME || config->kind > B3_BAR_NOTIONAL || config->size < 1) return 0;
    if (config->grace_ns < 0 || config->grace_ns > YEAR_NS) return 0;
    if (instrument->price_scale > 10 || instrument->qty_scale > 10) return 0;
    if (config->kind == B3_BAR_TIME) return config->size % NS_PER_MS == 0 && config->size / NS_PER_MS <= UINT32_MAX;
    return config->kind != B3_BAR_TICK || config->size <= UINT32_MAX;
}

int32_t b3_bars_init(void *memory, const b3_bars_config *config, const b3_instrument *instrument) {
    if (!possible(config, instrument)) return B3_ERR_ARGUMENT;
    b3_bars *const bars = memory;
    memset(bars, 0, sizeof *bars);
    bars->kind = config->kind;
    bars->size = config->size;
    bars->grace_ns = config->grace_ns;
    bars->extra_digits = instrument->price_scale + instrument->qty_scale - B3_MONEY_SCALE;
    bars->notional_full = widened(config->size, bars->extra_digits);
    bars->notional_limit = widest(bars->extra_digits);
    return B3_OK;
}

/* ---------------------------------------------------------------- closing */

/* a / b (a >= 0, b > 0), half to even. */
static b3_int128 divide(b3_int128 a, int64_t b) {
    const b3_int128 quotient = a / b;
    const b3_int128 twice = a % b * 2;
    return quotient + (twice > b || (twice == b && (quotient & 1) != 0));
}

static int64_t notional_raw(const b3_bars *bars) {
    if (bars->extra_digits >= 0) return (int64_t)divide(bars->notional_wide, b3_pow10[bars->extra_digits]);
    return (int64_t)(bars->notional_wide * b3_pow10[-bars->extra_digits]);
}

static void reset(b3_bars *bars) {
    bars->volume_raw = 0;
    bars->notional_wide = 0;
    bars->trade_count = 0;
    bars->dropped = 0;
}

static void write_bar(b3_bars *bars, const b3_header *cause, b3_slot *out) {
    const int empty = bars->trade_count == 0;
    const int64_t last = bars->close_raw;
    b3_bar *const bar = (b3_bar *)out;
    *bar = (b3_bar){.hdr = *cause,
                    .open_ts_ns = bars->open_ts_ns,
                    .close_ts_ns = bars->close_ts_ns,
                    .open_raw = empty ? last : bars->open_raw,
                    .high_raw = empty ? last : bars->high_raw,
                    .low_raw = empty ? last : bars->low_raw,
                    .close_raw = last,
                    .volume_raw = bars->volume_raw,
                    .notional_raw = notional_raw(bars),
                    .vwap_raw = empty ? last : (int64_t)divide(bars->notional_wide, bars->volume_raw),
                    .trade_count = bars->trade_count,
                    .interval_ms = bars->kind == B3_BAR_TIME ? (uint32_t)(bars->size / NS_PER_MS) : 0};
    bar->hdr.kind = B3_BAR;
    bar->hdr.flags = (uint8_t)(B3_FLAG_CLOSED | (empty ? B3_FLAG_EMPTY : 0));
    bars->stats.bars++;
    bars->stats.empty += (uint64_t)empty;
}

/* Emits the intervals that close at or before until_ns. Returns how many; at cap there may be more. */
static int32_t close_intervals(b3_bars *bars, const b3_header *cause, int64_t until_ns, b3_slot *out, int32_t cap) {
    int32_t count = 0;
    while (bars->close_ts_ns <= until_ns && count < cap) {
        if (!bars->dropped) write_bar(bars, cause, &out[count++]);
        reset(bars);
        const int64_t missing = (until_ns - bars->close_ts_ns) / bars->size;
        if (missing > B3_BARS_GAP_MAX) {
            bars->close_ts_ns += missing * bars->size;
            bars->stats.skipped += (uint64_t)missing;
        }
        bars->open_ts_ns = bars->close_ts_ns;
        bars->close_ts_ns += bars->size;
    }
    return count;
}

/* ---------------------------------------------------------------- trades */

static int32_t tell(const b3_header *cause, uint16_t code, int64_t a, int64_t b, b3_slot *out) {
    b3_system *const told = (b3_system *)out;
    *told = (b3_system){.hdr = *cause, .code = code, .a = a, .b = b};
    told->hdr.kind = B3_SYSTEM;
    told->hdr.flags = 0;
    return 1;
}

/* How many trades an event stands for; 0 when it is malformed. */
static uint64_t trades_in(const b3_bars *bars, const b3_trade *trade) {
    if (trade->price_raw < 1 || trade->qty_raw < 1) return 0;
    if (bars->kind == B3_BAR_TIME && (trade->hdr.ts_exchange_ns <= 0 || trade->hdr.ts_exchange_ns > TIME_MAX_NS)) return 0;
    if ((trade->hdr.flags & B3_FLAG_AGGREGATE) == 0) return 1;
    if (trade->first_trade_id < 0 || trade->last_trade_id < trade->first_trade_id) return 0;
    return (uint64_t)(trade->last_trade_id - trade->first_trade_id) + 1;
}

static int32_t add_trade(b3_bars *bars, const b3_trade *trade, uint64_t trades) {
    const b3_int128 notional_wide = (b3_int128)trade->price_raw * trade->qty_raw;
    bars->close_raw = trade->price_raw;
    if (trade->qty_raw > INT64_MAX - bars->volume_raw || notional_wide > bars->notional_limit - bars->notional_wide ||
        trades > UINT32_MAX - bars->trade_count)
        return B3_ERR_OVERFLOW;
    if (bars->trade_count == 0) bars->open_raw = bars->high_raw = bars->low_raw = trade->price_raw;
    if (trade->price_raw > bars->high_raw) bars->high_raw = trade->price_raw;
    if (trade->price_raw < bars->low_raw) bars->low_raw = trade->price_raw;
    bars->volume_raw += trade->qty_raw;
    bars->notional_wide += notional_wide;
    bars->trade_count += (uint32_t)trades;
    return B3_OK;
}

static int32_t overflowed(b3_bars *bars, const b3_trade *trade, b3_slot *out) {
    reset(bars);
    bars->dropped = bars->kind == B3_BAR_TIME;
    bars->started = bars->dropped;
    bars->stats.overflows++;
    return tell(&trade->hdr, B3_SYS_BAD_MESSAGE, B3_ERR_OVERFLOW, 0, out);
}

static int full(const b3_bars *bars) {
    if (bars->kind == B3_BAR_TICK) return bars->trade_count >= bars->size;
    if (bars->kind == B3_BAR_VOLUME) return bars->volume_raw >= bars->size;
    return bars->notional_wide >= bars->notional_full;
}

/* Tick, volume and notional bars. */
static int32_t count_trade(b3_bars *bars, const b3_trade *trade, uint64_t trades, b3_slot *out) {
    if (!bars->started) bars->open_ts_ns = trade->hdr.ts_exchange_ns;
    bars->started = 1;
    bars->close_ts_ns = trade->hdr.ts_exchange_ns;
    if (add_trade(bars, trade, trades) != B3_OK) return overflowed(bars, trade, out);
    if (!full(bars)) return 0;
    write_bar(bars, &trade->hdr, out);
    reset(bars);
    bars->started = 0;
    return 1;
}

static int32_t time_trade(b3_bars *bars, const b3_trade *trade, uint64_t trades, b3_slot *out, int32_t cap) {
    const int64_t ts_ns = trade->hdr.ts_exchange_ns;
    if (!bars->started) {
        bars->started = 1;
        bars->open_ts_ns = ts_ns - ts_ns % bars->size;
        bars->close_ts_ns = bars->open_ts_ns + bars->size;
    }
    if (ts_ns < bars->open_ts_ns) {
        bars->stats.late_trades++;
        return tell(&trade->hdr, B3_SYS_LATE_TRADE, ts_ns, bars->open_ts_ns, out);
    }
    const int32_t count = close_intervals(bars, &trade->hdr, ts_ns, out, cap);
    if (count == cap) {
        bars->cause = *trade;
        bars->pending = PENDING_TRADE;
        return count;
    }
    if (bars->dropped) {
        bars->close_raw = trade->price_raw;
        return count;
    }
    if (add_trade(bars, trade, trades) == B3_OK) return count;
    return count + overflowed(bars, trade, &out[count]);
}

static int32_t on_trade(b3_bars *bars, const b3_trade *trade, b3_slot *out, int32_t cap) {
    const uint64_t trades = trades_in(bars, trade);
    if (trades == 0) {
        bars->stats.bad_trades++;
        return tell(&trade->hdr, B3_SYS_BAD_MESSAGE, B3_ERR_ARGUMENT, 0, out);
    }
    return bars->kind == B3_BAR_TIME ? time_trade(bars, trade, trades, out, cap) : count_trade(bars, trade, trades, out);
}

/* ---------------------------------------------------------------- the stage */

static int32_t on_clock(b3_bars *bars, const b3_header *event, b3_slot *out, int32_t cap) {
    if (!bars->started || bars->kind != B3_BAR_TIME) return 0;
    if (event->ts_exchange_ns <= 0 || event->ts_exchange_ns > TIME_MAX_NS) return 0;
    const int32_t count = close_intervals(bars, event, event->ts_exchange_ns - bars->grace_ns, out, cap);
    if (count == cap) {
        bars->cause.hdr = *event;
        bars->pending = PENDING_CLOCK;
    }
    return count;
}

int32_t b3_bars_on_event(void *state, const b3_header *event, const b3_view *view, b3_slot *out, int32_t cap) {
    (void)view;
    b3_bars *const bars = state;
    if (cap < 1) return B3_ERR_ARGUMENT;
    if (event != NULL) {
        if (bars->pending != PENDING_NOTHING) return B3_ERR_STATE;
        return event->kind == B3_TRADE ? on_trade(bars, (const b3_trade *)event, out, cap) : on_clock(bars, event, out, cap);
    }
    const uint8_t pending = bars->pending;
    const b3_trade cause = bars->cause;
    bars->pending = PENDING_NOTHING;
    if (pending == PENDING_NOTHING) return 0;
    return pending == PENDING_TRADE ? on_trade(bars, &cause, out, cap) : on_clock(bars, &cause.hdr, out, cap);
}

void b3_bars_read_stats(const b3_bars *bars, b3_bars_stats *out) {
    *out = bars->stats;
}
