/* The built-in strategies, by name. The one table that the engine, Python, docs and tests read. */
#ifndef B3_SIGNAL_STRATEGIES_H
#define B3_SIGNAL_STRATEGIES_H

#include "bot3.h"

/* b3_strategy_at is in bot3.h. */

/* NULL when there is none of that name. */
const b3_strategy *b3_strategy_find(const char *name);

#endif
