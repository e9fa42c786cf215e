/* One cash account: balances, positions at weighted average cost, realised and unrealised P&L, fees. Integers throughout.
 *
 * Weighted average keeps total cost, never the average: a reduction takes cost * qty / position, rounded half to even, and the last
 * unit takes what is left, so that a flat position has cost 0 exactly. A fill through zero closes, then opens.
 */
#ifndef B3_RISK_ACCOUNT_H
#define B3_RISK_ACCOUNT_H

#include "bot3.h"

typedef struct b3_account b3_account;

size_t b3_account_size(uint32_t instrument_count, uint32_t currency_count);
b3_account *b3_account_init(void *memory, const b3_instrument *instruments, uint32_t instrument_count, uint32_t currency_count);

/* Starting cash, or any later deposit. */
int32_t b3_account_deposit(b3_account *account, uint32_t currency, int64_t amount_raw);

/* A fill: moves position, cost, realised P&L, balances (base and quote) and fees. position: written whole but for its header.
 * Any other update: nothing, returns B3_EMPTY. B3_ERR_OVERFLOW leaves the account as it was. */
int32_t b3_account_on_update(b3_account *account, const b3_update *update, b3_position *position);

/* Marks a position; later reads of P&L use it. */
void b3_account_mark(b3_account *account, uint32_t instrument, int64_t price_raw);
void b3_account_read_position(const b3_account *account, uint32_t instrument, b3_position *out);
void b3_account_read_balance(const b3_account *account, uint32_t currency, b3_balance *out);
/* Over all instruments quoted in that currency. */
int32_t b3_account_read_pnl(const b3_account *account, uint32_t currency, b3_pnl *out);

#endif
