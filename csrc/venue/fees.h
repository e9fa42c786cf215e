/* What a fill costs, and in which currency.
 *
 *   tier     the last whose volume_min is not above what was traded in this run before the fill, in the instrument's quote currency (each
 *            quote currency counts for itself)
 *   quote    fee = notional x rate
 *   received of a buy, in the base: fee = quantity x rate; of a sell as quote
 *   third    fee = notional x rate / (one of it in the quote currency), at the rate known then; as received while none is known, and for a
 *            fee that is more than what is left of that currency
 *
 * The notional is rounded to 8 digits of the quote currency, then the fee to 8 digits of its own, both half to even. A negative rate is a
 * rebate.
 */
#ifndef B3_VENUE_FEES_H
#define B3_VENUE_FEES_H

#include "bot3.h"

typedef struct b3_fees {
    const b3_paper_config *config;
    int64_t *volumes; /* by currency, 8 digits; stops at INT64_MAX */
    int64_t *rates;   /* by currency: one of the fee currency in it, 8 digits; 0: unknown */
    int64_t left_raw; /* of the fee currency */
    uint32_t currency_count;
    uint32_t reserved;
} b3_fees;

typedef struct b3_fee {
    int64_t fee_raw;
    uint32_t currency;
    uint32_t reserved;
} b3_fee;

/* B3_ERR_ARGUMENT: no tier or too many, the first not from 0 on, volumes that do not rise, a rate beyond +-100 %, no such asset. */
int32_t b3_fees_check(const b3_paper_config *config);
/* A rate that the market or the configuration tells. Others than of the fee currency are not for us. */
void b3_fees_on_rate(b3_fees *fees, const b3_rate *rate);
/* How much there is of a currency; until it is told, enough. */
void b3_fees_on_balance(b3_fees *fees, const b3_balance *balance);
/* Of a fill. B3_OK, and its notional counts as traded; B3_ERR_OVERFLOW: money that does not fit, nothing counted. */
int32_t b3_fees_on_fill(b3_fees *fees, const b3_instrument *instrument, uint8_t side, uint8_t liquidity, int64_t price_raw, int64_t qty_raw,
                        b3_fee *fee);

#endif
