/* Stop-loss and trailing stop of one position: from what is held and the touch to one explicit trigger price.
 *
 *   stop-loss   long: floor(cost / qty x (1 - rate))    short: ceil(cost / qty x (1 + rate))    cost / qty: average entry price
 *   trailing    long: floor(best x (1 - rate))          short: ceil(best x (1 + rate))          best: highest bid, lowest ask since entry
 * A long's trigger is met by a bid at or below it, a short's by an ask at or above it; of the two stops the one that is met first counts.
 * The average is never kept: the trigger is one exact division of the cost, rounded to the price that an integer quote has to reach.
 * An add or a reduction moves the entry and keeps the best price; opening from flat and going through zero start both anew.
 * A touch that is crossed, or lacks the side that is needed, says nothing.
 */
#ifndef B3_RISK_STOPS_H
#define B3_RISK_STOPS_H

#include "bot3.h"

typedef struct b3_stop {
    int64_t loss_raw;    /* trigger of the stop-loss; 0: none */
    int64_t best_raw;    /* 0: not seen yet */
    int64_t trigger_raw; /* of the stop that is met first; 0: none */
    int32_t side;        /* 1: guards a long, -1: a short, 0: nothing */
    int32_t trailing;    /* 1: trigger_raw is the trailing stop's */
} b3_stop;

/* The position is qty_raw now, at a total cost of cost_raw (8 digits of the quote currency, signed as qty). */
void b3_stop_on_position(b3_stop *stop, const b3_guard_config *config, const b3_instrument *instrument, int64_t qty_raw, int64_t cost_raw,
                         const b3_touch *touch);

/* 1: the touch reaches the trigger. The price that did is the touch's bid of a long, its ask of a short. */
int b3_stop_on_touch(b3_stop *stop, const b3_guard_config *config, const b3_touch *touch);

/* Guards nothing until the position changes. */
static inline void b3_stop_disarm(b3_stop *stop) {
    *stop = (b3_stop){0};
}

#endif
