/* Quantities of our orders, in the instrument's raw units. */
#ifndef B3_SIGNAL_ORDER_SIZE_H
#define B3_SIGNAL_ORDER_SIZE_H

#include "bot3.h"

/* Base units -> raw, to the nearest. B3_ERR_ARGUMENT: not a number, negative, or beyond int64. */
int32_t b3_order_size_raw(const b3_instrument *instrument, double qty, int64_t *out);

/* What money_raw (8 digits of the quote currency) buys at price_raw, rounded down; INT64_MAX when that is more. 0 for money or a price
 * below 1. */
int64_t b3_order_size_of_money(const b3_instrument *instrument, int64_t money_raw, int64_t price_raw);

/* qty_raw rounded down to what the venue takes as a market order now; 0 when that is less than its least quantity or notional.
 * The venue's and our own upper limits are left to risk, which tells why it refuses. */
int64_t b3_order_size_market(const b3_instrument *instrument, const b3_touch *touch, int64_t qty_raw);
/* The same of a limit order at price_raw. */
int64_t b3_order_size_limit(const b3_instrument *instrument, int64_t price_raw, int64_t qty_raw);

#endif
