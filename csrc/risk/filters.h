/* The venue's own filters on an order, exact. A zero step or bound is off; a bound need not lie on a step. */
#ifndef B3_RISK_FILTERS_H
#define B3_RISK_FILTERS_H

#include "bot3.h"

/* B3_RULE_NONE, or the first filter that refuses, with *limit and *value in the filter's unit. reference_price_raw: the price that
 * market orders and PERCENT_PRICE are judged at (last trade or mid); 0 unknown: those filters are then skipped for want of a price.
 * position_raw, open_orders: of the account in this instrument, the order itself not included. */
uint16_t b3_filters_check(const b3_instrument *instrument, const b3_request *request, int64_t reference_price_raw, int64_t position_raw,
                          uint32_t open_orders, int64_t *limit, int64_t *value);

#endif
