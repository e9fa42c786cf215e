/* What open orders may lead to, per instrument and over all: pending quantities, worst-case positions, exposure.
 *
 * Exposure of an instrument: its largest possible |position| x mark, in the reporting currency. It is kept at 20 digits in 128 bits (as
 * many as a price and a quantity have together at most), so that neither a product nor the sum is rounded and nothing is divided;
 * conversion from another currency rounds up. What cannot be told, or is more than any limit can be, counts as B3_EXPOSURE_UNKNOWN.
 */
#ifndef B3_RISK_WORST_CASE_H
#define B3_RISK_WORST_CASE_H

#include "base/money.h"
#include "risk/account.h"

#define B3_EXPOSURE_SCALE 20
#define B3_EXPOSURE_UNKNOWN ((b3_int128)1 << 104)        /* above INT64_MAX x 10^12; no mark, no rate, or it does not fit */
#define B3_EXPOSURE_INSTRUMENTS_MAX (1u << 22)           /* so many times UNKNOWN still fit the sum */
#define B3_EXPOSURE_PER_MONEY ((b3_int128)1000000000000) /* 10^(20 - 8) */

/* One instrument. */
typedef struct b3_desk {
    b3_int128 exposure;    /* its part of the sum */
    b3_int128 factor;      /* 10^(20 - digits of price x quantity) */
    b3_int128 product_max; /* above it the exposure is UNKNOWN */
    int64_t high_raw;      /* position + all open buys */
    int64_t low_raw;       /* position - all open sells */
    int64_t pending_buy_raw;
    int64_t pending_sell_raw;
    int64_t mark_raw;
    b3_instrument_limits limits;
    uint32_t orders; /* open, in flight included */
    uint32_t quote_currency;
} b3_desk;

typedef struct b3_worst_case {
    b3_int128 exposure; /* sum over desks; 0 while it is not counted */
    const b3_account *account;
    b3_desk *desks;
    int64_t *rates; /* by currency: 8 digits, one unit of it in the reporting currency; 0 unknown */
    uint32_t instrument_count;
    uint32_t counted; /* 1: exposure is kept up to date */
} b3_worst_case;

/* desks, rates: zeroed memory of the caller, as long as this lives. */
void b3_worst_case_init(b3_worst_case *worst, b3_desk *desks, int64_t *rates, const b3_instrument *instruments,
                        const b3_instrument_limits *limits, uint32_t instrument_count, const b3_account *account, int counted);

/* Exposure at a rate that is not 1. */
b3_int128 b3_worst_converted(b3_int128 exposure, int64_t rate);

/* Exposure of a quantity (>= 0) of the desk's instrument at a price. */
static inline b3_int128 b3_worst_exposure(const b3_worst_case *worst, const b3_desk *desk, int64_t price_raw, int64_t qty) {
    const int64_t rate = worst->rates[desk->quote_currency];
    const b3_int128 product = (b3_int128)price_raw * qty;
    if (qty == 0) return 0;
    if (price_raw <= 0 || rate == 0 || product > desk->product_max) return B3_EXPOSURE_UNKNOWN;
    const b3_int128 exposure = product * desk->factor;
    return rate == 100000000 ? exposure : b3_worst_converted(exposure, rate);
}

/* In money of the reporting currency, rounded up; INT64_MAX when it does not fit. */
int64_t b3_worst_money(b3_int128 exposure);

static inline void b3_worst_set_exposure(b3_worst_case *worst, b3_desk *desk, b3_int128 exposure) {
    worst->exposure += exposure - desk->exposure;
    desk->exposure = exposure;
}

/* Position or pending quantity has changed. */
void b3_worst_refresh(b3_worst_case *worst, uint32_t instrument);
void b3_worst_on_mark(b3_worst_case *worst, uint32_t instrument, int64_t price_raw);
/* O(instruments). rate_raw <= 0: not known any more. */
void b3_worst_on_rate(b3_worst_case *worst, uint32_t currency, int64_t rate_raw);

#endif
