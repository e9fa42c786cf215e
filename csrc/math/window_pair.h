/* Sums of squared deviations and of their products for two series over the last `period` samples, by two stacks (see window_sum.h).
 *
 * Both series are anchored at the first sample of the block now, as in window_var.h: no digits are lost at large prices.
 */
#ifndef B3_MATH_WINDOW_PAIR_H
#define B3_MATH_WINDOW_PAIR_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

typedef struct b3_pair_sums {
    double x;
    double y;
    double xx;
    double yy;
    double xy;
} b3_pair_sums;

typedef struct b3_window_pair {
    uint32_t period;
    uint32_t older;
    double per_period;
    double anchor_x;
    double anchor_y;
    b3_pair_sums prefix;
    b3_pair_sums slot[]; /* as in b3_window_sum; samples are in x and y */
} b3_window_pair;

static inline size_t b3_window_pair_size(uint32_t period) {
    return sizeof(b3_window_pair) + ((size_t)period + 1) * sizeof(b3_pair_sums);
}

static inline void b3_window_pair_init(b3_window_pair *w, uint32_t period) {
    *w = (b3_window_pair){.period = period, .per_period = 1.0 / period};
    w->slot[0] = (b3_pair_sums){0};
    for (uint32_t j = 1; j <= period; ++j) w->slot[j].x = w->slot[j].y = NAN;
}

static inline void b3_pair_add(b3_pair_sums *sums, double dx, double dy) {
    sums->x += dx;
    sums->y += dy;
    sums->xx += dx * dx;
    sums->yy += dy * dy;
    sums->xy += dx * dy;
}

static inline void b3_window_pair_turn(b3_window_pair *w, double x, double y) {
    b3_pair_sums sums = {0};
    for (uint32_t j = 1; j < w->period; ++j) {
        b3_pair_add(&sums, w->slot[j].x - x, w->slot[j].y - y);
        w->slot[j] = sums;
    }
    w->anchor_x = x;
    w->anchor_y = y;
    w->prefix = (b3_pair_sums){0};
    w->older = w->period;
}

/* Centred sums (x and y are the means) of the last period samples, these included; NaN before there are so many. */
static inline b3_pair_sums b3_window_pair_push(b3_window_pair *w, double x, double y) {
    if (w->older == 0) b3_window_pair_turn(w, x, y);
    const uint32_t older = w->older - 1;
    const b3_pair_sums *before = &w->slot[older];
    w->older = older;
    w->slot[older + 1].x = x;
    w->slot[older + 1].y = y;
    b3_pair_add(&w->prefix, x - w->anchor_x, y - w->anchor_y);
    const double sx = before->x + w->prefix.x;
    const double sy = before->y + w->prefix.y;
    const double mean_x = sx * w->per_period;
    const double mean_y = sy * w->per_period;
    const double xx = before->xx + w->prefix.xx - sx * mean_x;
    const double yy = before->yy + w->prefix.yy - sy * mean_y;
    const double xy = before->xy + w->prefix.xy - sx * mean_y;
    return (b3_pair_sums){w->anchor_x + mean_x, w->anchor_y + mean_y, xx < 0.0 ? 0.0 : xx, yy < 0.0 ? 0.0 : yy, xy};
}

#endif
