/* Whether orders may be sent at all: what the guard (stops, breaker, kill switch) has decided and the pre-trade checks obey. The guard
 * writes it, the checks read it, both on the hot thread. */
#ifndef B3_RISK_STANDING_H
#define B3_RISK_STANDING_H

#include "bot3.h"

typedef struct b3_standing {
    uint16_t rule;     /* NONE; DAILY_LOSS, DRAWDOWN, BREAKER: only what reduces a position passes; KILLED: only B3_FLAG_EXIT does */
    int64_t limit_raw; /* of that rule, for the decision */
    int64_t value_raw;
    uint8_t *exiting; /* by instrument; 1: a stop is taking the position out, so nothing but B3_FLAG_EXIT passes there (rule EXIT) */
} b3_standing;

#endif
