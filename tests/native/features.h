/* Pieces that strategies are made of. */
#ifndef B3_TESTS_FEATURES_H
#define B3_TESTS_FEATURES_H

#include "bot3.h"

/* cdef: begin */
double b3t_imbalance(const b3_book_level *bids, uint32_t bid_count, const b3_book_level *asks, uint32_t ask_count);
double b3t_microprice_deviation(const b3_touch *touch);
int64_t b3_order_size_market(const b3_instrument *instrument, const b3_touch *touch, int64_t qty_raw);
int64_t b3_order_size_limit(const b3_instrument *instrument, int64_t price_raw, int64_t qty_raw);
int64_t b3_order_size_of_money(const b3_instrument *instrument, int64_t money_raw, int64_t price_raw);
/* One entry after these bars, by the shared parameters (B3_SIZING_*); a b3_fault when they are refused. */
int64_t b3t_sizing_qty(const double *params, const b3_instrument *instrument, const b3_bar *bars, uint32_t bar_count, const b3_view *view,
                       uint8_t side);
double b3t_plain_log1p(double x);
void b3t_plain_turn(double turn, double *sine, double *cosine);
/* out: reservation and half spread, in bps. */
void b3t_maker_quote(double q, double gamma, double kappa, double variance_bps2, double *out);
int32_t b3_order_size_raw(const b3_instrument *instrument, double qty, int64_t *out);
const b3_strategy *b3_strategy_find(const char *name);
/* cdef: end */

#endif
