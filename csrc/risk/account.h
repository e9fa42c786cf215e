/* One cash account: balances, positions and P&L of the account and of each strategy, equity. Integers throughout.
 *
 * Balances move by what happened: a buy adds its quantity to the base and takes its notional from the quote, a sell the other way round, a
 * fee leaves the currency that it was paid in. Deposits (the starting balances) are holdings without cost: they can be sold and count in
 * equity, but they are no position.
 *
 * Positions are what was traded: one ledger (ledger.h) of the account and one of each strategy in an instrument, by one method. The
 * account's is over all fills, so it nets what strategies hold against one another; both say the same in sum when all are flat.
 *
 * Fees, of each fill, after it:
 *   quote currency   fees += fee
 *   base currency    base is given away: a trade of the fee's quantity at the fill's price, against the fill when it is paid, in its favour
 *                    when it is a rebate; fees += its notional (rounded half to even). So a position is what is left of it to sell.
 *   another          fees += fee x rate, rounded half to even, at the rate of b3_account_rate; without a rate the ledgers are incomplete
 *                    from then on. It is paid out of what is held of that currency, position or not.
 * So to the last digit, at any moment, for every instrument whose base and quote are nobody else's and with fees in these two:
 *   base balance - deposits = position          quote balance - deposits = realised - cost - fees
 *
 * Quantities finer than 8 digits do not fit a balance, nor base fees finer than the quantity's scale a position (B3_ERR_PRECISION).
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
    uint32_t strategy_count; /* ids 1..strategy_count have ledgers */
    uint32_t reporting_currency;
    uint32_t pnl_method;   /* b3_pnl_method */
    uint32_t lot_capacity; /* FIFO, LIFO: of all ledgers together */
} b3_account_config;

/* memory: zeroed, aligned to 64, of b3_account_size bytes. NULL: an instrument names a currency >= currency_count or the same one twice,
 * or has a scale above 10; a reporting currency or method that is none; a negative rate. */
size_t b3_account_size(const b3_account_config *config);
b3_account *b3_account_init(void *memory, const b3_account_config *config);

/* A starting balance, or any later deposit (a negative amount takes out). B3_ERR_ARGUMENT, B3_ERR_OVERFLOW: nothing changed. */
int32_t b3_account_deposit(b3_account *account, uint32_t currency, int64_t amount_raw);

/* A fill (last_qty_raw > 0): moves balances and the ledgers of account and strategy (hdr.strategy; 0: none). position: the account's, its
 * header's kind, flags and instrument included. Any other update: nothing, returns B3_EMPTY. B3_ERR_OVERFLOW, _PRECISION, _ARGUMENT
 * (instrument, strategy, side, price, fee currency), _UNSUPPORTED (futures: funding and margin are not kept), _CAPACITY (no lot is free)
 * leave the account as it was. */
int32_t b3_account_on_update(b3_account *account, const b3_update *update, b3_position *position);
/* Lots that are free; UINT32_MAX where the method keeps none. A fill needs up to 2 (account and strategy), with a base fee 4. */
uint32_t b3_account_lots_free(const b3_account *account);

/* One unit of a currency in another, 8 digits, by what each is worth in the reporting currency (worth.h), rounded half to even. B3_EMPTY:
 * not known, or less than the last digit. B3_ERR_ARGUMENT, B3_ERR_OVERFLOW. */
int32_t b3_account_rate(const b3_account *account, uint32_t from, uint32_t to, int64_t *rate_raw);

/* Total of all balances in the reporting currency, each at its worth (worth.h). B3_EMPTY: a balance that is not 0 has neither mark nor
 * rate. B3_ERR_OVERFLOW. O(1): kept as balances and marks move. */
int32_t b3_account_equity(const b3_account *account, int64_t *equity_raw);

/* Marks a position; later reads of P&L use it, and equity. 0: unknown, unrealised is then 0. Cost: one multiplication for what is held of
 * the base and of every currency that is valued through it. */
void b3_account_mark(b3_account *account, uint32_t instrument, int64_t price_raw);
/* The account's position, or a strategy's (1..strategy_count). Of the header kind, version, flags, instrument and strategy are set. An
 * unrealised P&L that does not fit int64 reads as INT64_MAX or -INT64_MAX. */
void b3_account_read_position(const b3_account *account, uint32_t instrument, b3_position *out);
void b3_account_read_strategy(const b3_account *account, uint16_t strategy, uint32_t instrument, b3_position *out);
void b3_account_read_balance(const b3_account *account, uint32_t currency, b3_balance *out);
/* Over all instruments quoted in that currency: O(instruments). B3_ERR_ARGUMENT, B3_ERR_OVERFLOW. */
int32_t b3_account_read_pnl(const b3_account *account, uint32_t currency, b3_pnl *out);

/* For pre-trade risk: what an instrument holds, what a currency has free (total - locked), what open orders hold of it. A lock may be
 * negative (a release). B3_ERR_OVERFLOW: nothing changed. */
int64_t b3_account_qty(const b3_account *account, uint32_t instrument);
int64_t b3_account_total(const b3_account *account, uint32_t currency);
int64_t b3_account_free(const b3_account *account, uint32_t currency);
int32_t b3_account_lock(b3_account *account, uint32_t currency, int64_t amount_raw);
/* The currency's own, for who asks of every order: to be read, and locked, as worth.h has it. It stays where it is. */
struct b3_purse *b3_account_purse(b3_account *account, uint32_t currency);

/* A quantity as money of the base currency. B3_ERR_OVERFLOW; B3_ERR_PRECISION: finer than 8 digits. */
int32_t b3_account_base_amount(const b3_instrument *instrument, int64_t qty_raw, int64_t *amount_raw);

#endif
