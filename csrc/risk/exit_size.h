/* How much of a position one market order can take out. */
#ifndef B3_RISK_EXIT_SIZE_H
#define B3_RISK_EXIT_SIZE_H

#include "bot3.h"

/* side: of the order. held_raw: what is to go, > 0. The largest whole number of lots in it that our limit on one order and the venue's
 * filters let through; 0: it is dust, too small for any order. Filters on the notional need both sides of the touch, and are passed over
 * without them. */
int64_t b3_exit_size(const b3_instrument *instrument, const b3_instrument_limits *limits, const b3_touch *touch, uint8_t side,
                     int64_t held_raw);

#endif
