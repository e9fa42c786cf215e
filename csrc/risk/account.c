#include "risk/account.h"

#include "base/money.h"

typedef struct b3_holding {
    int64_t qty_raw;
    int64_t cost_raw;
    int64_t realized_raw;
    int64_t fees_raw;
    int64_t mark_price_raw;
} b3_holding;

typedef struct b3_purse {
    b3_int128 value; /* of the total, in the reporting currency */
    int64_t total_raw;
    int64_t locked_raw;
    int64_t rate_raw;       /* configured; 0: none */
    uint32_t valuer;        /* instrument + 1 whose mark values it; 0: none */
    uint32_t first_through; /* currency + 1 of the first that is valued through this one; 0: none */
    uint32_t next_through;  /* the next one through the same */
    uint32_t without_value; /* 1: not 0, and neither mark nor rate is known */
} b3_purse;

struct b3_account {
    b3_int128 equity; /* sum of the purses' values */
    const b3_instrument *instruments;
    b3_holding *holdings; /* by instrument */
    b3_purse *purses;     /* by currency */
    uint32_t instrument_count;
    uint32_t currency_count;
    uint32_t reporting_currency;
    uint32_t without_value; /* purses */
};

#define SCALE_MAX 10
#define BEYOND ((b3_int128)1 << 96) /* more than any money, and sums of it still fit */

static size_t rounded(size_t bytes) {
    return (bytes + 63) & ~(size_t)63;
}

size_t b3_account_size(const b3_account_config *config) {
    return rounded(sizeof(b3_account)) + rounded(config->instrument_count * sizeof(b3_holding)) +
           rounded(config->currency_count * sizeof(b3_purse));
}

static int is_possible(const b3_account_config *config) {
    const uint32_t currencies = config->currency_count;
    if (config->reporting_currency >= currencies) return 0;
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

/* Gives a value to the base of every instrument whose quote has one; returns how many bases are new. */
static uint32_t link_bases(b3_account *account, int reporting_only) {
    uint32_t linked = 0;
    for (uint32_t i = 0; i < account->instrument_count; i++) {
        const uint32_t base = account->instruments[i].base_currency;
        const uint32_t quote = account->instruments[i].quote_currency;
        b3_purse *purse = &account->purses[base];
        b3_purse *through = &account->purses[quote];
        const int valued = quote == account->reporting_currency || (!reporting_only && (through->valuer != 0 || through->rate_raw != 0));
        if (base == account->reporting_currency || purse->valuer != 0 || !valued) continue;
        /* A rate alone may value the quote, and a mark of ours the rate's currency: never in a circle. */
        uint32_t at = quote;
        while (at != base && account->purses[at].valuer != 0) at = account->instruments[account->purses[at].valuer - 1].quote_currency;
        if (at == base) continue;
        purse->valuer = i + 1;
        purse->next_through = through->first_through;
        through->first_through = base + 1;
        linked++;
    }
    return linked;
}

b3_account *b3_account_init(void *memory, const b3_account_config *config) {
    if (!is_possible(config)) return NULL;
    uint8_t *at = memory;
    b3_account *account = memory;
    account->instruments = config->instruments;
    account->holdings = (b3_holding *)(at + rounded(sizeof(b3_account)));
    account->purses = (b3_purse *)((uint8_t *)account->holdings + rounded(config->instrument_count * sizeof(b3_holding)));
    account->instrument_count = config->instrument_count;
    account->currency_count = config->currency_count;
    account->reporting_currency = config->reporting_currency;
    for (uint32_t i = 0; i < config->currency_count; i++) account->purses[i].rate_raw = config->currencies[i].rate_raw;
    (void)link_bases(account, 1);
    while (link_bases(account, 0) != 0) continue;
    return account;
}

/* ---------------------------------------------------------------- what balances are worth */

/* An amount of a currency in the reporting currency. B3_EMPTY, B3_ERR_OVERFLOW. */
static int32_t value_of(const b3_account *account, uint32_t currency, int64_t amount, int64_t *value) {
    while (currency != account->reporting_currency && amount != 0) {
        const b3_purse *purse = &account->purses[currency];
        const int64_t mark = purse->valuer != 0 ? account->holdings[purse->valuer - 1].mark_price_raw : 0;
        if (mark == 0) return purse->rate_raw != 0 ? b3_mul_div(amount, purse->rate_raw, b3_pow10[B3_MONEY_SCALE], value) : B3_EMPTY;
        const b3_instrument *valuer = &account->instruments[purse->valuer - 1];
        if (b3_mul_div(amount, mark, b3_pow10[valuer->price_scale], &amount) != B3_OK) return B3_ERR_OVERFLOW;
        currency = valuer->quote_currency;
    }
    *value = amount;
    return B3_OK;
}

static void revalue(b3_account *account, uint32_t currency) {
    b3_purse *purse = &account->purses[currency];
    int64_t value = 0;
    const int32_t status = value_of(account, currency, purse->total_raw, &value);
    account->equity -= purse->value;
    account->without_value -= purse->without_value;
    purse->value = status == B3_ERR_OVERFLOW ? (purse->total_raw > 0 ? BEYOND : -BEYOND) : value;
    purse->without_value = status == B3_EMPTY;
    account->equity += purse->value;
    account->without_value += purse->without_value;
}

/* The currency's own worth has moved: also what is valued through it has. */
static void revalue_through(b3_account *account, uint32_t currency) {
    if (account->purses[currency].total_raw != 0) revalue(account, currency);
    for (uint32_t next = account->purses[currency].first_through; next != 0; next = account->purses[next - 1].next_through)
        revalue_through(account, next - 1);
}

int32_t b3_account_equity(const b3_account *account, int64_t *equity_raw) {
    if (account->without_value != 0) return B3_EMPTY;
    if (account->equity > INT64_MAX || account->equity < -INT64_MAX) return B3_ERR_OVERFLOW;
    *equity_raw = (int64_t)account->equity;
    return B3_OK;
}

/* ---------------------------------------------------------------- fills */

/* *total += amount, or nothing. */
static int32_t moved(int64_t *total, int64_t amount) {
    int64_t sum = 0;
    const int32_t rc = b3_add(*total, amount, &sum);
    if (rc == B3_OK) *total = sum;
    return rc;
}

int32_t b3_account_deposit(b3_account *account, uint32_t currency, int64_t amount_raw) {
    if (currency >= account->currency_count) return B3_ERR_ARGUMENT;
    const int32_t status = moved(&account->purses[currency].total_raw, amount_raw);
    revalue(account, currency);
    return status;
}

int32_t b3_account_base_amount(const b3_instrument *instrument, int64_t qty_raw, int64_t *amount_raw) {
    if (instrument->qty_scale <= B3_MONEY_SCALE)
        return __builtin_mul_overflow(qty_raw, b3_pow10[B3_MONEY_SCALE - instrument->qty_scale], amount_raw) ? B3_ERR_OVERFLOW : B3_OK;
    const int64_t unit = b3_pow10[instrument->qty_scale - B3_MONEY_SCALE];
    if (qty_raw % unit != 0) return B3_ERR_PRECISION;
    *amount_raw = qty_raw / unit;
    return B3_OK;
}

/* Moves the holding by a signed quantity at a price. notional: of the whole fill, >= 0. */
static int32_t apply_fill(b3_holding *holding, const b3_instrument *instrument, int64_t price_raw, int64_t signed_qty, int64_t notional) {
    const int64_t held = holding->qty_raw;
    int64_t opening = signed_qty; /* what is left of the fill for the other side of zero, or for more of the same */
    int64_t opening_notional = notional;
    int32_t rc = B3_OK;
    if (held != 0 && (held > 0) != (signed_qty > 0)) {
        const int64_t held_abs = held > 0 ? held : -held;
        const int64_t fill_abs = signed_qty > 0 ? signed_qty : -signed_qty;
        const int64_t closed = fill_abs < held_abs ? fill_abs : held_abs;
        int64_t closing_notional = notional;
        int64_t cost_taken = 0;
        if (closed < fill_abs) rc |= b3_notional(instrument, price_raw, closed, &closing_notional);
        rc |= b3_mul_div(holding->cost_raw, closed, held_abs, &cost_taken);
        rc |= b3_add(holding->realized_raw, (held > 0 ? closing_notional : -closing_notional), &holding->realized_raw);
        rc |= b3_add(holding->realized_raw, -cost_taken, &holding->realized_raw);
        holding->cost_raw -= cost_taken;
        holding->qty_raw += held > 0 ? -closed : closed;
        opening = signed_qty > 0 ? fill_abs - closed : closed - fill_abs;
        opening_notional = notional - closing_notional;
    }
    if (opening != 0) {
        rc |= b3_add(holding->qty_raw, opening, &holding->qty_raw);
        rc |= b3_add(holding->cost_raw, opening > 0 ? opening_notional : -opening_notional, &holding->cost_raw);
    }
    return rc == B3_OK && holding->qty_raw != INT64_MIN && holding->cost_raw != INT64_MIN ? B3_OK : B3_ERR_OVERFLOW;
}

int32_t b3_account_on_update(b3_account *account, const b3_update *update, b3_position *position) {
    if (update->last_qty_raw == 0) return B3_EMPTY;
    const uint32_t index = update->hdr.instrument;
    if (index >= account->instrument_count || update->last_qty_raw < 0 || update->last_price_raw <= 0) return B3_ERR_ARGUMENT;
    if (update->side != B3_BUY && update->side != B3_SELL) return B3_ERR_ARGUMENT;
    const b3_instrument *instrument = &account->instruments[index];
    if (update->fee_raw != 0 && update->fee_currency != instrument->quote_currency) return B3_ERR_UNSUPPORTED;

    /* Worked out on copies; nothing is written before all of it is known to fit. */
    b3_holding holding = account->holdings[index];
    b3_purse base = account->purses[instrument->base_currency];
    b3_purse quote = account->purses[instrument->quote_currency];
    const int64_t sign = update->side == B3_BUY ? 1 : -1;
    int64_t notional = 0;
    int64_t base_amount = 0;
    int32_t rc = b3_notional(instrument, update->last_price_raw, update->last_qty_raw, &notional);
    if (rc != B3_OK) return rc;
    rc = b3_account_base_amount(instrument, update->last_qty_raw, &base_amount);
    if (rc != B3_OK) return rc;
    rc = apply_fill(&holding, instrument, update->last_price_raw, sign * update->last_qty_raw, notional);
    if (rc != B3_OK) return rc;
    if (b3_add(base.total_raw, sign * base_amount, &base.total_raw) != B3_OK) return B3_ERR_OVERFLOW;
    if (b3_add(quote.total_raw, -sign * notional, &quote.total_raw) != B3_OK) return B3_ERR_OVERFLOW;
    if (__builtin_sub_overflow(quote.total_raw, update->fee_raw, &quote.total_raw)) return B3_ERR_OVERFLOW;
    if (b3_add(holding.fees_raw, update->fee_raw, &holding.fees_raw) != B3_OK) return B3_ERR_OVERFLOW;

    account->holdings[index] = holding;
    account->purses[instrument->base_currency] = base;
    account->purses[instrument->quote_currency] = quote;
    revalue(account, instrument->base_currency);
    revalue(account, instrument->quote_currency);
    b3_account_read_position(account, index, position);
    return B3_OK;
}

void b3_account_mark(b3_account *account, uint32_t instrument, int64_t price_raw) {
    const uint32_t base = account->instruments[instrument].base_currency;
    if (account->holdings[instrument].mark_price_raw == price_raw) return;
    account->holdings[instrument].mark_price_raw = price_raw;
    if (account->purses[base].valuer == instrument + 1) revalue_through(account, base);
}

/* Value at the mark less cost; exact in 128 bits until the end. */
static b3_int128 unrealized(const b3_account *account, uint32_t index) {
    const b3_holding *holding = &account->holdings[index];
    if (holding->mark_price_raw == 0 || holding->qty_raw == 0) return 0;
    int64_t value = 0;
    if (b3_notional(&account->instruments[index], holding->mark_price_raw, holding->qty_raw, &value) != B3_OK)
        return holding->qty_raw > 0 ? BEYOND : -BEYOND;
    return (b3_int128)value - holding->cost_raw;
}

static int64_t clamped(b3_int128 value) {
    return value > INT64_MAX ? INT64_MAX : value < -INT64_MAX ? -INT64_MAX : (int64_t)value;
}

void b3_account_read_position(const b3_account *account, uint32_t instrument, b3_position *out) {
    const b3_holding *holding = &account->holdings[instrument];
    out->qty_raw = holding->qty_raw;
    out->cost_raw = holding->cost_raw;
    out->realized_raw = holding->realized_raw;
    out->fees_raw = holding->fees_raw;
    out->unrealized_raw = clamped(unrealized(account, instrument));
    out->mark_price_raw = holding->mark_price_raw;
    out->currency = account->instruments[instrument].quote_currency;
    out->reserved = 0;
}

void b3_account_read_balance(const b3_account *account, uint32_t currency, b3_balance *out) {
    out->total_raw = account->purses[currency].total_raw;
    out->locked_raw = account->purses[currency].locked_raw;
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
        realized += account->holdings[i].realized_raw;
        fees += account->holdings[i].fees_raw;
        open += unrealized(account, i);
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
    return account->holdings[instrument].qty_raw;
}

int64_t b3_account_total(const b3_account *account, uint32_t currency) {
    return account->purses[currency].total_raw;
}

int64_t b3_account_free(const b3_account *account, uint32_t currency) {
    int64_t left = 0;
    return __builtin_sub_overflow(account->purses[currency].total_raw, account->purses[currency].locked_raw, &left) ? -INT64_MAX : left;
}

int32_t b3_account_lock(b3_account *account, uint32_t currency, int64_t amount_raw) {
    return moved(&account->purses[currency].locked_raw, amount_raw);
}
