/* What the book's quantities say about the next price move. */
#ifndef B3_SIGNAL_IMBALANCE_H
#define B3_SIGNAL_IMBALANCE_H

#include <math.h>

#include "bot3.h"

/* (bids - asks) / (bids + asks) over the quantities of the given levels, -1 .. 1; NaN when there is none. */
static inline double b3_imbalance(const b3_book_level *bids, uint32_t bid_count, const b3_book_level *asks, uint32_t ask_count) {
    double bid = 0.0;
    double ask = 0.0;
    for (uint32_t i = 0; i < bid_count; ++i) bid += (double)bids[i].qty_raw;
    for (uint32_t i = 0; i < ask_count; ++i) ask += (double)asks[i].qty_raw;
    return bid + ask > 0.0 ? (bid - ask) / (bid + ask) : NAN;
}

/* How far the microprice (best prices weighted by the opposite quantity) lies above the middle, in basis points of the middle;
 * NaN unless both sides are there. */
static inline double b3_microprice_deviation(const b3_touch *touch) {
    if (touch->bid_qty_raw <= 0 || touch->ask_qty_raw <= 0) return NAN;
    const double bid = (double)touch->bid_price_raw;
    const double spread = (double)(touch->ask_price_raw - touch->bid_price_raw);
    const double share = (double)touch->bid_qty_raw / ((double)touch->bid_qty_raw + (double)touch->ask_qty_raw);
    return 1e4 * spread * (share - 0.5) / (bid + 0.5 * spread);
}

#endif
