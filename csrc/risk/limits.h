/* Pre-trade checks: a request and what is known -> a decision. Fails closed: what cannot be judged is refused.
 *
 * State per engine: limits, the order-rate bucket, and per instrument the worst case of what is pending. Cancels are always allowed.
 * Worst case: long = position + all open and pending buys; short = position - all open and pending sells.
 */
#ifndef B3_RISK_LIMITS_H
#define B3_RISK_LIMITS_H

#include "bot3.h"

typedef struct b3_risk b3_risk;

size_t b3_risk_size(uint32_t instrument_count);
b3_risk *b3_risk_init(void *memory, const b3_limits *limits, const b3_instrument_limits *per_instrument, const b3_instrument *instruments,
                      uint32_t instrument_count);

/* Judges a request in the form the strategy gave it (ids already set). Writes *decision whole but for its header's times and number.
 * Allowed: the pending worst case, the open-order count and the rate bucket have been charged. Cost: see benches. */
void b3_risk_decide(b3_risk *risk, const b3_request *request, const b3_view *view, b3_decision *decision);

/* Every order update passes here once: releases what a done order (filled, canceled, rejected, expired) held, moves the position on a
 * fill. order: as it was requested. Releases are exactly once: an update on a done order changes nothing. */
void b3_risk_on_update(b3_risk *risk, const b3_update *update);

/* Latest mark of an instrument (mid of the touch), for exposure. */
void b3_risk_on_mark(b3_risk *risk, uint32_t instrument, int64_t price_raw);

#endif
