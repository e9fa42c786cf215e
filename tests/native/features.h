/* Features of the book that strategies use. */
#ifndef B3_TESTS_FEATURES_H
#define B3_TESTS_FEATURES_H

#include "bot3.h"

/* cdef: begin */
double b3t_imbalance(const b3_book_level *bids, uint32_t bid_count, const b3_book_level *asks, uint32_t ask_count);
double b3t_microprice_deviation(const b3_touch *touch);
int64_t b3_order_size_market(const b3_instrument *instrument, const b3_touch *touch, int64_t qty_raw);
int32_t b3_order_size_raw(const b3_instrument *instrument, double qty, int64_t *out);
const b3_strategy *b3_strategy_find(const char *name);
/* cdef: end */

#endif
