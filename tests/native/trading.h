/* risk/, exec/ and venue/: all that have symbols are declared to cffi as they are. b3t_book is a book of the test's own making: levels are
 * given, best first, and read through the view like the engine's. */
#include "exec/orders.h"
#include "risk/account.h"
#include "risk/filters.h"
#include "risk/limits.h"
#include "venue/fees.h"
#include "venue/lanes.h"
#include "venue/latency.h"
#include "venue/paper.h"
#include "venue/queue.h"

#define B3T_BOOK_LEVELS 512
typedef struct b3t_book {
    uint32_t counts[2]; /* bids, asks */
    b3_book_level bids[B3T_BOOK_LEVELS];
    b3_book_level asks[B3T_BOOK_LEVELS];
} b3t_book;
uint32_t b3t_book_levels(const void *book, uint8_t side, b3_book_level *out, uint32_t cap);
int64_t b3t_book_qty_at(const void *book, uint8_t side, int64_t price_raw);
/* Many filter checks in one crossing. rules, limits, values: count of each. */
void b3t_filters_check_many(const b3_instrument *instrument, const b3_request *requests, uint32_t count, int64_t reference_price_raw,
                            int64_t position_raw, uint32_t open_orders, uint16_t *rules, int64_t *limits, int64_t *values);

/* What the fast way says of a request by itself. */
int b3t_risk_passes(b3_risk *risk, const b3_request *request, const b3_view *view);

/* For cffi alone: the compiler has the types and functions from the headers above, and checks the module against them. */
#if 0
/* cdef: begin */
typedef struct b3_account b3_account;
typedef struct b3_account_config {
    const b3_instrument *instruments;
    const b3_currency *currencies;
    uint32_t instrument_count;
    uint32_t currency_count;
    uint32_t strategy_count;
    uint32_t reporting_currency;
    uint32_t pnl_method;
    uint32_t lot_capacity;
    ...;
} b3_account_config;
size_t b3_account_size(const b3_account_config *config);
b3_account *b3_account_init(void *memory, const b3_account_config *config);
uint32_t b3_account_lots_free(const b3_account *account);
int32_t b3_account_rate(const b3_account *account, uint32_t from, uint32_t to, int64_t *rate_raw);
int32_t b3_account_equity(const b3_account *account, int64_t *equity_raw);
int32_t b3_account_deposit(b3_account *account, uint32_t currency, int64_t amount_raw);
int32_t b3_account_on_update(b3_account *account, const b3_update *update, b3_position *position);
void b3_account_mark(b3_account *account, uint32_t instrument, int64_t price_raw);
void b3_account_read_position(const b3_account *account, uint32_t instrument, b3_position *out);
void b3_account_read_strategy(const b3_account *account, uint16_t strategy, uint32_t instrument, b3_position *out);
void b3_account_read_balance(const b3_account *account, uint32_t currency, b3_balance *out);
int32_t b3_account_read_pnl(const b3_account *account, uint32_t currency, b3_pnl *out);
int64_t b3_account_qty(const b3_account *account, uint32_t instrument);
int64_t b3_account_total(const b3_account *account, uint32_t currency);
int64_t b3_account_free(const b3_account *account, uint32_t currency);
int32_t b3_account_lock(b3_account *account, uint32_t currency, int64_t amount_raw);
int32_t b3_account_base_amount(const b3_instrument *instrument, int64_t qty_raw, int64_t *amount_raw);

uint16_t b3_filters_check(const b3_instrument *instrument, const b3_request *request, int64_t reference_price_raw, int64_t position_raw,
                          uint32_t open_orders, int64_t *limit, int64_t *value);
void b3t_filters_check_many(const b3_instrument *instrument, const b3_request *requests, uint32_t count, int64_t reference_price_raw,
                            int64_t position_raw, uint32_t open_orders, uint16_t *rules, int64_t *limits, int64_t *values);

typedef struct b3_standing {
    uint16_t rule;
    int64_t limit_raw;
    int64_t value_raw;
    uint8_t *exiting;
    ...;
} b3_standing;
typedef struct b3_risk b3_risk;
typedef struct b3_risk_config {
    b3_limits limits;
    const b3_instrument_limits *per_instrument;
    const b3_instrument *instruments;
    b3_account *account;
    uint32_t instrument_count;
    uint32_t currency_count;
    uint32_t reporting_currency;
    uint32_t order_capacity;
    int64_t taker_fee_rate_raw;
    const b3_standing *standing;
    ...;
} b3_risk_config;
typedef struct b3_risk_state {
    int64_t pending_buy_raw;
    int64_t pending_sell_raw;
    int64_t best_buy_raw;
    int64_t best_sell_raw;
    int64_t exposure_raw;
    int64_t net_long_raw;
    int64_t net_short_raw;
    uint32_t instrument_orders;
    uint32_t open_orders;
    uint32_t open_positions;
    ...;
} b3_risk_state;
size_t b3_risk_size(const b3_risk_config *config);
b3_risk *b3_risk_init(void *memory, const b3_risk_config *config);
void b3_risk_decide(b3_risk *risk, const b3_request *request, const b3_view *view, b3_decision *decision);
int b3t_risk_passes(b3_risk *risk, const b3_request *request, const b3_view *view);
void b3_risk_decide_exactly(b3_risk *risk, const b3_request *request, const b3_view *view, b3_decision *decision);
void b3_risk_on_update(b3_risk *risk, const b3_update *update);
void b3_risk_on_mark(b3_risk *risk, uint32_t instrument, int64_t price_raw);
void b3_risk_on_rate(b3_risk *risk, const b3_rate *rate);
void b3_risk_read(const b3_risk *risk, uint32_t instrument, b3_risk_state *out);

typedef struct b3_orders b3_orders;
typedef struct b3_order {
    b3_request request;
    uint8_t state;
    uint8_t acked;
    uint8_t triggered;
    uint64_t venue_order_id;
    int64_t cum_qty_raw;
    ...;
} b3_order;
typedef struct b3_orders_stats {
    uint64_t open;
    uint64_t sent;
    uint64_t filled;
    uint64_t canceled;
    uint64_t rejected;
    uint64_t expired;
    uint64_t fills;
    uint64_t cancels_sent;
    ...;
} b3_orders_stats;
size_t b3_orders_size(uint32_t capacity, uint32_t instrument_count, uint32_t strategy_count);
b3_orders *b3_orders_init(void *memory, uint32_t capacity, uint32_t instrument_count, uint32_t strategy_count);
int32_t b3_orders_on_request(b3_orders *orders, const b3_request *request);
int32_t b3_orders_on_update(b3_orders *orders, const b3_update *update);
const b3_order *b3_orders_find(const b3_orders *orders, uint64_t order_id);
const b3_order *b3_orders_next(const b3_orders *orders, uint32_t instrument, uint32_t *at);
uint32_t b3_orders_open(const b3_orders *orders, uint32_t instrument, uint16_t strategy);
void b3_orders_read_stats(const b3_orders *orders, b3_orders_stats *out);

#define B3_PAPER_LEVELS ...
typedef struct b3_paper b3_paper;
size_t b3_paper_size(const b3_paper_config *config, const b3_instrument *instruments, uint32_t instrument_count);
b3_paper *b3_paper_init(void *memory, const b3_paper_config *config, const b3_instrument *instruments, uint32_t instrument_count);
int32_t b3_paper_on_event(void *state, const b3_header *event, const b3_view *view, b3_slot *out, int32_t cap);
void b3_paper_on_levels(b3_paper *paper, const b3_level *levels, uint32_t count, int64_t now_ns);
int32_t b3_paper_read_ahead(const b3_paper *paper, uint64_t order_id, int64_t *ahead_raw);

typedef struct b3_latency_state {
    uint64_t drawn;
    int64_t last_ns;
    ...;
} b3_latency_state;
int32_t b3_latency_init(b3_latency_state *latency, const b3_paper_config *config);
int64_t b3_latency_arrival(b3_latency_state *latency, int64_t now_ns);
int64_t b3_latency_draw(uint64_t seed, uint64_t n, int64_t mean_ns);

#define B3_CLOCK_SLACK_NS ...
#define B3_REDUCTIONS ...

#define B3T_BOOK_LEVELS ...
typedef struct b3t_book {
    uint32_t counts[2];
    b3_book_level bids[...];
    b3_book_level asks[...];
    ...;
} b3t_book;
uint32_t b3t_book_levels(const void *book, uint8_t side, b3_book_level *out, uint32_t cap);
int64_t b3t_book_qty_at(const void *book, uint8_t side, int64_t price_raw);
/* cdef: end */
#endif
