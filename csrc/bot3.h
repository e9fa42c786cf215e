/* bot3.h: the public contract of the bot3 core.
 *
 * What crosses a border (stage to stage, process to process, C to Python, memory to disk) is declared here and nowhere else:
 * bot3/ffi slices its declarations from between the cdef marks, numpy dtypes and the Arrow schema are derived from those.
 *
 * Conventions
 *   _raw    integer at a decimal scale. Prices and quantities: the instrument's price_scale / qty_scale digits.
 *           Money (fees, cost, P&L, balances): always 8 digits, of the currency named beside it.
 *   _ns     UTC nanoseconds since 1970, or a duration. A wall time of 0 means unknown.
 *   int32_t results  0 done, > 0 an outcome (b3_outcome) or a count where the call says so, < 0 a fault (b3_fault).
 *   handles opaque, made by _new, released by _free (NULL is allowed there). One thread at a time a handle.
 *   _blocking calls may run long: the Python boundary releases the GIL for them, and for them alone.
 */
#ifndef BOT3_H
#define BOT3_H

#include <stddef.h>
#include <stdint.h>

/* The core is built with hidden visibility: what is declared here is what it exports. */
#pragma GCC visibility push(default)

/* cdef: begin */

/* ---------------------------------------------------------------- results */

enum b3_outcome {
    B3_OK = 0,
    B3_EMPTY = 1, /* nothing there now */
    B3_FULL = 2,  /* no room: drain, then call again; nothing was lost */
    B3_END = 3,   /* the input is at its end */
    B3_YIELD = 4, /* the control plane is asked to act before the next input */
    B3_STOPPED = 5,
};

enum b3_fault {
    B3_ERR_ARGUMENT = -1,
    B3_ERR_MEMORY = -2,
    B3_ERR_IO = -3,         /* b3_error.os_errno says which */
    B3_ERR_CAPACITY = -4,   /* a fixed capacity is exhausted; b3_error.value says which size */
    B3_ERR_FORMAT = -5,     /* bytes that are not what they should be; position says where */
    B3_ERR_CORRUPT = -6,    /* a checksum does not match */
    B3_ERR_TRUNCATED = -7,  /* the bytes end inside a record or message */
    B3_ERR_VERSION = -8,    /* written by a version that this one cannot read */
    B3_ERR_OVERFLOW = -9,   /* a number does not fit */
    B3_ERR_PRECISION = -10, /* a decimal is finer than the scale */
    B3_ERR_SYMBOL = -11,    /* a message of a symbol that nobody asked for */
    B3_ERR_STATE = -12,     /* not possible now: closed, not started, already there */
    B3_ERR_MISMATCH = -13,  /* a replay differs from its journal */
    B3_ERR_UNSUPPORTED = -14,
};

/* Where a fault happened. Filled only when a call fails. what: static text, never freed. */
typedef struct b3_error {
    int32_t status;
    int32_t os_errno;
    uint64_t position; /* byte offset, record number or index: what says which */
    int64_t value;     /* the offending value, or the limit it passed */
    const char *what;
} b3_error;

/* ---------------------------------------------------------------- events
 *
 * Plain structs of fixed-width fields. Every event starts with b3_header and is at most B3_EVENT_MAX bytes. Fields are added at the
 * end and never moved: a reader of older bytes zero-fills what they lack, a reader of newer ones drops what it does not know.
 */

#define B3_EVENT_MAX 120 /* a ring slot is 128 bytes: 8 of its own sequence + the event */

enum b3_kind {
    B3_LEVEL = 1, /* one price level of a depth message or snapshot */
    B3_TRADE = 2,
    B3_QUOTE = 3, /* best bid and ask */
    B3_BAR = 4,
    B3_TIMER = 5,
    B3_SIGNAL = 6,
    B3_REQUEST = 7, /* what we want of an order: new, cancel, replace */
    B3_UPDATE = 8,  /* what became of it: ack, fill, reject, ... */
    B3_POSITION = 9,
    B3_BALANCE = 10,
    B3_RATE = 11, /* conversion rate between two currencies */
    B3_FUNDING = 12,
    B3_DECISION = 13, /* of risk, on a request */
    B3_SYSTEM = 14,
    B3_EQUITY = 15, /* what the account is worth */
    B3_KIND_END = 16,
};

/* Where ts_recv_ns comes from. */
enum b3_stamp { B3_STAMP_NONE = 0, B3_STAMP_SOFTWARE = 1, B3_STAMP_KERNEL = 2, B3_STAMP_NIC = 3, B3_STAMP_RECORDED = 4 };

/* b3_header.flags; the meaning of a bit depends on the kind */
#define B3_FLAG_LAST 0x01        /* LEVEL: last one of its message: the book changes visibly here */
#define B3_FLAG_SNAPSHOT 0x02    /* LEVEL: of a snapshot, which replaces the book */
#define B3_FLAG_ASK 0x04         /* LEVEL: ask side, else bid */
#define B3_FLAG_NO_LEVEL 0x08    /* LEVEL: carries update ids alone (a message that changes no level); price and qty are 0 */
#define B3_FLAG_CHAINED 0x10     /* LEVEL: prev_update_id is valid (futures) */
#define B3_FLAG_BUYER_MAKER 0x01 /* TRADE: the seller was the taker */
#define B3_FLAG_AGGREGATE 0x02   /* TRADE: several fills of one taker order at one price */
#define B3_FLAG_DEPTH 0x01       /* QUOTE: from the depth book, else from the venue's ticker */
#define B3_FLAG_EMPTY 0x01       /* BAR: no trade in the interval; prices repeat the last close */
#define B3_FLAG_VENUE 0x02       /* BAR: the venue's own (kline), not built by us */
#define B3_FLAG_CLOSED 0x04      /* BAR: final; ours always are */
#define B3_FLAG_REDUCE_ONLY 0x01 /* REQUEST: refused unless it makes the position smaller, with all that is pending counted against it */
#define B3_FLAG_EXIT 0x02        /* REQUEST: made by the engine itself: takes a position out (a stop, flatten), or clears the way for it */
#define B3_FLAG_TRAILING 0x01    /* SYSTEM, of B3_SYS_STOP: the trailing stop, else the stop-loss */
#define B3_FLAG_INCOMPLETE 0x01  /* POSITION: fees_raw lacks a fee whose currency has no conversion rate */
#define B3_FLAG_CANCEL_REJECT                                                                                                              \
    0x01                       /* UPDATE: a cancel or replace of this order was refused, rule says why; state: UNKNOWN, the order stands */
#define B3_FLAG_TRIGGERED 0x02 /* UPDATE: the stop price was reached: a STOP is a market order now, a STOP_LIMIT a limit order */

typedef struct b3_header {
    uint16_t kind;
    uint8_t version; /* of this kind's layout */
    uint8_t flags;
    uint16_t venue;
    uint16_t account;
    uint32_t instrument; /* index in the engine's instrument table */
    uint16_t strategy;   /* 0: none; else 1 + index in the engine's strategy table */
    uint8_t stamp;       /* b3_stamp */
    uint8_t reserved;
    int64_t ts_exchange_ns;
    int64_t ts_recv_ns;
    uint64_t input_no; /* of the input that this event is or follows from; 1 is the first */
} b3_header;

typedef struct b3_level {
    b3_header hdr;
    int64_t price_raw;
    int64_t qty_raw; /* new total at the price; 0 removes it */
    int64_t first_update_id;
    int64_t last_update_id;
    int64_t prev_update_id; /* with B3_FLAG_CHAINED: last_update_id of the message before */
} b3_level;

typedef struct b3_trade {
    b3_header hdr;
    int64_t price_raw;
    int64_t qty_raw;
    int64_t trade_id;       /* of an aggregate: the aggregate's id */
    int64_t first_trade_id; /* equal to trade_id unless B3_FLAG_AGGREGATE */
    int64_t last_trade_id;
} b3_trade;

typedef struct b3_quote {
    b3_header hdr;
    int64_t bid_price_raw; /* 0 with bid_qty_raw 0: no bid */
    int64_t bid_qty_raw;
    int64_t ask_price_raw;
    int64_t ask_qty_raw;
    int64_t update_id;
} b3_quote;

typedef struct b3_bar {
    b3_header hdr;
    int64_t open_ts_ns;  /* the interval is [open_ts_ns, close_ts_ns) in exchange time */
    int64_t close_ts_ns; /* of tick, volume and notional bars: time of the last trade */
    int64_t open_raw;
    int64_t high_raw;
    int64_t low_raw;
    int64_t close_raw;
    int64_t volume_raw;
    int64_t notional_raw; /* sum of price x quantity, 8 digits of the quote currency */
    int64_t vwap_raw;     /* notional / volume at price_scale, half to even; the close when volume is 0 */
    uint32_t trade_count;
    uint32_t interval_ms; /* of time bars; else 0 */
} b3_bar;

typedef struct b3_timer {
    b3_header hdr;
    int64_t due_ns;
    uint64_t token; /* chosen by whoever asked for the timer */
} b3_timer;

typedef struct b3_signal {
    b3_header hdr;
    double value;
    uint32_t signal; /* index in the strategy's signal names */
    uint32_t reserved;
} b3_signal;

enum b3_side { B3_BUY = 1, B3_SELL = 2 };
enum b3_action { B3_NEW = 1, B3_CANCEL = 2, B3_REPLACE = 3 };
enum b3_order_type {
    B3_MARKET = 1,
    B3_LIMIT = 2,
    B3_STOP = 3,       /* a market order once the touch reaches stop_price_raw: a sell's the bid, a buy's the ask */
    B3_STOP_LIMIT = 4, /* the same, then a limit order at price_raw */
};
enum b3_tif { B3_GTC = 1, B3_IOC = 2, B3_FOK = 3, B3_POST_ONLY = 4 };

typedef struct b3_request {
    b3_header hdr;
    uint8_t action;
    uint8_t side;
    uint8_t order_type;
    uint8_t tif;
    uint32_t reserved;
    uint64_t order_id;      /* ours; 0 in a NEW or REPLACE from a strategy: the engine gives the next one */
    uint64_t orig_order_id; /* CANCEL, REPLACE: the order meant */
    int64_t price_raw;      /* LIMIT, STOP_LIMIT */
    int64_t qty_raw;
    int64_t stop_price_raw; /* STOP, STOP_LIMIT; else 0 */
} b3_request;

enum b3_order_state {
    B3_PENDING_NEW = 1,
    B3_WORKING = 2,
    B3_PARTIALLY_FILLED = 3,
    B3_FILLED = 4,
    B3_PENDING_CANCEL = 5,
    B3_CANCELED = 6,
    B3_REJECTED = 7,
    B3_EXPIRED = 8,
    B3_UNKNOWN = 9, /* sent, and the venue has not told: never assume */
};

enum b3_liquidity { B3_MAKER = 1, B3_TAKER = 2 };

typedef struct b3_update {
    b3_header hdr;
    uint8_t state; /* b3_order_state after this update */
    uint8_t side;
    uint8_t order_type;
    uint8_t liquidity; /* of a fill, else 0 */
    uint16_t rule;     /* b3_rule, of a reject */
    uint16_t fee_currency;
    uint64_t order_id;
    uint64_t venue_order_id;
    uint64_t exec_id;       /* of a fill, unique at the venue; else 0 */
    int64_t price_raw;      /* the order's limit; 0 for MARKET */
    int64_t qty_raw;        /* the order's quantity */
    int64_t last_price_raw; /* of this fill */
    int64_t last_qty_raw;
    int64_t cum_qty_raw; /* filled so far, this fill included */
    int64_t fee_raw;     /* of this fill; positive is paid */
} b3_update;

/* hdr.strategy 0: of the account; else of what that strategy has traded. */
typedef struct b3_position {
    b3_header hdr;
    int64_t qty_raw;        /* positive long; net of fees paid in the base currency */
    int64_t cost_raw;       /* total cost of what is held, signed as qty; quote currency */
    int64_t realized_raw;   /* before fees, by the method of the account */
    int64_t fees_raw;       /* paid so far, in the quote currency: others converted when they were paid */
    int64_t unrealized_raw; /* at mark_price_raw */
    int64_t mark_price_raw;
    uint32_t currency; /* of the money fields */
    uint32_t reserved;
} b3_position;

typedef struct b3_balance {
    b3_header hdr;
    int64_t total_raw;
    int64_t locked_raw; /* held by open orders */
    uint32_t currency;
    uint32_t reserved;
} b3_balance;

/* After a fill and at each bar; none while something that is held has no value (csrc/risk/account.h says how it is valued). */
typedef struct b3_equity {
    b3_header hdr;
    int64_t equity_raw;
    uint32_t currency; /* the reporting currency */
    uint32_t reserved;
} b3_equity;

/* Before the position events of a fill: its fee was in base, and was converted into the instrument's quote currency at this rate. */
typedef struct b3_rate {
    b3_header hdr;
    int64_t rate_raw; /* 8 digits: one unit of base in quote */
    uint32_t base;
    uint32_t quote;
} b3_rate;

typedef struct b3_funding {
    b3_header hdr;
    int64_t rate_raw; /* 8 digits */
    int64_t amount_raw;
    int64_t due_ns;
    uint32_t currency;
    uint32_t reserved;
} b3_funding;

/* Why risk, the OMS or the venue said no. Counted by name in the summary. */
enum b3_rule {
    B3_RULE_NONE = 0,
    B3_RULE_QTY_MAX = 1,      /* our limit on one order's quantity */
    B3_RULE_NOTIONAL_MAX = 2, /* our limit on one order's notional */
    B3_RULE_POSITION_MAX = 3, /* position plus all that is pending, worst case */
    B3_RULE_EXPOSURE_MAX = 4, /* notional exposure over all instruments, worst case */
    B3_RULE_ORDER_RATE = 5,
    B3_RULE_HALTED = 6,
    B3_RULE_STALE = 7,
    B3_RULE_CROSSED = 8,
    B3_RULE_NO_TOUCH = 9,
    B3_RULE_CASH = 10,
    B3_RULE_OPEN_ORDERS = 11,
    B3_RULE_DUPLICATE_ID = 12,
    B3_RULE_UNKNOWN_ORDER = 13,
    B3_RULE_MALFORMED = 14, /* a field outside its enum, a quantity <= 0 */
    B3_RULE_OVERFLOW = 15,
    B3_RULE_NOT_TRADING = 16, /* the venue's status of the instrument */
    B3_RULE_PRICE_FILTER = 17,
    B3_RULE_LOT_SIZE = 18,
    B3_RULE_MARKET_LOT_SIZE = 19,
    B3_RULE_MIN_NOTIONAL = 20,
    B3_RULE_MAX_NOTIONAL = 21,
    B3_RULE_PERCENT_PRICE = 22,
    B3_RULE_MAX_POSITION = 23, /* the venue's filter */
    B3_RULE_MAX_NUM_ORDERS = 24,
    B3_RULE_POST_ONLY = 25,
    B3_RULE_FOK = 26,
    B3_RULE_NO_LIQUIDITY = 27,
    B3_RULE_PRICE_COLLAR = 28,     /* too far through the touch */
    B3_RULE_NET_EXPOSURE_MAX = 29, /* |sum of signed worst-case exposures| */
    B3_RULE_OPEN_POSITIONS = 30,   /* instruments held or about to be */
    B3_RULE_SELF_CROSS = 31,       /* would trade with an order of our own */
    B3_RULE_FEED_LATE = 32,        /* market data later than the estimated clock offset explains */
    B3_RULE_DAILY_LOSS = 33,
    B3_RULE_DRAWDOWN = 34, /* from the peak of equity */
    B3_RULE_BREAKER = 35,  /* the circuit breaker is open */
    B3_RULE_KILLED = 36,   /* the kill switch is on until a person resets it */
    B3_RULE_EXIT = 37,     /* a stop is taking this position out: nothing else may */
    B3_RULE_REDUCE_ONLY = 38,
    B3_RULE_LOTS = 39,          /* no room to remember another lot (FIFO, LIFO) */
    B3_RULE_SHADOW = 40,        /* allowed, but this run sends nothing */
    B3_RULE_REJECTS = 41,       /* cause of a breaker: too many refusals */
    B3_RULE_PRICE_JUMP = 42,    /* cause of a breaker */
    B3_RULE_LATENCY = 43,       /* cause of a breaker: the venue answers late */
    B3_RULE_MESSAGE_GAP = 44,   /* cause of a breaker: silence */
    B3_RULE_LOSS = 45,          /* cause of a breaker: equity lost within its window */
    B3_RULE_WOULD_TRIGGER = 46, /* a stop whose price the touch has reached already */
    B3_RULE_END = 47,
};

typedef struct b3_decision {
    b3_header hdr;
    uint16_t rule; /* b3_rule that said no; B3_RULE_NONE when allowed */
    uint8_t allowed;
    uint8_t action;
    uint32_t reserved;
    uint64_t order_id;
    int64_t limit_raw; /* of the rule, in the rule's unit */
    int64_t value_raw;
    int64_t bid_price_raw; /* the touch when it was decided: what slippage is measured from */
    int64_t ask_price_raw;
} b3_decision;

enum b3_system_code {
    B3_SYS_HEARTBEAT = 1,
    B3_SYS_GAP = 2, /* a: update id expected, b: found */
    B3_SYS_RECONNECT = 3,
    B3_SYS_HALT = 4,   /* a: b3_rule */
    B3_SYS_RESUME = 5, /* a: B3_RULE_BREAKER when its cool-down is over; else 0, the instrument's book is whole again */
    B3_SYS_SHUTDOWN = 6,
    B3_SYS_COMMAND = 7,     /* a: b3_command */
    B3_SYS_BAD_MESSAGE = 8, /* a: b3_fault, b: byte position */
    B3_SYS_SNAPSHOT = 9,    /* a: last update id */
    B3_SYS_LATE_TRADE = 10, /* a: trade time ns, b: open of the running bar */
    B3_SYS_STOP = 11,       /* a stop was reached; a: its trigger price, b: the touch that reached it */
    B3_SYS_BREAKER = 12,    /* open; a: b3_rule that caused it, b: closes at this receive time */
    B3_SYS_KILL = 13,       /* a: 1 positions are taken out too */
    B3_SYS_RESET = 14,      /* the kill switch is off again */
    B3_SYS_DAY = 15,        /* a new UTC day by exchange time; a: days since 1970, b: equity at its start */
    B3_SYS_FLAT = 16,       /* the engine has taken a position out; a: quantity left, too small to be traded */
};

/* What a person asks of a running engine; a of a B3_SYSTEM event of code B3_SYS_COMMAND. */
enum b3_command {
    B3_COMMAND_KILL = 1,    /* cancel all, refuse all until RESET */
    B3_COMMAND_FLATTEN = 2, /* cancel all, take all positions out; trading goes on after it */
    B3_COMMAND_RESET = 3,   /* kill switch and breaker off */
    B3_COMMAND_KILL_FLATTEN = 4,
};

typedef struct b3_system {
    b3_header hdr;
    uint16_t code;
    uint16_t source;
    uint32_t reserved;
    int64_t a;
    int64_t b;
} b3_system;

/* Room for any event. A stage writes an event struct into it; hdr.kind tells which. */
typedef struct b3_slot {
    uint64_t words[15];
} b3_slot;

/* Size of the struct of a kind in this build; 0 for an unknown kind. */
size_t b3_event_size(uint16_t kind);

/* ---------------------------------------------------------------- inputs */

/* What a parser reads. data is followed by at least B3_INPUT_PADDING readable bytes, and valid until the call returns. */
#define B3_INPUT_PADDING 64

typedef struct b3_input {
    const uint8_t *data;
    uint32_t len;
    uint16_t source;
    uint8_t stamp; /* b3_stamp of recv_ns */
    uint8_t reserved;
    int64_t recv_ns;
    uint64_t input_no;
} b3_input;

/* ---------------------------------------------------------------- instruments */

#define B3_SYMBOL_MAX 24 /* bytes, the closing zero included */

/* An instrument and the venue's filters on our orders. They do not restrict market data.
 * A bound of 0 is off where the venue says so: price_min/max, tick, every step; a *_max of 0 means no bound.
 * Prices at price_scale, quantities at qty_scale, notionals at 8 digits; a published bound beyond int64 is kept as INT64_MAX. */
typedef struct b3_instrument {
    char symbol[B3_SYMBOL_MAX];
    uint16_t venue;
    uint8_t price_scale; /* 0..10 */
    uint8_t qty_scale;
    uint8_t trading; /* 1: the venue takes orders */
    uint8_t notional_min_on_market;
    uint8_t notional_max_on_market;
    uint8_t reserved;
    uint16_t base_currency; /* index in the engine's currency table */
    uint16_t quote_currency;
    uint32_t max_num_orders; /* 0: no bound */
    int64_t tick_raw;        /* price step of our orders and of the dense book; > 0 for the book, see below */
    int64_t price_step_raw;  /* PRICE_FILTER.tickSize, 0 off */
    int64_t price_min_raw;
    int64_t price_max_raw;
    int64_t lot_step_raw;
    int64_t lot_min_raw;
    int64_t lot_max_raw;
    int64_t market_lot_step_raw;
    int64_t market_lot_min_raw;
    int64_t market_lot_max_raw;
    int64_t notional_min_raw;
    int64_t notional_max_raw;
    int64_t position_max_raw;      /* MAX_POSITION of the base asset */
    int64_t bid_multiplier_up_raw; /* PERCENT_PRICE(_BY_SIDE), 8 digits, 0 off */
    int64_t bid_multiplier_down_raw;
    int64_t ask_multiplier_up_raw;
    int64_t ask_multiplier_down_raw;
} b3_instrument;

/* ---------------------------------------------------------------- views: what a stage may look at, read-only, owned by the engine */

/* Best prices that trading uses: ticker and depth fused by update id. Never older than either. */
typedef struct b3_touch {
    int64_t bid_price_raw; /* 0 with bid_qty_raw 0: no bid known */
    int64_t bid_qty_raw;
    int64_t ask_price_raw;
    int64_t ask_qty_raw;
    int64_t update_id;
    int64_t ts_recv_ns; /* of the input that set it */
} b3_touch;

typedef struct b3_book_level {
    int64_t price_raw;
    int64_t qty_raw;
} b3_book_level;

/* Writes up to cap best levels of a side (b3_side: B3_BUY bids, B3_SELL asks), best first; returns how many. */
typedef uint32_t (*b3_levels_fn)(const void *book, uint8_t side, b3_book_level *out, uint32_t cap);
/* Quantity at a price of a side; 0 when there is none. */
typedef int64_t (*b3_qty_at_fn)(const void *book, uint8_t side, int64_t price_raw);

#define B3_VIEW_SYNCED 0x01  /* the depth book is whole: snapshot and unbroken chain */
#define B3_VIEW_HALTED 0x02  /* new orders are refused for this instrument */
#define B3_VIEW_CROSSED 0x04 /* bid >= ask in the touch */

typedef struct b3_view {
    const b3_instrument *instrument;
    const b3_touch *touch;
    const void *book; /* pass it to levels */
    b3_levels_fn levels;
    const b3_position *position; /* what this strategy holds in this instrument, marked at its last fill or bar; the account's where there
                                    is no strategy */
    int64_t now_ns;              /* receive time of the input being worked on */
    int64_t cash_free_raw;       /* of the quote currency */
    uint32_t flags;              /* B3_VIEW_* */
    uint32_t open_orders;        /* of this strategy in this instrument */
    int64_t late_ns;             /* of the newest market event that carries exchange time, beyond the estimated clock offset */
    b3_qty_at_fn qty_at;         /* of the same book */
} b3_view;

/* ---------------------------------------------------------------- the one form of a stage, and of a strategy
 *
 * event: valid for the call. out: room for cap events; what the stage writes there has hdr.kind set, the engine fills the rest of the
 * header that is left 0. Returns how many it wrote, or a fault. It never sleeps, allocates, logs, or keeps a pointer it was passed.
 * A strategy writes B3_REQUEST, B3_SIGNAL and B3_TIMER events; it sees B3_QUOTE, B3_TRADE, B3_BAR, B3_TIMER, B3_UPDATE, B3_SYSTEM, and
 * the model's B3_SIGNAL once there is a model.
 */
typedef int32_t (*b3_on_event_fn)(void *state, const b3_header *event, const b3_view *view, b3_slot *out, int32_t cap);

#define B3_STRATEGY_ABI 1

/* A strategy parameter: all are doubles with a default and bounds; unit and text are for people. */
typedef struct b3_param {
    const char *name;
    double value; /* default */
    double min;
    double max;
    const char *unit;
    const char *text;
} b3_param;

/* What a strategy is. Static, read-only. state_size bytes of zeroed memory are given to init, aligned to 64.
 * init returns 0 or B3_ERR_ARGUMENT (params that contradict one another). State starts with two uint32_t: its size and version. */
typedef struct b3_strategy {
    const char *name;
    const char *text;
    uint32_t abi; /* B3_STRATEGY_ABI */
    uint32_t state_size;
    uint32_t param_count;
    uint32_t signal_count;
    const b3_param *params;
    const char *const *signals; /* names, signal_count of them */
    uint32_t kinds;             /* bit 1 << b3_kind for each kind that on_event wants */
    uint32_t reserved;
    int32_t (*init)(void *state, const double *params, const b3_instrument *instrument);
    b3_on_event_fn on_event;
} b3_strategy;

/* A value of the feature vector (csrc/signal/features.h), for people: the names are those of the signals of the strategy `features`. */
typedef struct b3_feature {
    const char *name;
    const char *unit;
    const char *formula; /* x[-n]: of n bars before; functions are the indicators' */
    const char *text;
} b3_feature;

/* ---------------------------------------------------------------- indicators
 *
 * One row an indicator. A stream is `size` bytes of the caller's memory, aligned to 8, without pointers inside: it may be copied, saved
 * and restored as bytes (by the same build). update takes one value of each input, writes one of each output: NaN until warm.
 */
typedef struct b3_indicator {
    const char *name;
    const char *text;
    const char *formula;
    const char *start;  /* seed of a recursion, and the rule for what the field computes differently */
    const char *source; /* who defined it, where, when */
    const char *inputs; /* names, separated by a blank */
    const char *outputs;
    const b3_param *params; /* unit "bars": a whole number; "a|b": the index of a choice */
    uint32_t input_count;
    uint32_t output_count;
    uint32_t param_count;
    uint32_t reserved;
    uint32_t (*lookback)(const double *params); /* values before the first that is not NaN */
    size_t (*size)(const double *params);
    void (*init)(void *stream, const double *params);
    void (*update)(void *stream, const double *in, double *out);
    /* update with the values first .. count - 1 of each input, the same to the last bit; NULL: call it once a value. */
    void (*run)(void *stream, const double *const *in, double *const *out, uint64_t first, uint64_t count);
} b3_indicator;

#define B3_INDICATOR_INPUTS 5 /* at most */
#define B3_INDICATOR_OUTPUTS 3
#define B3_INDICATOR_PARAMS 6

/* Index from 0; NULL past the last. */
const b3_indicator *b3_indicator_at(uint32_t index);
/* NULL when there is none of that name. */
const b3_indicator *b3_indicator_find(const char *name);
/* B3_ERR_ARGUMENT with position = index of the parameter that is out of bounds, and what. Before size, lookback and init. */
int32_t b3_indicator_check(const b3_indicator *indicator, const double *params, b3_error *error);

/* Updates with `count` values of each input; out: an array a name, none of which may overlap an input. Uses the widest vectors there are:
 * the results differ from single updates by rounding alone (docs/TA.md gives the bound). */
void b3_indicator_run_blocking(const b3_indicator *indicator, const double *params, void *stream, const double *const *in,
                               double *const *out, uint64_t count);
/* Bytes between the streams of two threads: they do not share a cache line. */
#define B3_PANEL_SCRATCH_GAP 128

/* Each of `rows` rows of `count` > 0 values from its beginning on; rows lie in_stride and out_stride values apart. No stream is left that
 * could go on: scratch is memory of `threads` streams, of B3_PANEL_SCRATCH_GAP + size bytes each, rounded up to a multiple of 8. Threads
 * besides the caller's live as long as the call (base/parallel.h); no result depends on how many there are. */
void b3_indicator_panel_blocking(const b3_indicator *indicator, const double *params, void *scratch, const double *const *in,
                                 double *const *out, uint64_t rows, uint64_t in_stride, uint64_t out_stride, uint64_t count,
                                 uint32_t threads);

/* A graph: streams that are updated together, in order. Slots hold one value each: first the inputs, then the outputs of the nodes. */
typedef struct b3_graph_node {
    const b3_indicator *indicator;
    const double *params; /* the caller's, of the stream */
    void *stream;
    uint32_t in[5]; /* slots, each below first_out */
    uint32_t first_out;
} b3_graph_node;

/* The inputs are in their slots; writes all others. */
void b3_graph_update(const b3_graph_node *nodes, uint32_t node_count, double *slots);
/* The same for `count` values, node by node: in[i] is the array of input i, out[i] that of slot input_count + i; none may overlap another.
 * As b3_indicator_run_blocking. */
void b3_graph_run_blocking(const b3_graph_node *nodes, uint32_t node_count, double *slots, uint32_t input_count, uint32_t slot_count,
                           const double *const *in, double *const *out, uint64_t count);

/* ---------------------------------------------------------------- matrices
 *
 * Row-major doubles without gaps; a panel has a row for each symbol. No result may overlap an input. Vectors of every width add in their
 * own order: results differ by rounding from one instruction set to another (docs/TA.md gives the bound). Not-a-number in an input reaches
 * the results that depend on it and no others.
 */

double b3_matrix_dot(const double *x, const double *y, uint64_t count);
/* out[rows] = a[rows][columns] . x[columns] */
void b3_matrix_gemv_blocking(const double *a, uint64_t rows, uint64_t columns, const double *x, double *out);
/* out[rows][columns] = a[rows][inner] . b[inner][columns] */
void b3_matrix_gemm_blocking(const double *a, const double *b, uint64_t rows, uint64_t inner, uint64_t columns, double *out);

/* out[symbols][symbols] = sum((x - mean x)(y - mean y)) / (count - ddof) of the rows of panel[symbols][count], means[symbols] beside it.
 * NaN where count <= ddof. */
void b3_matrix_covariance_blocking(const double *panel, uint64_t symbols, uint64_t count, uint32_t ddof, double *means, double *out);
/* Turns a covariance matrix into correlations, within -1 .. 1: NaN where a variance is 0. deviations[symbols]: square roots of the
 * variances. */
void b3_matrix_correlation(double *covariance, uint64_t symbols, double *deviations);

/* The lower factor in the place of a symmetric matrix, of which the lower triangle is read; zeros above. B3_ERR_ARGUMENT with position =
 * the first pivot, from 0, that is not above 0 (or not finite): a is partly overwritten then. */
int32_t b3_matrix_cholesky_blocking(double *a, uint64_t n, b3_error *error);
/* Solves a . x = b for each row of x[systems][n], which holds b before and the solution after. factor: as above, zeros included;
 * B3_ERR_ARGUMENT with position = the first row that is not so: x is as it was then. */
int32_t b3_matrix_cholesky_solve_blocking(const double *factor, uint64_t n, double *x, uint64_t systems, b3_error *error);

/* Exponentially weighted covariance matrix. State: `size` bytes of the caller's memory, aligned to 8, without pointers inside.
 * mean += gain * d; C = (1 - gain) * (C + gain * d d'), d = x - mean before, gain = 1 - decay; the first sample is the mean.
 * ADJUST: gain = 1 / sum(decay^k so far). ZERO_MEAN: C = (1 - gain) * C + gain * x x'. */
enum b3_ew_flags { B3_EW_ADJUST = 1, B3_EW_ZERO_MEAN = 2 };

#define B3_EW_SYMBOLS_MAX 4096

/* symbols: 1 .. B3_EW_SYMBOLS_MAX; decay: 0 <= decay < 1. */
size_t b3_ew_covariance_size(uint32_t symbols);
void b3_ew_covariance_init(void *state, uint32_t symbols, double decay, uint32_t flags);
/* Takes in x[symbols]: returns 1, or 0 when a value is not finite, which leaves the sample out. */
int32_t b3_ew_covariance_update(void *state, const double *x);
/* The same for the columns of panel[symbols][count], eight in one pass over the matrix; returns how many were taken in. */
uint64_t b3_ew_covariance_run_blocking(void *state, const double *panel, uint64_t count);
/* means[symbols], out[symbols][symbols]: NaN before the first sample. */
void b3_ew_covariance_read(const void *state, double *means, double *out);

/* ---------------------------------------------------------------- settings of the stages */

enum b3_bar_kind { B3_BAR_TIME = 1, B3_BAR_TICK = 2, B3_BAR_VOLUME = 3, B3_BAR_NOTIONAL = 4 };

typedef struct b3_bars_config {
    uint8_t kind; /* b3_bar_kind */
    uint8_t reserved[7];
    int64_t size;     /* time: interval in ns (a whole number of ms); tick: trades; volume: qty_raw; notional: 8 digits of quote */
    int64_t grace_ns; /* time bars: the clock alone closes a bar this long after its close; >= 0 */
} b3_bars_config;

/* Pre-trade limits over all instruments. 0 switches one off. Money: reporting currency. Rates: 8 digits, 1000000 is 1 %. */
typedef struct b3_limits {
    int64_t order_notional_max_raw; /* one order */
    int64_t exposure_max_raw;       /* gross: sum over instruments of worst-case |position| x mark */
    int64_t stale_after_ns;         /* no market data for the instrument this long: refuse */
    uint32_t orders_per_second;     /* token bucket: burst = rate */
    uint32_t open_orders_max;
    uint32_t allow_short; /* 1: a sell need not be covered by what is held */
    uint32_t open_positions_max;
    int64_t net_exposure_max_raw;  /* |sum over instruments of signed worst-case position x mark|, either way */
    int64_t price_collar_rate_raw; /* a price at most this far through the opposite touch */
    int64_t late_after_ns;         /* market data later than this, beyond the estimated clock offset: refuse */
    int64_t daily_loss_max_raw;    /* equity below that of the start of the UTC day: only reductions */
    int64_t drawdown_max_rate_raw; /* equity below its peak, as a share of the peak: only reductions */
} b3_limits;

/* FIFO, LIFO: lots that stay free for each open order, so that what it may become can be remembered: 16 fills of up to 4 lots each. */
#define B3_LOTS_AN_ORDER 64

/* Pre-trade limits of one instrument. 0 switches one off. */
typedef struct b3_instrument_limits {
    int64_t order_qty_max_raw;
    int64_t position_max_raw;
} b3_instrument_limits;

/* Stops on every position, and the circuit breaker. 0 switches one off. Money: reporting currency. Rates: 8 digits. */
typedef struct b3_guard_config {
    int64_t stop_loss_rate_raw;     /* from the average entry price; a long's trigger is met by the bid, a short's by the ask */
    int64_t trailing_stop_rate_raw; /* from the best such price since entry */
    int64_t breaker_loss_max_raw;   /* equity lost within breaker_window_ns */
    int64_t breaker_drawdown_rate_raw;
    int64_t breaker_reject_rate_raw; /* share of refusals among the last breaker_reject_count requests */
    int64_t breaker_jump_rate_raw;   /* mid against the mid breaker_window_ns before or less */
    int64_t breaker_latency_ns;      /* request sent -> first answer of the venue */
    int64_t breaker_gap_ns;          /* no message of an instrument that is traded */
    int64_t breaker_window_ns;
    int64_t cool_down_ns; /* the breaker closes by itself after so long; the clock is receive time */
    uint32_t breaker_reject_count;
    uint32_t reserved;
} b3_guard_config;

/* What survives a restart of the engine: given with the configuration, read while running. All 0: a first start. */
typedef struct b3_guard_saved {
    int64_t day; /* days since 1970, UTC, by exchange time */
    int64_t day_start_equity_raw;
    int64_t peak_equity_raw;
    int64_t breaker_until_ns; /* 0: closed */
    uint32_t breaker_cause;   /* b3_rule */
    uint32_t killed;          /* 1: the kill switch is on */
} b3_guard_saved;

enum b3_pnl_method { B3_PNL_WEIGHTED_AVERAGE = 1, B3_PNL_FIFO = 2, B3_PNL_LIFO = 3 };

/* A currency of the engine: its place in the table is its number everywhere else. */
typedef struct b3_currency {
    char name[16];
    int64_t start_raw; /* balance at the start */
    int64_t rate_raw;  /* 8 digits: one of it in the reporting currency; 0: not known until the market tells */
} b3_currency;

/* How far ahead of us others stand at our price: csrc/venue/queue.h has the formulas. */
enum b3_queue_model {
    B3_QUEUE_NONE = 1,         /* nobody: a print at our price fills us */
    B3_QUEUE_CONSERVATIVE = 2, /* all that was displayed when we came; trades alone take it away */
    B3_QUEUE_PROPORTIONAL = 3, /* cancels take their share of it too */
};

enum b3_fee_asset {
    B3_FEE_QUOTE = 1,
    B3_FEE_RECEIVED = 2, /* what the fill brings in: base of a buy, quote of a sell */
    B3_FEE_THIRD = 3,    /* b3_paper_config.fee_currency, at the rate known then */
};

/* A latency: constant (spread_ns 0), or constant plus an exponentially distributed part of mean spread_ns. */
typedef struct b3_latency_model {
    int64_t constant_ns;
    int64_t spread_ns;
} b3_latency_model;

#define B3_FEE_TIERS 8

/* Fees from a traded volume on. */
typedef struct b3_fee_tier {
    int64_t volume_min_raw;     /* traded in this run, quote currency */
    int64_t maker_fee_rate_raw; /* 8 digits: 100000 is 0.1 % */
    int64_t taker_fee_rate_raw;
} b3_fee_tier;

typedef struct b3_paper_config {
    b3_fee_tier fees[B3_FEE_TIERS]; /* the first from volume 0 on, the others rising */
    uint32_t fee_tier_count;        /* at least 1 */
    uint32_t order_capacity;        /* resting at once, all instruments */
    uint16_t queue_model;           /* b3_queue_model */
    uint16_t fee_asset;             /* b3_fee_asset */
    uint32_t fee_currency;
    b3_latency_model order_entry; /* decision -> the request is at the venue; cancels and replaces too */
    b3_latency_model market_data; /* the market as we see it is older than the venue's by this: added to what an order takes */
    uint64_t seed;                /* of the drawn latencies */
} b3_paper_config;

/* ---------------------------------------------------------------- book: an L2 order book fed with batches of levels
 *
 * Price -> quantity of one instrument, both sides, exact for any prices. The engine keeps books of its own; this is for whoever has
 * levels in arrays. Cost: a level O(1), except when the touch has left the window of dense_ticks, or when the best price off the tick
 * goes: then a pass over what lies outside it.
 */

typedef struct b3_book b3_book;

typedef struct b3_book_stats {
    uint64_t bid_levels;
    uint64_t ask_levels;
    uint64_t moves;  /* of the dense window */
    uint64_t sparse; /* levels held outside it */
    int64_t last_update_id;
} b3_book_stats;

/* tick_raw: 1 .. 2^44; prices off the tick are kept all the same. dense_ticks: a power of two, 4096 .. 262144, per side (32768 is a good
 * one: 0.26 MB). sparse_levels: per side, 1 .. 2^24, 32 to 64 bytes each. NULL: B3_ERR_ARGUMENT or B3_ERR_MEMORY. */
b3_book *b3_book_new(int64_t tick_raw, uint32_t dense_ticks, uint32_t sparse_levels, b3_error *error);
void b3_book_free(b3_book *book);
/* Whole messages, one after another, as the parser makes them: each ends with B3_FLAG_LAST, a snapshot replaces the book. quotes: the best
 * after each message, room for cap. Returns how many. On a fault position is the level's index, all before it are applied, and the book
 * is good again after the next snapshot or clear: B3_ERR_ARGUMENT for a price below 1, a negative quantity, a last message without
 * its last level, or no room for quotes; B3_ERR_CAPACITY when sparse_levels are not enough. */
int32_t b3_book_apply_blocking(b3_book *book, const b3_level *levels, uint32_t count, b3_quote *quotes, uint32_t cap, b3_error *error);
/* One level: side is a b3_side, qty_raw 0 removes. B3_OK; B3_ERR_CAPACITY when the sparse side is full (a level is lost: do not trade
 * on this book); B3_ERR_ARGUMENT for a price below 1, a negative quantity or no such side. */
int32_t b3_book_set(b3_book *book, uint8_t side, int64_t price_raw, int64_t qty_raw);
void b3_book_clear(b3_book *book);
/* Best price and quantity of a side; 0 and 0 when it is empty. */
b3_book_level b3_book_best(const b3_book *book, uint8_t side);
/* b3_levels_fn. O(1) a level inside the window; beyond it each 64 cost a pass over the sparse side. */
uint32_t b3_book_levels(const void *book, uint8_t side, b3_book_level *out, uint32_t cap);
int64_t b3_book_qty_at(const void *book, uint8_t side, int64_t price_raw); /* b3_qty_at_fn */
/* Sum of quantities from the best to price_raw, both included. Saturates at INT64_MAX. O(levels summed), and a pass over the sparse side
 * when price_raw lies beyond the window. */
int64_t b3_book_cum_qty(const b3_book *book, uint8_t side, int64_t price_raw);
/* (bid_qty * ask + ask_qty * bid) / (bid_qty + ask_qty), in price_raw units; NaN when a side is empty. */
double b3_book_microprice(const b3_book *book);
/* (sum of n best bids - sum of n best asks) / their sum, -1 .. 1; NaN when both are empty. */
double b3_book_imbalance(const b3_book *book, uint32_t levels);
void b3_book_read_stats(const b3_book *book, b3_book_stats *out);

/* ---------------------------------------------------------------- bars: trades in batches -> bars
 *
 * The rules (intervals, empty bars, late trades, overflow) are in csrc/bars/bars.h; sums are exact, rounded half to even once a bar.
 */

typedef struct b3_bars b3_bars;

typedef struct b3_bars_stats {
    uint64_t bars; /* the empty ones included */
    uint64_t empty;
    uint64_t skipped; /* empty ones that were left out: a gap of more than a million intervals is not filled */
    uint64_t late_trades;
    uint64_t overflows;  /* bars dropped because a sum did not fit */
    uint64_t bad_trades; /* trades left out: a price or quantity below 1, no time, ids that run backwards */
} b3_bars_stats;

/* price_scale, qty_scale: digits of the trades' raw numbers, 0 .. 10. NULL: B3_ERR_ARGUMENT or B3_ERR_MEMORY. */
b3_bars *b3_bars_new(const b3_bars_config *config, uint8_t price_scale, uint8_t qty_scale, b3_error *error);
void b3_bars_free(b3_bars *bars);
/* Returns the number of bars written to out; cap: out may have been too small, call again with the trades after the first *used. Late
 * and bad trades are counted. B3_ERR_ARGUMENT for cap 0, and for an event that is no trade: position is its index, the bars made before it
 * are lost. */
int32_t b3_bars_apply_blocking(b3_bars *bars, const b3_trade *trades, uint32_t count, b3_bar *out, uint32_t cap, uint32_t *used,
                               b3_error *error);
/* Time bars: closes what is over at now_ns (exchange time, grace respected). Returns the number of bars; cap: call again. */
int32_t b3_bars_advance_blocking(b3_bars *bars, int64_t now_ns, b3_bar *out, uint32_t cap, b3_error *error);
void b3_bars_read_stats(const b3_bars *bars, b3_bars_stats *out);

/* ---------------------------------------------------------------- parser: messages in batches -> events
 *
 * Binance market-data JSON; what is understood and how is in csrc/feed/binance_json.h. Events carry the index of their instrument in the
 * array given to b3_parser_new, and as input_no the number of their message, from 1 over the parser's life.
 */

typedef struct b3_parser b3_parser;

/* The caller's arrays, one a kind (room for *_cap, at least 1), and how many events lie in them. status: one a message, B3_OK, B3_EMPTY
 * (nothing for us) or a fault; position: the byte in the message where it is. */
typedef struct b3_parsed_batch {
    b3_level *levels;
    b3_trade *trades;
    b3_quote *quotes;
    b3_bar *bars;
    int32_t *status;
    uint32_t *position;
    uint32_t level_cap;
    uint32_t trade_cap;
    uint32_t quote_cap;
    uint32_t bar_cap;
    uint32_t level_count;
    uint32_t trade_count;
    uint32_t quote_count;
    uint32_t bar_count;
    uint32_t messages; /* done: those before it are told in status */
    uint32_t bad;      /* of them, faults */
} b3_parsed_batch;

/* Symbols and scales of the instruments are copied. NULL: B3_ERR_ARGUMENT (none, a symbol twice or empty, a scale above 10) or
 * B3_ERR_MEMORY. */
b3_parser *b3_parser_new(const b3_instrument *instruments, uint32_t count, b3_error *error);
void b3_parser_free(b3_parser *parser);
/* Message i is the lens[i] bytes from data + starts[i]; data_len bytes in all, the last message followed by B3_INPUT_PADDING of them.
 * recv_ns: NULL for 0. snapshot_instrument: of depth snapshots, which name no symbol; -1: they are B3_ERR_SYMBOL. Counts in out start
 * at 0. A bad message costs itself alone, as does one of more levels than level_cap (B3_ERR_CAPACITY). B3_OK: all done. B3_FULL: an
 * array is full, out->messages are done, call again with the rest. B3_ERR_ARGUMENT, before anything is read: an array without room, a
 * message that does not lie in data (at position). */
int32_t b3_parser_batch_blocking(b3_parser *parser, const uint8_t *data, uint64_t data_len, const uint64_t *starts, const uint32_t *lens,
                                 const int64_t *recv_ns, uint32_t count, int32_t snapshot_instrument, b3_parsed_batch *out,
                                 b3_error *error);

/* ---------------------------------------------------------------- records: bot3's own files (recordings and journals)
 *
 *   file    64 bytes b3_file_header | record | record | ... | END record
 *   record  32 bytes b3_record | payload, zero-padded to 8
 * Little-endian. crc is CRC-32C of all the record's bytes after the crc field, padding excluded. The first record is LAYOUT: for each
 * event kind its size when the file was written, so that events of another version are still read.
 */

enum b3_content { B3_CONTENT_RECORDING = 1, B3_CONTENT_JOURNAL = 2 };

enum b3_record_type {
    B3_REC_LAYOUT = 1,  /* uint16_t size[kind], from kind 0 */
    B3_REC_CONFIG = 2,  /* JSON: all that a run needs besides its inputs */
    B3_REC_SOURCE = 3,  /* one b3_source; its index is record.source */
    B3_REC_FRAME = 4,   /* raw bytes as received */
    B3_REC_EVENTS = 5,  /* events of one kind (record.kind), back to back: a parsed input */
    B3_REC_COMMAND = 6, /* one event from the control plane: an input */
    B3_REC_OUTPUT = 7,  /* one event that the engine produced */
    B3_REC_END = 8,     /* 64 zero bytes: the file is whole */
};

typedef struct b3_file_header {
    char magic[8];    /* "BOT3REC" and a zero */
    uint32_t format;  /* B3_FILE_FORMAT */
    uint32_t content; /* b3_content */
    uint8_t reserved[44];
    uint32_t crc; /* of the 60 bytes before */
} b3_file_header;

#define B3_FILE_FORMAT 1

typedef struct b3_record {
    uint32_t crc;
    uint32_t len;  /* of the payload, padding excluded */
    uint16_t type; /* b3_record_type */
    uint16_t source;
    uint8_t stamp; /* b3_stamp */
    uint8_t reserved;
    uint16_t kind; /* of EVENTS, COMMAND and OUTPUT */
    int64_t recv_ns;
    uint64_t input_no; /* journal: of the input; recording: 0 */
} b3_record;

enum b3_wire {
    B3_WIRE_BINANCE_JSON = 1, /* FRAME records */
    B3_WIRE_EVENTS = 2,       /* EVENTS records, all of the source's symbol: hdr.instrument is the reader's to set */
};

enum b3_venue { B3_VENUE_BINANCE_SPOT = 1, B3_VENUE_BINANCE_USDM = 2 };

/* Where frames come from: a connection, or a request's answers. Written before the first record that names it, numbered from 0. */
typedef struct b3_source {
    char name[64];              /* for people: "btcusdt@depth@100ms", "GET /api/v3/depth BTCUSDT" */
    char symbol[B3_SYMBOL_MAX]; /* of messages that name none; empty if there is no such thing */
    uint16_t wire;              /* b3_wire */
    uint16_t venue;             /* b3_venue */
    uint8_t price_scale;        /* B3_WIRE_EVENTS: of the events' prices and quantities */
    uint8_t qty_scale;
    uint16_t reserved;
} b3_source;

typedef struct b3_recording b3_recording; /* a mapped file being read */
typedef struct b3_recorder b3_recorder;   /* a file being written */

/* Maps the file and checks its header and LAYOUT, which next does not give. NULL on a fault: position = byte in the header, or the
 * record's number 0 with "record: ..." for LAYOUT. The file must not be truncated while it is open. */
b3_recording *b3_recording_open_blocking(const char *path, uint32_t content, b3_error *error);
void b3_recording_free(b3_recording *recording);
/* Checks records ahead of the cursor, up to at least ahead_bytes (and one at least), and makes their pages resident. B3_OK; B3_END when
 * all is checked; or the first damage, told again by every further call, with position = number of the record (LAYOUT is 0): _CORRUPT,
 * _TRUNCATED (an END record is missing too), _FORMAT, _VERSION (a record type of later versions). What lies before it stays readable. */
int32_t b3_recording_check_blocking(b3_recording *recording, uint64_t ahead_bytes, b3_error *error);
/* The record at the cursor; its payload follows it (padding and 64 more bytes are readable). B3_OK; B3_EMPTY: not checked yet;
 * B3_END: END record, or the last checked one before damage. Never a system call; one load and an add, so a cache line decides its cost. */
int32_t b3_recording_next(b3_recording *recording, const b3_record **record);
/* Back to the first record; what was checked stays checked. */
void b3_recording_rewind(b3_recording *recording);
/* Size of an event of a kind as this file was written; 0: the file does not know the kind. */
uint32_t b3_recording_event_size(const b3_recording *recording, uint16_t kind);
/* Event number index (from 0) of an EVENTS, COMMAND or OUTPUT record, at the size of this build: zero-filled if the file's are shorter,
 * cut if they are longer. B3_OK, B3_END past the last one, B3_ERR_VERSION for a kind that this build does not know. */
int32_t b3_recording_event_at(const b3_recording *recording, const b3_record *record, uint32_t index, b3_slot *out);
/* SOURCE records among those checked so far. */
uint32_t b3_recording_source_count(const b3_recording *recording);
/* Bytes from the start of the file to the cursor, and in all. */
uint64_t b3_recording_position(const b3_recording *recording);
uint64_t b3_recording_size(const b3_recording *recording);

/* Makes a file anew (an old one of that name is overwritten) and writes header and LAYOUT. NULL on a fault. */
b3_recorder *b3_recorder_new_blocking(const char *path, uint32_t content, b3_error *error);
/* crc and len are filled in here, the rest of *record is the caller's. B3_ERR_ARGUMENT for what a reader would refuse: nothing is
 * written. B3_ERR_IO: told again by every later call; the file is readable up to what reached it. position = number of the record. */
int32_t b3_recorder_write_blocking(b3_recorder *recorder, const b3_record *record, const void *payload, uint32_t len, b3_error *error);
/* Lines "<recv_ns> <bytes>\n" as FRAME records of one source; blank lines are passed over. *used: bytes taken (whole lines only: pass
 * the rest again with more). A bad line is B3_ERR_FORMAT with position = *used = its first byte in data, what lies before it is taken;
 * the caller may skip it. snapshot_source: for lines whose message starts with {"lastUpdateId" . */
int32_t b3_recorder_lines_blocking(b3_recorder *recorder, const char *data, uint64_t len, uint16_t source, uint16_t snapshot_source,
                                   uint64_t *used, b3_error *error);
/* Appends a recording from its cursor to its end, without its CONFIG records and with its sources numbered from first_source on; events
 * get the size of this build. Damage in it is told as by check, after what lies before it has been copied. */
int32_t b3_recorder_copy_blocking(b3_recorder *recorder, b3_recording *recording, uint16_t first_source, b3_error *error);
typedef struct b3_conversion {
    uint64_t frames;
    uint64_t events;
    uint64_t ignored; /* frames that hold nothing for us: left out */
    uint64_t bad;     /* frames that cannot be parsed: left out */
    uint64_t first_bad_record;
    b3_error first_bad; /* position = byte in the frame */
} b3_conversion;

/* Appends a recording of raw frames, from its cursor to its end, as parsed events. instruments: symbol, venue and scales; events of the
 * one at index i go to source first_source + i, which is declared already. Damage is told after what lies before it was parsed;
 * B3_ERR_UNSUPPORTED for a recording that is parsed. *totals is filled in any case. */
int32_t b3_recorder_parse_blocking(b3_recorder *recorder, b3_recording *recording, const b3_instrument *instruments,
                                   uint32_t instrument_count, uint16_t first_source, b3_conversion *totals, b3_error *error);
/* Symbols that raw messages in data name ("s":"BTCUSDT"), each added once to the first *count of symbols. B3_FULL: more than capacity. */
int32_t b3_recording_symbols_blocking(const char *data, uint64_t len, char (*symbols)[B3_SYMBOL_MAX], uint32_t capacity, uint32_t *count);
/* Writes END, syncs, closes; the handle is gone whatever is returned. */
int32_t b3_recorder_close_blocking(b3_recorder *recorder, b3_error *error);

/* ---------------------------------------------------------------- engine: the fused pipeline
 *
 * new -> add_strategy* -> start -> run (as often as needed) -> reads -> free. All calls from one thread, except: stop and interrupt (any
 * thread, or a signal handler), journal_drain (one housekeeping thread of its own).
 */

typedef struct b3_engine b3_engine;

typedef struct b3_engine_config {
    b3_limits limits;
    b3_guard_config guard;
    b3_guard_saved saved;
    b3_bars_config bars;
    b3_paper_config paper;
    uint32_t reporting_currency;
    uint32_t currency_count;
    uint32_t pnl_method;   /* b3_pnl_method */
    uint32_t lot_capacity; /* FIFO, LIFO: lots remembered at once, all instruments and strategies */
    uint32_t shadow;       /* 1: everything is decided, nothing is sent */
    uint32_t tap_kinds;    /* bit 1 << b3_kind: events copied to the tap (QUOTE: those of the depth book) */
    uint32_t tap_capacity; /* slots; run returns B3_FULL before one is lost */
    uint32_t dense_ticks;  /* of each book, see book/l2.h */
    uint32_t sparse_levels;
    uint32_t order_capacity; /* open at once */
    uint32_t journal_bytes;  /* of the log between hot thread and disk */
    uint32_t sample_every;   /* stage latency is measured on one input in so many; 0: never */
    uint32_t has_journal;    /* 0: nothing is logged, journal_drain is not needed */
    double pace;             /* 0: as fast as it goes; else recorded time / pace */
} b3_engine_config;

/* currencies: config->currency_count of them. config_json: written to the journal as it is. All arrays are copied. NULL on a fault. */
b3_engine *b3_engine_new(const b3_engine_config *config, const b3_currency *currencies, const b3_instrument *instruments,
                         const b3_instrument_limits *limits, uint32_t instrument_count, const char *config_json, b3_error *error);
void b3_engine_free(b3_engine *engine);

/* One instance of a built-in strategy on one instrument. params: as many as b3_strategy.param_count. Returns its id (from 1). */
int32_t b3_engine_add_strategy(b3_engine *engine, const b3_strategy *strategy, const double *params, uint32_t instrument, b3_error *error);
/* A strategy that lives in the control plane: run returns B3_YIELD after an input that gave it events of these kinds; they are in the
 * inbox. Returns its id. */
int32_t b3_engine_add_external(b3_engine *engine, uint32_t kinds, uint32_t instrument, b3_error *error);

/* Takes and prefaults all hot memory. */
int32_t b3_engine_start(b3_engine *engine, b3_error *error);
/* Works through inputs. B3_END, B3_YIELD, B3_FULL (tap), B3_STOPPED, B3_OK (max_inputs done), or a fault that ends the run. */
int32_t b3_engine_run_blocking(b3_engine *engine, b3_recording *recording, uint64_t max_inputs, b3_error *error);
/* Ends run at the next input; sticky. */
void b3_engine_stop(b3_engine *engine);
/* Makes run return B3_YIELD before the next input, also while it keeps pace; once. Where B3_SYSTEM events are tapped the engine does so
 * itself after an input that changed b3_guard_saved (the peak aside), so that it can be written down. */
void b3_engine_interrupt(b3_engine *engine);
/* A request from the control plane: the next input. Judged by risk like any other; the outcome is an event. Requests are numbered from 1:
 * its order id is b3_totals.requests after the call. */
int32_t b3_engine_submit(b3_engine *engine, const b3_request *request, b3_error *error);
/* What a person asks for, as the next input: hdr.kind B3_SYSTEM, code B3_SYS_COMMAND, a a b3_command. It is never refused for what the
 * market, the limits or the guard are like. */
int32_t b3_engine_command(b3_engine *engine, const b3_system *command, b3_error *error);
/* Ends the journal with the END record (the drain then returns). */
int32_t b3_engine_finish(b3_engine *engine, b3_error *error);

/* Copies the log to fd (-1: to nowhere) until the engine is finished. Run it in a thread of its own. */
int32_t b3_engine_journal_drain_blocking(b3_engine *engine, int32_t fd, b3_error *error);

typedef struct b3_tap_slot {
    uint64_t sequence; /* from 1, without a gap */
    b3_slot event;
} b3_tap_slot;

/* Events since the last clear. Valid until the next run, submit or clear. */
const b3_tap_slot *b3_engine_tap(const b3_engine *engine, uint32_t *count);
void b3_engine_tap_clear(b3_engine *engine);
/* The same for what external strategies asked to see: a copy for each, hdr.strategy is whose. */
const b3_tap_slot *b3_engine_inbox(const b3_engine *engine, uint32_t *count);
void b3_engine_inbox_clear(b3_engine *engine);

typedef struct b3_instrument_state {
    b3_quote depth; /* best of the depth book; update_id is the last one applied */
    b3_touch touch;
    uint64_t diffs_applied;
    uint64_t diffs_stale;
    uint64_t gaps;
    uint64_t snapshots;
    uint64_t levels;
    uint64_t trades;
    uint64_t book_tickers;
    uint64_t klines;
    uint64_t bars;
    uint64_t late_trades;
    uint32_t flags; /* B3_VIEW_* */
    uint32_t reserved;
} b3_instrument_state;

typedef struct b3_totals {
    uint64_t inputs;
    uint64_t events; /* levels + trades + quotes + venue bars */
    uint64_t messages_ignored;
    uint64_t messages_bad;
    uint64_t messages_general; /* read by the order-free parser */
    uint64_t messages_unknown_symbol;
    uint64_t requests;
    uint64_t orders; /* allowed and sent */
    uint64_t fills;
    uint64_t rejects[64]; /* by b3_rule */
    uint64_t signals;
    uint64_t bars;
    uint64_t hot_ns;          /* time spent in the hot loop */
    uint64_t hot_allocations; /* these three: in the hot loop, after warm-up */
    uint64_t hot_page_faults;
    uint64_t hot_voluntary_switches;
    uint64_t journal_bytes;
    uint64_t journal_waits; /* times the hot thread found the log full */
    uint64_t memory_bytes;  /* hot memory, the journal's log included */
    uint64_t last_recv_ns;
    int64_t clock_offset_ns; /* estimate: local - exchange, the smallest difference seen; 0: unknown */
    int32_t pages;           /* 0 plain, 1 transparent huge, 2 hugetlb */
    int32_t locked;
    b3_error last_bad; /* the newest bad message; position = byte in it */
    uint64_t last_bad_input;
} b3_totals;

typedef struct b3_pnl {
    int64_t realized_raw; /* before fees */
    int64_t unrealized_raw;
    int64_t fees_raw;
    int64_t total_raw; /* realized + unrealized - fees */
} b3_pnl;

typedef struct b3_latency {
    const char *stage;
    uint64_t count;
    uint64_t p50_ns;
    uint64_t p99_ns;
    uint64_t p999_ns;
    uint64_t max_ns;
    uint64_t negative;
} b3_latency;

typedef struct b3_memory_use {
    const char *name;
    uint64_t bytes;
    uint32_t blocks;
    uint32_t reserved;
} b3_memory_use;

int32_t b3_engine_read_instrument(const b3_engine *engine, uint32_t instrument, b3_instrument_state *out);
void b3_engine_read_totals(const b3_engine *engine, b3_totals *out);
/* Positions are valued at the mid as it stands. */
int32_t b3_engine_read_position(const b3_engine *engine, uint32_t instrument, b3_position *out);
/* What a strategy (its id, from 1) has traded in its instrument. */
int32_t b3_engine_read_strategy(const b3_engine *engine, uint32_t strategy, b3_position *out);
int32_t b3_engine_read_pnl(const b3_engine *engine, uint32_t currency, b3_pnl *out);
/* One unit of a currency in the reporting currency, 8 digits. B3_EMPTY: not known. */
int32_t b3_engine_read_rate(const b3_engine *engine, uint32_t currency, int64_t *rate_raw);
/* What the account is worth, in the reporting currency. B3_EMPTY: something that is held has no value. */
int32_t b3_engine_read_equity(const b3_engine *engine, int64_t *equity_raw);
int32_t b3_engine_read_balance(const b3_engine *engine, uint32_t currency, b3_balance *out);
/* What the guard stands at. */
typedef struct b3_guard_state {
    b3_guard_saved saved;
    int64_t equity_raw; /* as last looked at, reporting currency */
    uint64_t notes;     /* B3_SYSTEM events so far */
    uint64_t cancels;   /* sent by the engine itself */
    uint64_t exits;     /* orders of the engine itself */
    uint32_t exiting;   /* instruments that are being taken out */
    uint16_t rule;      /* b3_rule that refuses orders now; B3_RULE_NONE */
    uint8_t equity_known;
    uint8_t reserved;
} b3_guard_state;

/* The stop on the account's position in an instrument. */
typedef struct b3_stop_state {
    int64_t trigger_raw; /* a long's is met by the bid, a short's by the ask; 0: nothing is guarded */
    int64_t loss_raw;    /* trigger of the stop-loss alone */
    int64_t best_raw;    /* best trigger-side price since entry */
    uint32_t trailing;   /* 1: trigger_raw is the trailing stop's */
    uint32_t exiting;    /* 1: the position is being taken out */
} b3_stop_state;

int32_t b3_engine_read_guard(const b3_engine *engine, b3_guard_state *out);
int32_t b3_engine_read_stop(const b3_engine *engine, uint32_t instrument, b3_stop_state *out);
/* index from 0; B3_END past the last. */
int32_t b3_engine_read_latency(const b3_engine *engine, uint32_t index, b3_latency *out);
int32_t b3_engine_read_memory(const b3_engine *engine, uint32_t index, b3_memory_use *out);

/* ---------------------------------------------------------------- names and facts */

const char *b3_version(void);
const char *b3_status_name(int32_t status); /* "B3_ERR_FORMAT" */
const char *b3_rule_name(uint16_t rule);    /* "position_max"; NULL past the last */
const char *b3_kind_name(uint16_t kind);    /* "trade"; NULL past the last */
const char *b3_isa_name(void);              /* instruction set in use */
const char *b3_isa_error(void);             /* why it is not what BOT3_ISA asks for; NULL when it is, or nothing is asked */
/* Built-in strategies, index from 0; NULL past the last. */
const b3_strategy *b3_strategy_at(uint32_t index);
/* The feature vector's values in order, index from 0; NULL past the last. */
const b3_feature *b3_feature_at(uint32_t index);

/* cdef: end */

#pragma GCC visibility pop

#endif
