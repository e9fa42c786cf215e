/* What open orders may lead to, per instrument and over all: pending quantities, worst-case positions, exposures.
 *
 * Of an instrument: long exposure = (position + all open buys) x mark, short exposure = (position - all open sells) x mark, both signed,
 * in the reporting currency. Gross = the larger of long and -short. Over all instruments: the sum of the gross ones, of the long ones
 * (the net if all buys fill and no sell does) and of the short ones. They are kept in 128 bits at as many digits as price and quantity
 * have together where they have most (8 to 20), so that neither a product nor a sum is rounded and nothing is divided; conversion from
 * another currency rounds to the worse side: long up, short down. What cannot be told (no mark, no rate), or is more than any limit can be,
 * counts as B3_EXPOSURE_UNKNOWN on the side where it hurts and as nothing where it would help.
 *
 * One desk lies apart, as a rule the one that moved last: the sums leave it out, and its exposure is worked out when somebody asks. So
 * orders, fills and marks of one instrument in a row add to no sum; the next instrument's order or fill puts it back.
 */
#ifndef B3_RISK_WORST_CASE_H
#define B3_RISK_WORST_CASE_H

#include "base/money.h"
#include "risk/account.h"

#define B3_EXPOSURE_UNKNOWN ((b3_int128)1 << 104) /* above INT64_MAX x 10^12; no mark, no rate, or it does not fit */
#define B3_EXPOSURE_INSTRUMENTS_MAX (1u << 22)    /* so many times UNKNOWN still fit the sum */

typedef struct b3_exposure {
    b3_int128 of_buys;  /* long: signed */
    b3_int128 of_sells; /* short: signed */
    b3_int128 gross;
} b3_exposure;

/* One instrument. */
typedef struct b3_desk {
    b3_exposure exposure;  /* as the sums have it; not of the desk apart */
    b3_int128 factor;      /* from the digits of price x quantity to those of exposures */
    b3_int128 product_max; /* above it an exposure is UNKNOWN */
    int64_t high_raw;      /* position + all open buys */
    int64_t low_raw;       /* position - all open sells */
    int64_t pending_buy_raw;
    int64_t pending_sell_raw;
    int64_t mark_raw;
    int64_t dust_raw; /* a position smaller than this is none: nobody can sell it */
    b3_instrument_limits limits;
    uint32_t orders; /* open, in flight included */
    uint32_t quote_currency;
    uint32_t is_open; /* held, or pending orders may open it: counted in open_positions */
    uint32_t reserved;
} b3_desk;

typedef struct b3_worst_case {
    b3_exposure sums; /* over all desks but the one apart; 0 while they are not counted */
    const b3_account *account;
    b3_desk *desks;
    b3_desk *apart;    /* NULL: none */
    int64_t *rates;    /* by currency: 8 digits, one unit of it in the reporting currency; 0 unknown */
    int64_t per_money; /* exposure of one unit of money, 10^-8 */
    uint32_t instrument_count;
    uint32_t open_positions; /* instruments held, or about to be */
    uint32_t counted;        /* 1: exposures are kept up to date */
    uint32_t reserved;
} b3_worst_case;

/* desks, rates: zeroed memory of the caller, as long as this lives. */
void b3_worst_case_init(b3_worst_case *worst, b3_desk *desks, int64_t *rates, const b3_instrument *instruments,
                        const b3_instrument_limits *limits, uint32_t instrument_count, const b3_account *account, int counted);

/* Value of a quantity (>= 0) of the desk's instrument at a mark, rounded up; or down, UNKNOWN then being 0. */
b3_int128 b3_worst_value(const b3_worst_case *worst, const b3_desk *desk, int64_t mark, int64_t qty, int up);

/* Exposure of a worst case (high and low signed) at a mark: of buys rounded up, of sells down. */
static inline b3_exposure b3_worst_exposure(const b3_worst_case *worst, const b3_desk *desk, int64_t mark, int64_t high, int64_t low) {
    b3_exposure found;
    found.of_buys = high >= 0 ? b3_worst_value(worst, desk, mark, high, 1) : -b3_worst_value(worst, desk, mark, -high, 0);
    found.of_sells = low <= 0 ? -b3_worst_value(worst, desk, mark, -low, 1) : b3_worst_value(worst, desk, mark, low, 0);
    found.gross = found.of_buys > -found.of_sells ? found.of_buys : -found.of_sells;
    return found;
}

static inline int b3_worst_is_open(const b3_desk *desk, int64_t high, int64_t low) {
    return high >= desk->dust_raw || low <= -desk->dust_raw;
}

/* In money of the reporting currency, rounded up; INT64_MAX or -INT64_MAX when it does not fit. */
int64_t b3_worst_money(const b3_worst_case *worst, b3_int128 exposure);

/* Over all desks but this one; NULL: over all. */
b3_exposure b3_worst_others(const b3_worst_case *worst, const b3_desk *desk);

/* From now on this desk is the one apart, as it is now and whatever becomes of it. Only while exposures are counted. */
void b3_worst_set_apart(b3_worst_case *worst, b3_desk *desk);
static inline void b3_worst_keep_apart(b3_worst_case *worst, b3_desk *desk) {
    if (worst->apart != desk) b3_worst_set_apart(worst, desk);
}

/* An order has been allowed, so that these sums fit. The desk lies apart, or exposures are not counted. */
static inline void b3_worst_on_order(b3_worst_case *worst, b3_desk *desk, uint8_t side, int64_t qty) {
    if (side == B3_BUY) {
        desk->pending_buy_raw += qty;
        desk->high_raw += qty;
    } else {
        desk->pending_sell_raw += qty;
        desk->low_raw -= qty;
    }
    if (!desk->is_open && b3_worst_is_open(desk, desk->high_raw, desk->low_raw)) {
        desk->is_open = 1;
        worst->open_positions++;
    }
}

/* Position or pending quantity has changed. */
void b3_worst_refresh(b3_worst_case *worst, uint32_t instrument);
void b3_worst_on_mark(b3_worst_case *worst, uint32_t instrument, int64_t price_raw);
/* O(instruments). rate_raw <= 0: not known any more. */
void b3_worst_on_rate(b3_worst_case *worst, uint32_t currency, int64_t rate_raw);

#endif
