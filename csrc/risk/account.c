#include "risk/account.h"

#include "base/money.h"
#include "risk/ledger.h"
#include "risk/worth.h"

struct b3_account {
    b3_worth worth;
    const b3_instrument *instruments;
    b3_ledger *ledgers; /* by strategy (0: the account), then by instrument */
    b3_lots lots;
    uint32_t instrument_count;
    uint32_t currency_count;
    uint32_t strategy_count;
    uint32_t reserved;
};

#define SCALE_MAX 10

static size_t rounded(size_t bytes) {
    return (bytes + 63) & ~(size_t)63;
}

static size_t ledger_count(const b3_account_config *config) {
    return ((size_t)config->strategy_count + 1) * config->instrument_count;
}

static uint32_t lot_count(const b3_account_config *config) {
    return config->pnl_method == B3_PNL_WEIGHTED_AVERAGE ? 0 : config->lot_capacity;
}

size_t b3_account_size(const b3_account_config *config) {
    return rounded(sizeof(b3_account)) + rounded(ledger_count(config) * sizeof(b3_ledger)) +
           rounded(config->instrument_count * sizeof(int64_t)) + rounded(config->currency_count * sizeof(b3_purse)) +
           rounded(lot_count(config) * sizeof(b3_lot));
}

static int is_possible(const b3_account_config *config) {
    const uint32_t currencies = config->currency_count;
    if (config->reporting_currency >= currencies || config->strategy_count > UINT16_MAX) return 0;
    if (config->pnl_method < B3_PNL_WEIGHTED_AVERAGE || config->pnl_method > B3_PNL_LIFO) return 0;
    for (uint32_t i = 0; i < config->instrument_count; i++) {
        const b3_instrument *instrument = &config->instruments[i];
        if (instrument->base_currency >= currencies || instrument->quote_currency >= currencies) return 0;
        if (instrument->base_currency == instrument->quote_currency) return 0;
        if (instrument->price_scale > SCALE_MAX || instrument->qty_scale > SCALE_MAX) return 0;
    }
    for (uint32_t i = 0; i < currencies; i++)
        if (config->currencies[i].rate_raw < 0) return 0;
    return 1;
}

b3_account *b3_account_init(void *memory, const b3_account_config *config) {
    if (!is_possible(config)) return NULL;
    uint8_t *at = memory;
    b3_account *account = memory;
    account->instruments = config->instruments;
    at += rounded(sizeof(b3_account));
    account->ledgers = (b3_ledger *)(void *)at;
    at += rounded(ledger_count(config) * sizeof(b3_ledger));
    account->worth = (b3_worth){.instruments = config->instruments,
                                .marks = (int64_t *)(void *)at,
                                .instrument_count = config->instrument_count,
                                .currency_count = config->currency_count,
                                .reporting_currency = config->reporting_currency};
    at += rounded(config->instrument_count * sizeof(int64_t));
    account->worth.purses = (b3_purse *)(void *)at;
    at += rounded(config->currency_count * sizeof(b3_purse));
    b3_lots_init(&account->lots, config->pnl_method, (b3_lot *)(void *)at, lot_count(config));
    b3_worth_init(&account->worth, config->currencies);
    account->instrument_count = config->instrument_count;
    account->currency_count = config->currency_count;
    account->strategy_count = config->strategy_count;
    return account;
}

/* ---------------------------------------------------------------- fills */

int32_t b3_account_deposit(b3_account *account, uint32_t currency, int64_t amount_raw) {
    if (currency >= account->currency_count) return B3_ERR_ARGUMENT;
    int64_t total = 0;
    if (b3_add(account->worth.purses[currency].total_raw, amount_raw, &total) != B3_OK) return B3_ERR_OVERFLOW;
    b3_worth_set(&account->worth, currency, total);
    return B3_OK;
}

int32_t b3_account_base_amount(const b3_instrument *instrument, int64_t qty_raw, int64_t *amount_raw) {
    if (instrument->qty_scale <= B3_MONEY_SCALE)
        return __builtin_mul_overflow(qty_raw, b3_pow10[B3_MONEY_SCALE - instrument->qty_scale], amount_raw) ? B3_ERR_OVERFLOW : B3_OK;
    const int64_t unit = b3_pow10[instrument->qty_scale - B3_MONEY_SCALE];
    if (qty_raw % unit != 0) return B3_ERR_PRECISION;
    *amount_raw = qty_raw / unit;
    return B3_OK;
}

static int64_t absolute(int64_t value) {
    return value < 0 ? -value : value;
}

/* What a fill does, worked out before anything is written. */
typedef struct b3_entry {
    int64_t qty_raw; /* signed */
    int64_t notional_raw;
    int64_t base_qty_fee_raw; /* a base fee as a quantity; positive is paid */
    int64_t fee_raw;          /* in the quote currency, of whatever it was paid in */
    int64_t qty_sum_raw;      /* fill and fee, absolute */
    int64_t money_sum_raw;
    int64_t base_raw; /* balances after it */
    int64_t quote_raw;
    int64_t other_raw; /* of a fee in another currency */
    uint32_t incomplete;
    uint32_t has_other;
} b3_entry;

static int32_t base_fee(const b3_instrument *instrument, const b3_update *update, b3_entry *entry) {
    const int finer = instrument->qty_scale - B3_MONEY_SCALE;
    int64_t qty = update->fee_raw;
    if (finer >= 0 && __builtin_mul_overflow(qty, b3_pow10[finer], &qty)) return B3_ERR_OVERFLOW;
    if (finer < 0 && qty % b3_pow10[-finer] != 0) return B3_ERR_PRECISION;
    if (finer < 0) qty /= b3_pow10[-finer];
    if (b3_add(entry->base_raw, -update->fee_raw, &entry->base_raw) != B3_OK) return B3_ERR_OVERFLOW;
    entry->base_qty_fee_raw = qty;
    return b3_notional(instrument, update->last_price_raw, qty, &entry->fee_raw);
}

static int32_t other_fee(const b3_account *account, const b3_instrument *instrument, const b3_update *update, b3_entry *entry) {
    int64_t rate = 0;
    if (update->fee_currency >= account->currency_count) return B3_ERR_ARGUMENT;
    entry->has_other = 1;
    if (b3_add(account->worth.purses[update->fee_currency].total_raw, -update->fee_raw, &entry->other_raw) != B3_OK) return B3_ERR_OVERFLOW;
    const int32_t status = b3_account_rate(account, update->fee_currency, instrument->quote_currency, &rate);
    entry->incomplete = status == B3_EMPTY;
    return status == B3_OK ? b3_mul_div(update->fee_raw, rate, b3_pow10[B3_MONEY_SCALE], &entry->fee_raw) : status < 0 ? status : B3_OK;
}

static int32_t work_out_fee(const b3_account *account, const b3_instrument *instrument, const b3_update *update, b3_entry *entry) {
    if (update->fee_raw == 0) return B3_OK;
    if (update->fee_raw == INT64_MIN) return B3_ERR_OVERFLOW;
    if (update->fee_currency == instrument->base_currency) return base_fee(instrument, update, entry);
    if (update->fee_currency != instrument->quote_currency) return other_fee(account, instrument, update, entry);
    entry->fee_raw = update->fee_raw;
    return b3_add(entry->quote_raw, -update->fee_raw, &entry->quote_raw);
}

static int32_t work_out(const b3_account *account, const b3_instrument *instrument, const b3_update *update, b3_entry *entry) {
    const int64_t sign = update->side == B3_BUY ? 1 : -1;
    int64_t base_amount = 0;
    entry->qty_raw = sign * update->last_qty_raw;
    int32_t status = b3_notional(instrument, update->last_price_raw, update->last_qty_raw, &entry->notional_raw);
    if (status == B3_OK) status = b3_account_base_amount(instrument, update->last_qty_raw, &base_amount);
    if (status == B3_OK) status = b3_add(account->worth.purses[instrument->base_currency].total_raw, sign * base_amount, &entry->base_raw);
    if (status == B3_OK)
        status = b3_add(account->worth.purses[instrument->quote_currency].total_raw, -sign * entry->notional_raw, &entry->quote_raw);
    if (status == B3_OK) status = work_out_fee(account, instrument, update, entry);
    if (status == B3_OK) status = b3_add(update->last_qty_raw, absolute(entry->base_qty_fee_raw), &entry->qty_sum_raw);
    return status == B3_OK ? b3_add(entry->notional_raw, absolute(entry->fee_raw), &entry->money_sum_raw) : status;
}

static void book(b3_account *account, b3_ledger *ledger, const b3_instrument *instrument, const b3_update *update, const b3_entry *entry) {
    const int64_t price = update->last_price_raw;
    b3_ledger_trade(ledger, &account->lots, instrument, price, entry->qty_raw, entry->notional_raw, update->order_id);
    if (entry->base_qty_fee_raw != 0) {
        b3_ledger_trade(ledger, &account->lots, instrument, price, -entry->base_qty_fee_raw, absolute(entry->fee_raw), update->order_id);
    }
    ledger->fees_raw += entry->fee_raw;
    ledger->incomplete |= entry->incomplete;
}

uint32_t b3_account_lots_free(const b3_account *account) {
    return account->lots.method == B3_PNL_WEIGHTED_AVERAGE ? UINT32_MAX : account->lots.free_count;
}

static int32_t check_update(const b3_account *account, const b3_update *update) {
    if (update->hdr.instrument >= account->instrument_count || update->hdr.strategy > account->strategy_count) return B3_ERR_ARGUMENT;
    if (update->last_qty_raw < 0 || update->last_price_raw <= 0) return B3_ERR_ARGUMENT;
    if (update->side != B3_BUY && update->side != B3_SELL) return B3_ERR_ARGUMENT;
    return account->instruments[update->hdr.instrument].venue == B3_VENUE_BINANCE_USDM ? B3_ERR_UNSUPPORTED : B3_OK;
}

int32_t b3_account_on_update(b3_account *account, const b3_update *update, b3_position *position) {
    if (update->last_qty_raw == 0) return B3_EMPTY;
    int32_t status = check_update(account, update);
    if (status != B3_OK) return status;
    const uint32_t index = update->hdr.instrument;
    const uint32_t strategy = update->hdr.strategy;
    const b3_instrument *instrument = &account->instruments[index];
    b3_ledger *whole = &account->ledgers[index];
    b3_ledger *own = &account->ledgers[(size_t)strategy * account->instrument_count + index];
    b3_entry entry = {0};
    status = work_out(account, instrument, update, &entry);
    if (status == B3_OK) status = b3_ledger_check(whole, entry.qty_sum_raw, entry.money_sum_raw);
    if (status == B3_OK) status = b3_ledger_check(own, entry.qty_sum_raw, entry.money_sum_raw);
    if (status != B3_OK) return status;
    if (b3_account_lots_free(account) < (entry.base_qty_fee_raw != 0 ? 4u : 2u)) return B3_ERR_CAPACITY;

    book(account, whole, instrument, update, &entry);
    if (strategy != 0) book(account, own, instrument, update, &entry);
    b3_worth_set(&account->worth, instrument->base_currency, entry.base_raw);
    b3_worth_set(&account->worth, instrument->quote_currency, entry.quote_raw);
    if (entry.has_other) b3_worth_set(&account->worth, update->fee_currency, entry.other_raw);
    b3_account_read_position(account, index, position);
    return B3_OK;
}

/* ---------------------------------------------------------------- marks and reads */

void b3_account_mark(b3_account *account, uint32_t instrument, int64_t price_raw) {
    b3_worth_mark(&account->worth, instrument, price_raw);
}

int32_t b3_account_equity(const b3_account *account, int64_t *equity_raw) {
    return b3_worth_total(&account->worth, equity_raw);
}

int32_t b3_account_rate(const b3_account *account, uint32_t from, uint32_t to, int64_t *rate_raw) {
    if (from >= account->currency_count || to >= account->currency_count) return B3_ERR_ARGUMENT;
    return b3_worth_rate(&account->worth, from, to, rate_raw);
}

/* Value at the mark less cost; exact in 128 bits until the end. */
static b3_int128 unrealized(const b3_account *account, const b3_ledger *ledger, uint32_t index) {
    if (account->worth.marks[index] == 0 || ledger->qty_raw == 0) return 0;
    int64_t value = 0;
    if (b3_notional(&account->instruments[index], account->worth.marks[index], ledger->qty_raw, &value) != B3_OK)
        return ledger->qty_raw > 0 ? B3_WORTH_BEYOND : -B3_WORTH_BEYOND;
    return (b3_int128)value - ledger->cost_raw;
}

static int64_t clamped(b3_int128 value) {
    return value > INT64_MAX ? INT64_MAX : value < -INT64_MAX ? -INT64_MAX : (int64_t)value;
}

void b3_account_read_strategy(const b3_account *account, uint16_t strategy, uint32_t instrument, b3_position *out) {
    const b3_ledger *ledger = &account->ledgers[(size_t)strategy * account->instrument_count + instrument];
    *out = (b3_position){
        .hdr = {.kind = B3_POSITION, .version = 1, .instrument = instrument, .strategy = strategy},
        .qty_raw = ledger->qty_raw,
        .cost_raw = ledger->cost_raw,
        .realized_raw = ledger->realized_raw,
        .fees_raw = ledger->fees_raw,
        .unrealized_raw = clamped(unrealized(account, ledger, instrument)),
        .mark_price_raw = account->worth.marks[instrument],
        .currency = account->instruments[instrument].quote_currency,
    };
    if (ledger->incomplete) out->hdr.flags = B3_FLAG_INCOMPLETE;
}

void b3_account_read_position(const b3_account *account, uint32_t instrument, b3_position *out) {
    b3_account_read_strategy(account, 0, instrument, out);
}

void b3_account_read_balance(const b3_account *account, uint32_t currency, b3_balance *out) {
    out->total_raw = account->worth.purses[currency].total_raw;
    out->locked_raw = account->worth.purses[currency].locked_raw;
    out->currency = currency;
    out->reserved = 0;
}

int32_t b3_account_read_pnl(const b3_account *account, uint32_t currency, b3_pnl *out) {
    if (currency >= account->currency_count) return B3_ERR_ARGUMENT;
    b3_int128 realized = 0;
    b3_int128 open = 0;
    b3_int128 fees = 0;
    for (uint32_t i = 0; i < account->instrument_count; i++) {
        if (account->instruments[i].quote_currency != currency) continue;
        realized += account->ledgers[i].realized_raw;
        fees += account->ledgers[i].fees_raw;
        open += unrealized(account, &account->ledgers[i], i);
    }
    const b3_int128 total = realized + open - fees;
    if (clamped(realized) != realized || clamped(open) != open || clamped(fees) != fees || clamped(total) != total) return B3_ERR_OVERFLOW;
    out->realized_raw = (int64_t)realized;
    out->unrealized_raw = (int64_t)open;
    out->fees_raw = (int64_t)fees;
    out->total_raw = (int64_t)total;
    return B3_OK;
}

int64_t b3_account_qty(const b3_account *account, uint32_t instrument) {
    return account->ledgers[instrument].qty_raw;
}

int64_t b3_account_total(const b3_account *account, uint32_t currency) {
    return account->worth.purses[currency].total_raw;
}

struct b3_purse *b3_account_purse(b3_account *account, uint32_t currency) {
    return &account->worth.purses[currency];
}

int64_t b3_account_free(const b3_account *account, uint32_t currency) {
    return b3_purse_free(&account->worth.purses[currency]);
}

int32_t b3_account_lock(b3_account *account, uint32_t currency, int64_t amount_raw) {
    return b3_purse_lock(&account->worth.purses[currency], amount_raw);
}
