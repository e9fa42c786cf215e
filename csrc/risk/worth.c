#include "risk/worth.h"

/* Gives a value to the base of every instrument whose quote has one; returns how many bases are new. */
static uint32_t link_bases(b3_worth *worth, int reporting_only) {
    uint32_t linked = 0;
    for (uint32_t i = 0; i < worth->instrument_count; i++) {
        const uint32_t base = worth->instruments[i].base_currency;
        const uint32_t quote = worth->instruments[i].quote_currency;
        b3_purse *purse = &worth->purses[base];
        b3_purse *through = &worth->purses[quote];
        const int valued = quote == worth->reporting_currency || (!reporting_only && (through->valuer != 0 || through->rate_raw != 0));
        if (base == worth->reporting_currency || purse->valuer != 0 || !valued) continue;
        /* A rate alone may value the quote, and a mark of ours the rate's currency: never in a circle. */
        uint32_t at = quote;
        while (at != base && worth->purses[at].valuer != 0) at = worth->instruments[worth->purses[at].valuer - 1].quote_currency;
        if (at == base) continue;
        purse->valuer = i + 1;
        purse->next_through = through->first_through;
        through->first_through = base + 1;
        linked++;
    }
    return linked;
}

void b3_worth_init(b3_worth *worth, const b3_currency *currencies) {
    for (uint32_t i = 0; i < worth->currency_count; i++) worth->purses[i].rate_raw = currencies[i].rate_raw;
    (void)link_bases(worth, 1);
    while (link_bases(worth, 0) != 0) continue;
}

/* An amount of a currency in the reporting currency. B3_EMPTY, B3_ERR_OVERFLOW. */
static int32_t value_of(const b3_worth *worth, uint32_t currency, int64_t amount, int64_t *value) {
    while (currency != worth->reporting_currency && amount != 0) {
        const b3_purse *purse = &worth->purses[currency];
        const int64_t mark = purse->valuer != 0 ? worth->marks[purse->valuer - 1] : 0;
        if (mark == 0) return purse->rate_raw != 0 ? b3_mul_div(amount, purse->rate_raw, b3_pow10[B3_MONEY_SCALE], value) : B3_EMPTY;
        const b3_instrument *valuer = &worth->instruments[purse->valuer - 1];
        if (b3_mul_div(amount, mark, b3_pow10[valuer->price_scale], &amount) != B3_OK) return B3_ERR_OVERFLOW;
        currency = valuer->quote_currency;
    }
    *value = amount;
    return B3_OK;
}

static void revalue(b3_worth *worth, uint32_t currency) {
    b3_purse *purse = &worth->purses[currency];
    int64_t value = 0;
    const int32_t status = value_of(worth, currency, purse->total_raw, &value);
    worth->total -= purse->value;
    worth->without_value -= purse->without_value;
    purse->value = status == B3_ERR_OVERFLOW ? (purse->total_raw > 0 ? B3_WORTH_BEYOND : -B3_WORTH_BEYOND) : value;
    purse->without_value = status == B3_EMPTY;
    worth->total += purse->value;
    worth->without_value += purse->without_value;
}

/* The currency's own worth has moved: also what is valued through it has. */
static void revalue_through(b3_worth *worth, uint32_t currency) {
    if (worth->purses[currency].total_raw != 0) revalue(worth, currency);
    for (uint32_t next = worth->purses[currency].first_through; next != 0; next = worth->purses[next - 1].next_through)
        revalue_through(worth, next - 1);
}

void b3_worth_set(b3_worth *worth, uint32_t currency, int64_t total_raw) {
    worth->purses[currency].total_raw = total_raw;
    revalue(worth, currency);
}

void b3_worth_mark(b3_worth *worth, uint32_t instrument, int64_t price_raw) {
    const uint32_t base = worth->instruments[instrument].base_currency;
    if (worth->marks[instrument] == price_raw) return;
    worth->marks[instrument] = price_raw;
    if (worth->purses[base].valuer == instrument + 1) revalue_through(worth, base);
}

int32_t b3_worth_total(const b3_worth *worth, int64_t *total_raw) {
    if (worth->without_value != 0) return B3_EMPTY;
    if (worth->total > INT64_MAX || worth->total < -INT64_MAX) return B3_ERR_OVERFLOW;
    *total_raw = (int64_t)worth->total;
    return B3_OK;
}

int32_t b3_worth_rate(const b3_worth *worth, uint32_t from, uint32_t to, int64_t *rate_raw) {
    const int64_t one = b3_pow10[B3_MONEY_SCALE];
    int64_t rate = one;
    int64_t unit = one;
    if (from != to) {
        int32_t status = value_of(worth, from, one, &rate);
        if (status == B3_OK) status = value_of(worth, to, one, &unit);
        if (status != B3_OK) return status;
        if (unit == 0) return B3_EMPTY;
        if (unit != one && b3_mul_div(rate, one, unit, &rate) != B3_OK) return B3_ERR_OVERFLOW;
    }
    if (rate == 0) return B3_EMPTY;
    *rate_raw = rate;
    return B3_OK;
}
