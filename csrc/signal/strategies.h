/* The built-in strategies, by name. The one table that the engine, Python, docs and tests read. */
#ifndef B3_SIGNAL_STRATEGIES_H
#define B3_SIGNAL_STRATEGIES_H

#include "bot3.h"

/* b3_strategy_at is in bot3.h. */

/* NULL when there is none of that name. */
const b3_strategy *b3_strategy_find(const char *name);

/* The rows, one a file. */
extern const b3_strategy b3_strategy_ema_cross;
extern const b3_strategy b3_strategy_obi;

/* 1 when each value lies within its parameter's bounds (a NaN does not). */
int b3_strategy_in_bounds(const b3_param *params, uint32_t count, const double *values);

/* Fills one slot with a market order of ours, or with a signal's value. Both return 1, the number of slots. */
int32_t b3_strategy_put_market(b3_slot *slot, uint8_t side, int64_t qty_raw);
int32_t b3_strategy_put_signal(b3_slot *slot, uint32_t signal, double value);

#endif
