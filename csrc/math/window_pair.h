/* Sums of squared deviations and of their products for two series over the last `period` samples, by two stacks (see window_sum.h).
 *
 * Both series are anchored at the first sample of the block now, as in window_var.h: no digits are lost at large prices.
 */
#ifndef B3_MATH_WINDOW_PAIR_H
#define B3_MATH_WINDOW_PAIR_H

#include <math.h>
#include <stddef.h>

#include "two_lanes.h"

typedef struct b3_pair_sums {
    double of[2];      /* of dx, of dy; samples of slots have these places */
    double squares[2]; /* of dx^2, of dy^2 */
    double product;    /* of dx * dy */
} b3_pair_sums;

typedef struct b3_window_pair {
    uint32_t period;
    uint32_t older;
    double per_period;
    double anchor[2];
    b3_pair_sums prefix;
    b3_pair_sums slot[]; /* as in b3_window_sum */
} b3_window_pair;

/* Sums of squares and of products of deviations from the means. */
typedef struct b3_pair_moments {
    double xx;
    double yy;
    double xy;
} b3_pair_moments;

static inline size_t b3_window_pair_size(uint32_t period) {
    return sizeof(b3_window_pair) + ((size_t)period + 1) * sizeof(b3_pair_sums);
}

static inline void b3_window_pair_init(b3_window_pair *w, uint32_t period) {
    *w = (b3_window_pair){.period = period, .per_period = 1.0 / period};
    w->slot[0] = (b3_pair_sums){0};
    for (uint32_t j = 1; j <= period; ++j) b3_lanes_store(w->slot[j].of, (b3_lanes){NAN, NAN});
}

static inline b3_pair_sums b3_pair_add(const b3_pair_sums *sums, b3_lanes d) {
    b3_pair_sums more;
    b3_lanes_store(more.of, b3_lanes_load(sums->of) + d);
    b3_lanes_store(more.squares, b3_lanes_load(sums->squares) + d * d);
    more.product = sums->product + d[0] * d[1];
    return more;
}

static inline void b3_window_pair_turn(b3_window_pair *w, b3_lanes anchor) {
    b3_pair_sums sums = {0};
    w->prefix = sums;
    const b3_pair_sums *end = w->slot + w->period;
    for (b3_pair_sums *slot = w->slot + 1; slot != end; ++slot) *slot = sums = b3_pair_add(&sums, b3_lanes_load(slot->of) - anchor);
    b3_lanes_store(w->anchor, anchor);
    w->older = w->period;
}

/* Moments of the last period pairs, this one included; NaN before there are so many. */
static inline b3_pair_moments b3_window_pair_push(b3_window_pair *w, b3_lanes pair) {
    if (w->older == 0) b3_window_pair_turn(w, pair);
    b3_pair_sums *slot = w->slot + w->older--;
    const b3_pair_sums *before = slot - 1;
    const b3_pair_sums prefix = b3_pair_add(&w->prefix, pair - b3_lanes_load(w->anchor));
    b3_lanes_store(slot->of, pair);
    w->prefix = prefix;
    const b3_lanes sums = b3_lanes_load(before->of) + b3_lanes_load(prefix.of);
    const b3_lanes means = sums * w->per_period;
    const b3_lanes squares = b3_lanes_load(before->squares) + b3_lanes_load(prefix.squares) - sums * means;
    const b3_lanes positive = b3_lanes_pick(squares < 0.0, (b3_lanes){0.0, 0.0}, squares);
    return (b3_pair_moments){positive[0], positive[1], before->product + prefix.product - sums[0] * means[1]};
}

#endif
