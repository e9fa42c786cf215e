/* One cash account: balances, positions at weighted average cost, realised and unrealised P&L, fees. Integers throughout.
 *
 * Weighted average keeps total cost, never the average: a reduction takes cost * qty / position, rounded half to even, and the last
 * unit takes what is left, so that a flat position has cost 0 exactly. A fill through zero closes, then opens: its notional is rounded
 * once, the closing part is rounded for itself, the opening part is the difference. So at every moment, to the last digit and before
 * fees, quote balance - deposits = realised - cost.
 *
 * First form: fees in the quote currency alone (others: B3_ERR_UNSUPPORTED). The base balance moves with the position; quantities finer
 * than 8 digits do not fit it (B3_ERR_PRECISION).
 */
#ifndef B3_RISK_ACCOUNT_H
#define B3_RISK_ACCOUNT_H

#include "bot3.h"

typedef struct b3_account b3_account;

/* instruments: borrowed as long as the account lives. Of the currencies only the rate is taken, and copied. */
typedef struct b3_account_config {
    const b3_instrument *instruments;
    const b3_currency *currencies;
    uint32_t instrument_count;
    uint32_t currency_count;
    uint32_t reporting_currency;
} b3_account_config;

/* memory: zeroed, aligned to 64, of b3_account_size bytes. NULL: an instrument names a currency >= currency_count or the same one twice,
 * or has a scale above 10; a reporting currency that is none; a negative rate. */
size_t b3_account_size(const b3_account_config *config);
b3_account *b3_account_init(void *memory, const b3_account_config *config);

/* Starting cash, or any later deposit (a negative amount takes out). B3_ERR_ARGUMENT, B3_ERR_OVERFLOW: nothing changed. */
int32_t b3_account_deposit(b3_account *account, uint32_t currency, int64_t amount_raw);

/* A fill (last_qty_raw > 0): moves position, cost, realised P&L, balances (base and quote) and fees. position: written whole but for its
 * header. Any other update: nothing, returns B3_EMPTY. B3_ERR_OVERFLOW, _PRECISION, _UNSUPPORTED, _ARGUMENT (instrument, side, price)
 * leave the account as it was. */
int32_t b3_account_on_update(b3_account *account, const b3_update *update, b3_position *position);

/* Total of all balances in the reporting currency. A currency is valued by the mark of the first instrument that has it as base and the
 * reporting currency as quote; else of the first one whose quote is valued, and then as that; until such a mark is known, and where there
 * is no such instrument, by its configured rate. Each step is rounded half to even at 8 digits. B3_EMPTY: a balance that is not 0 has
 * neither mark nor rate. B3_ERR_OVERFLOW. O(1): kept as balances and marks move. */
int32_t b3_account_equity(const b3_account *account, int64_t *equity_raw);

/* Marks a position; later reads of P&L use it, and equity. 0: unknown, unrealised is then 0. Cost: one multiplication for what is held of
 * the base and of every currency that is valued through it. */
void b3_account_mark(b3_account *account, uint32_t instrument, int64_t price_raw);
/* An unrealised P&L that does not fit int64 reads as INT64_MAX or -INT64_MAX. */
void b3_account_read_position(const b3_account *account, uint32_t instrument, b3_position *out);
void b3_account_read_balance(const b3_account *account, uint32_t currency, b3_balance *out);
/* Over all instruments quoted in that currency: O(instruments). B3_ERR_ARGUMENT, B3_ERR_OVERFLOW. */
int32_t b3_account_read_pnl(const b3_account *account, uint32_t currency, b3_pnl *out);

/* For pre-trade risk: what an instrument holds, what a currency has free (total - locked), what open orders hold of it. A lock may be
 * negative (a release). B3_ERR_OVERFLOW: nothing changed. */
int64_t b3_account_qty(const b3_account *account, uint32_t instrument);
int64_t b3_account_total(const b3_account *account, uint32_t currency);
int64_t b3_account_free(const b3_account *account, uint32_t currency);
int32_t b3_account_lock(b3_account *account, uint32_t currency, int64_t amount_raw);

/* A quantity as money of the base currency. B3_ERR_OVERFLOW; B3_ERR_PRECISION: finer than 8 digits. */
int32_t b3_account_base_amount(const b3_instrument *instrument, int64_t qty_raw, int64_t *amount_raw);

#endif
