/* The venue's own filters on an order, exact: products are compared in 128 bits, nothing is rounded. A zero step or bound is off; a bound
 * need not lie on a step.
 *
 * Order: PRICE_FILTER (stop price, then limit) | PERCENT_PRICE (limit) | LOT_SIZE | MARKET_LOT_SIZE (MARKET, STOP) | MIN_NOTIONAL,
 * MAX_NOTIONAL | MAX_POSITION (BUY) | MAX_NUM_ORDERS. A step holds when value % step is 0, whatever the minimum is. Notional: at the limit,
 * of a STOP at its stop price, of a MARKET at the reference price.
 */
#ifndef B3_RISK_FILTERS_H
#define B3_RISK_FILTERS_H

#include "bot3.h"

/* B3_RULE_NONE, or the first filter that refuses, with *limit and *value in the filter's unit (price, quantity, notional, count; of a
 * step: the step and what is over it; untouched when none refuses). reference_price_raw: the price that market orders and PERCENT_PRICE
 * are judged at (last trade or mid); 0 unknown: those filters are then skipped for want of a price. position_raw: the account's base
 * asset plus all its open buys, open_orders: in this instrument; the order itself not included in either.
 * The request is well-formed: enums valid, quantity > 0, the prices that its type needs > 0. */
uint16_t b3_filters_check(const b3_instrument *instrument, const b3_request *request, int64_t reference_price_raw, int64_t position_raw,
                          uint32_t open_orders, int64_t *limit, int64_t *value);

#endif
