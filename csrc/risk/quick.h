/* The fast way through the pre-trade checks: says yes to the plain order that every check lets pass, and leaves all else to the exact way
 * (limits.c), which alone defines the rules and names the one that refuses. It may only say yes where the exact way does, with the same
 * charge; saying no costs time and nothing else.
 *
 * Plain: a NEW LIMIT, or a NEW MARKET that the touch covers; no flag, nothing in the standing; quoted in the reporting currency; scales
 * that no other instrument's are finer than, quantities of at most 8 digits. What the settings and filters ask of such an order is brought
 * into bounds per instrument at the start: ranges of quantity, price and price x quantity, and how far from the mid a price may be, as a
 * power of two that is within the rates. Nothing is divided but the notional of a buy, which is locked to the last digit.
 *
 * Worth it: benches/micro/trading_cycle.c, risk, measures both ways.
 */
#ifndef B3_RISK_QUICK_H
#define B3_RISK_QUICK_H

#include "base/money.h"
#include "risk/limits.h"
#include "risk/worth.h"

/* number % divisor == 0 by one multiplication: Granlund and Montgomery, "Division by invariant integers using multiplication", 9. */
typedef struct b3_step {
    uint64_t inverse; /* of the divisor's odd part, modulo 2^64 */
    uint64_t most;    /* (2^64 - 1) / divisor */
    uint32_t twos;    /* how often 2 divides the divisor */
    uint32_t reserved;
} b3_step;

/* What a plain LIMIT order is held to at [0], a MARKET order at [1]. */
typedef struct b3_kind_bounds {
    b3_int128 product_min; /* price x quantity */
    b3_int128 product_max;
    int64_t qty_min;
    uint64_t qty_span; /* max - min */
} b3_kind_bounds;

/* Of one instrument. A limit price is at most mid + (mid >> up) and at least mid - (mid >> down): buys at [0], sells at [1]. */
typedef struct b3_bounds {
    _Alignas(64) const b3_instrument *instrument;
    struct b3_desk *desk;
    b3_purse *purses[2];     /* what a buy locks, the quote; what a sell locks, the base */
    b3_kind_bounds kinds[2]; /* an empty range of quantity: all orders of the kind go the exact way */
    b3_step lot;
    b3_step tick;
    int64_t price_min;
    uint64_t price_span;
    int64_t position_max;       /* ours */
    int64_t venue_position_max; /* the venue's filter; -1: none */
    int64_t base_unit;          /* money of the base currency a unit of quantity */
    int64_t notional_unit;      /* units of price x quantity in one of money */
    uint8_t up[2];
    uint8_t down[2];
    uint8_t reserved[4];
} b3_bounds;

/* Limits as the fast way compares: what is off is more than anything. */
typedef struct b3_most {
    b3_int128 gross;
    b3_int128 net;
    int64_t age_ns;
    int64_t touch_ns_min;
    int64_t late_ns;
    uint32_t orders;
    uint32_t positions;
    uint32_t lots_an_order; /* 0 where no lots are kept */
    uint32_t reserved;
} b3_most;

/* Fills in risk's bounds and most from its settings. */
void b3_quick_init(b3_risk *risk);

#endif
