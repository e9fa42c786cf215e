/* Balances, and what they are worth in the reporting currency: kept as balances and marks move.
 *
 * A currency is valued by the mark of the first instrument that has it as base and the reporting currency as quote; else of the first one
 * whose quote is valued, and then as that; until such a mark is known, and where there is no such instrument, by its configured rate. Each
 * step is rounded half to even at 8 digits.
 */
#ifndef B3_RISK_WORTH_H
#define B3_RISK_WORTH_H

#include "base/money.h"
#include "bot3.h"

/* One currency. */
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

typedef struct b3_worth {
    b3_int128 total; /* sum of the purses' values */
    const b3_instrument *instruments;
    b3_purse *purses; /* by currency */
    int64_t *marks;   /* by instrument; 0: unknown */
    uint32_t instrument_count;
    uint32_t currency_count;
    uint32_t reporting_currency;
    uint32_t without_value; /* purses */
} b3_worth;

#define B3_WORTH_BEYOND ((b3_int128)1 << 96) /* more than any money, and sums of it still fit */

/* What is not locked by open orders. */
static inline int64_t b3_purse_free(const b3_purse *purse) {
    int64_t left = 0;
    return __builtin_sub_overflow(purse->total_raw, purse->locked_raw, &left) ? -INT64_MAX : left;
}

/* amount_raw < 0: a release. B3_ERR_OVERFLOW: nothing changed. */
static inline int32_t b3_purse_lock(b3_purse *purse, int64_t amount_raw) {
    return b3_add(purse->locked_raw, amount_raw, &purse->locked_raw);
}

/* instruments, purses and marks (zeroed) are set, and so are the counts and the reporting currency: links each currency to what values it.
 */
void b3_worth_init(b3_worth *worth, const b3_currency *currencies);
/* A new balance. */
void b3_worth_set(b3_worth *worth, uint32_t currency, int64_t total_raw);
/* A new mark. Cost: one multiplication for what is held of the base and of every currency that is valued through it. */
void b3_worth_mark(b3_worth *worth, uint32_t instrument, int64_t price_raw);
/* All balances. B3_EMPTY: one that is not 0 has no value. B3_ERR_OVERFLOW. */
int32_t b3_worth_total(const b3_worth *worth, int64_t *total_raw);
/* One unit of a currency in another, 8 digits, rounded half to even. B3_EMPTY: not known, or less than the last digit. B3_ERR_OVERFLOW. */
int32_t b3_worth_rate(const b3_worth *worth, uint32_t from, uint32_t to, int64_t *rate_raw);

#endif
