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
extern const b3_strategy b3_strategy_rsi_reversion;
extern const b3_strategy b3_strategy_macd;
extern const b3_strategy b3_strategy_bollinger;
extern const b3_strategy b3_strategy_blend;
extern const b3_strategy b3_strategy_market_maker;
extern const b3_strategy b3_strategy_features;

/* 1 when each value lies within its parameter's bounds (a NaN does not), and is whole where its unit counts: bars, levels, ticks, and
 * the choices "a|b". */
int b3_strategy_params_valid(const b3_param *params, uint32_t count, const double *values);

/* 1 for the bars that strategies count: our own, not the venue's. */
static inline int b3_is_own_bar(const b3_header *event) {
    return event->kind == B3_BAR && (event->flags & B3_FLAG_VENUE) == 0;
}
/* Price of a raw one, in the quote currency. */
double b3_strategy_price(const b3_instrument *instrument, int64_t price_raw);

/* Each fills one slot with a request or signal of ours and returns 1, the number of slots. */
int32_t b3_strategy_put_market(b3_slot *slot, uint8_t side, int64_t qty_raw);
/* Post-only; orig_order_id: the order that it takes the place of, or 0. */
int32_t b3_strategy_put_quote(b3_slot *slot, uint8_t side, int64_t price_raw, int64_t qty_raw, uint64_t orig_order_id);
int32_t b3_strategy_put_cancel(b3_slot *slot, uint8_t side, uint64_t order_id);
int32_t b3_strategy_put_signal(b3_slot *slot, uint32_t signal, double value);

#endif
