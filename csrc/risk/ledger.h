/* Cost of what was traded in one instrument, by one of three methods: quantity, total cost, realised P&L, fees.
 *
 * A trade is a signed quantity at a price, with its notional: price x quantity as money, rounded half to even at 8 digits, once a fill.
 * What goes against the position closes, the rest opens:
 *   through zero   the closing part's notional is rounded for itself, the opening part's is the difference; cost starts anew
 *   opening        cost += notional of the opening part (signed as the quantity)
 *   closing        realised += notional of the closing part - cost taken (a long; a short: cost taken - notional), cost -= cost taken
 * Cost taken:
 *   weighted average   cost x closed / position, rounded half to even
 *   FIFO, LIFO         lots, the oldest (newest) first: a whole lot's cost, or of the last one touched cost x part / lot, half to even
 * A lot is what one order opened at one price: its fills there make one lot as long as no other opens in between. Total cost is kept, of
 * the position or of each lot, never an average, so the last unit takes what is left and a flat position has cost 0 exactly. At any
 * moment and by any method realised - cost is the cash that the trades brought in, so the three agree to the last digit when flat.
 */
#ifndef B3_RISK_LEDGER_H
#define B3_RISK_LEDGER_H

#include "bot3.h"

typedef struct b3_lot {
    int64_t qty_raw;  /* > 0, long or short */
    int64_t cost_raw; /* of it, >= 0 */
    int64_t price_raw;
    uint64_t order_id;
    uint32_t older; /* place + 1; 0: none. Of a free one: the next free one */
    uint32_t newer;
} b3_lot;

/* The lots of all ledgers of an account. */
typedef struct b3_lots {
    b3_lot *pool;
    uint32_t method; /* b3_pnl_method */
    uint32_t first_free;
    uint32_t free_count;
    uint32_t reserved;
} b3_lots;

typedef struct b3_ledger {
    int64_t qty_raw;
    int64_t cost_raw; /* signed as the quantity */
    int64_t realized_raw;
    int64_t fees_raw;
    uint32_t oldest; /* place + 1 of a lot; 0: none */
    uint32_t newest;
    uint32_t incomplete; /* 1: a fee is missing in fees_raw */
    uint32_t reserved;
} b3_ledger;

/* pool: capacity of them, not needed for weighted average. */
void b3_lots_init(b3_lots *lots, uint32_t method, b3_lot *pool, uint32_t capacity);

/* B3_OK: trades of qty and notional in all (>= 0), with as much in fees, cannot overflow the ledger. Looks at sums of absolute values, so
 * it may say B3_ERR_OVERFLOW from about half of what int64 holds on. */
int32_t b3_ledger_check(const b3_ledger *ledger, int64_t qty_raw, int64_t notional_raw);

/* One trade, qty_raw not 0. It has been checked, and a lot is free (unless by weighted average). Cost: O(lots closed). */
void b3_ledger_trade(b3_ledger *ledger, b3_lots *lots, const b3_instrument *instrument, int64_t price_raw, int64_t qty_raw,
                     int64_t notional_raw, uint64_t order_id);

#endif
