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
    double of[2];       /* of dx, of dy; samples of slots have these places */
    double products[2]; /* of dx * dy, of dy^2 */
    double xx;          /* of dx^2 */
} b3_pair_sums;

/* Whether the squares of x are summed, a fifth of the work. */
enum { B3_PAIR_WITHOUT_XX = 0, B3_PAIR_WITH_XX = 1 };

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
    double xx; /* 0 if nobody asks for it */
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

static inline b3_pair_sums b3_pair_add(const b3_pair_sums *sums, b3_lanes d, int with_xx) {
    b3_pair_sums more;
    b3_lanes_store(more.of, b3_lanes_load(sums->of) + d);
    b3_lanes_store(more.products, b3_lanes_load(sums->products) + d * d[1]);
    more.xx = with_xx ? sums->xx + d[0] * d[0] : 0.0;
    return more;
}

static inline void b3_window_pair_turn(b3_window_pair *w, b3_lanes anchor, int with_xx) {
    b3_pair_sums sums = {0};
    w->prefix = sums;
    const b3_pair_sums *end = w->slot + w->period;
    for (b3_pair_sums *slot = w->slot + 1; slot != end; ++slot) {
        sums = b3_pair_add(&sums, b3_lanes_load(slot->of) - anchor, with_xx);
        b3_lanes_store(slot->of, b3_lanes_load(sums.of));
        b3_lanes_store(slot->products, b3_lanes_load(sums.products));
        if (with_xx) slot->xx = sums.xx;
    }
    b3_lanes_store(w->anchor, anchor);
    w->older = w->period;
}

static inline double b3_pair_positive(double square) {
    return square < 0.0 ? 0.0 : square;
}

/* Moments of the last period pairs, this one included; NaN before there are so many. */
static inline b3_pair_moments b3_window_pair_push(b3_window_pair *w, b3_lanes pair, int with_xx) {
    if (w->older == 0) b3_window_pair_turn(w, pair, with_xx);
    b3_pair_sums *slot = w->slot + w->older--;
    const b3_pair_sums *before = slot - 1;
    const b3_pair_sums prefix = b3_pair_add(&w->prefix, pair - b3_lanes_load(w->anchor), with_xx);
    b3_lanes_store(slot->of, pair);
    b3_lanes_store(w->prefix.of, b3_lanes_load(prefix.of));
    b3_lanes_store(w->prefix.products, b3_lanes_load(prefix.products));
    const b3_lanes sums = b3_lanes_load(before->of) + b3_lanes_load(prefix.of);
    const double mean = sums[1] * w->per_period;
    const b3_lanes products = b3_lanes_load(before->products) + b3_lanes_load(prefix.products) - sums * mean;
    b3_pair_moments moments = {0.0, b3_pair_positive(products[1]), products[0]};
    if (with_xx) {
        w->prefix.xx = prefix.xx;
        moments.xx = b3_pair_positive(before->xx + prefix.xx - sums[0] * (sums[0] * w->per_period));
    }
    return moments;
}

#endif
