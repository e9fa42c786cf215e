/* Names and sizes of what bot3.h numbers. Static text; any thread. */
#include "base/cpu.h"
#include "bot3.h"

#define STRINGIFY(x) #x
#define VERSION_TEXT(x) STRINGIFY(x)

static const char *const outcome_names[] = {
    [B3_OK] = "B3_OK",   [B3_EMPTY] = "B3_EMPTY", [B3_FULL] = "B3_FULL",
    [B3_END] = "B3_END", [B3_YIELD] = "B3_YIELD", [B3_STOPPED] = "B3_STOPPED",
};

static const char *const fault_names[] = {
    [-B3_ERR_ARGUMENT] = "B3_ERR_ARGUMENT",   [-B3_ERR_MEMORY] = "B3_ERR_MEMORY",           [-B3_ERR_IO] = "B3_ERR_IO",
    [-B3_ERR_CAPACITY] = "B3_ERR_CAPACITY",   [-B3_ERR_FORMAT] = "B3_ERR_FORMAT",           [-B3_ERR_CORRUPT] = "B3_ERR_CORRUPT",
    [-B3_ERR_TRUNCATED] = "B3_ERR_TRUNCATED", [-B3_ERR_VERSION] = "B3_ERR_VERSION",         [-B3_ERR_OVERFLOW] = "B3_ERR_OVERFLOW",
    [-B3_ERR_PRECISION] = "B3_ERR_PRECISION", [-B3_ERR_SYMBOL] = "B3_ERR_SYMBOL",           [-B3_ERR_STATE] = "B3_ERR_STATE",
    [-B3_ERR_MISMATCH] = "B3_ERR_MISMATCH",   [-B3_ERR_UNSUPPORTED] = "B3_ERR_UNSUPPORTED",
};

static const char *const rule_names[B3_RULE_END] = {
    [B3_RULE_NONE] = "none",
    [B3_RULE_QTY_MAX] = "qty_max",
    [B3_RULE_NOTIONAL_MAX] = "notional_max",
    [B3_RULE_POSITION_MAX] = "position_max",
    [B3_RULE_EXPOSURE_MAX] = "exposure_max",
    [B3_RULE_ORDER_RATE] = "order_rate",
    [B3_RULE_HALTED] = "halted",
    [B3_RULE_STALE] = "stale",
    [B3_RULE_CROSSED] = "crossed",
    [B3_RULE_NO_TOUCH] = "no_touch",
    [B3_RULE_CASH] = "cash",
    [B3_RULE_OPEN_ORDERS] = "open_orders",
    [B3_RULE_DUPLICATE_ID] = "duplicate_id",
    [B3_RULE_UNKNOWN_ORDER] = "unknown_order",
    [B3_RULE_MALFORMED] = "malformed",
    [B3_RULE_OVERFLOW] = "overflow",
    [B3_RULE_NOT_TRADING] = "not_trading",
    [B3_RULE_PRICE_FILTER] = "price_filter",
    [B3_RULE_LOT_SIZE] = "lot_size",
    [B3_RULE_MARKET_LOT_SIZE] = "market_lot_size",
    [B3_RULE_MIN_NOTIONAL] = "min_notional",
    [B3_RULE_MAX_NOTIONAL] = "max_notional",
    [B3_RULE_PERCENT_PRICE] = "percent_price",
    [B3_RULE_MAX_POSITION] = "max_position",
    [B3_RULE_MAX_NUM_ORDERS] = "max_num_orders",
    [B3_RULE_POST_ONLY] = "post_only",
    [B3_RULE_FOK] = "fok",
    [B3_RULE_NO_LIQUIDITY] = "no_liquidity",
    [B3_RULE_PRICE_COLLAR] = "price_collar",
    [B3_RULE_NET_EXPOSURE_MAX] = "net_exposure_max",
    [B3_RULE_OPEN_POSITIONS] = "open_positions",
    [B3_RULE_SELF_CROSS] = "self_cross",
    [B3_RULE_FEED_LATE] = "feed_late",
    [B3_RULE_DAILY_LOSS] = "daily_loss",
    [B3_RULE_DRAWDOWN] = "drawdown",
    [B3_RULE_BREAKER] = "breaker",
    [B3_RULE_KILLED] = "killed",
    [B3_RULE_EXIT] = "exit",
    [B3_RULE_REDUCE_ONLY] = "reduce_only",
    [B3_RULE_LOTS] = "lots",
    [B3_RULE_SHADOW] = "shadow",
    [B3_RULE_REJECTS] = "rejects",
    [B3_RULE_PRICE_JUMP] = "price_jump",
    [B3_RULE_LATENCY] = "latency",
    [B3_RULE_MESSAGE_GAP] = "message_gap",
    [B3_RULE_LOSS] = "loss",
    [B3_RULE_WOULD_TRIGGER] = "would_trigger",
};

static const struct {
    const char *name;
    size_t size;
} kinds[B3_KIND_END] = {
    [B3_LEVEL] = {"level", sizeof(b3_level)},
    [B3_TRADE] = {"trade", sizeof(b3_trade)},
    [B3_QUOTE] = {"quote", sizeof(b3_quote)},
    [B3_BAR] = {"bar", sizeof(b3_bar)},
    [B3_TIMER] = {"timer", sizeof(b3_timer)},
    [B3_SIGNAL] = {"signal", sizeof(b3_signal)},
    [B3_REQUEST] = {"request", sizeof(b3_request)},
    [B3_UPDATE] = {"update", sizeof(b3_update)},
    [B3_POSITION] = {"position", sizeof(b3_position)},
    [B3_BALANCE] = {"balance", sizeof(b3_balance)},
    [B3_RATE] = {"rate", sizeof(b3_rate)},
    [B3_FUNDING] = {"funding", sizeof(b3_funding)},
    [B3_DECISION] = {"decision", sizeof(b3_decision)},
    [B3_SYSTEM] = {"system", sizeof(b3_system)},
    [B3_EQUITY] = {"equity", sizeof(b3_equity)},
};

#define EVENT_FITS(type) _Static_assert(sizeof(type) <= B3_EVENT_MAX && sizeof(type) % 8 == 0, #type " does not fit a slot")
EVENT_FITS(b3_level);
EVENT_FITS(b3_trade);
EVENT_FITS(b3_quote);
EVENT_FITS(b3_bar);
EVENT_FITS(b3_timer);
EVENT_FITS(b3_signal);
EVENT_FITS(b3_request);
EVENT_FITS(b3_update);
EVENT_FITS(b3_position);
EVENT_FITS(b3_balance);
EVENT_FITS(b3_rate);
EVENT_FITS(b3_funding);
EVENT_FITS(b3_decision);
EVENT_FITS(b3_system);
EVENT_FITS(b3_equity);
_Static_assert(sizeof(b3_slot) == B3_EVENT_MAX, "a slot holds the largest event");

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

const char *b3_version(void) {
    return VERSION_TEXT(B3_VERSION);
}

const char *b3_isa_name(void) {
    return b3_cpu_isa_name(b3_cpu_isa());
}

const char *b3_isa_error(void) {
    return b3_cpu_isa_error();
}

const char *b3_status_name(int32_t status) {
    if (status >= 0 && (size_t)status < COUNT_OF(outcome_names)) return outcome_names[status];
    if (status < 0 && status > -(int32_t)COUNT_OF(fault_names)) return fault_names[-status];
    return "unknown status";
}

const char *b3_rule_name(uint16_t rule) {
    return rule < B3_RULE_END ? rule_names[rule] : NULL;
}

const char *b3_kind_name(uint16_t kind) {
    return kind < B3_KIND_END ? kinds[kind].name : NULL;
}

size_t b3_event_size(uint16_t kind) {
    return kind < B3_KIND_END ? kinds[kind].size : 0;
}
