/* How many bars ago the lowest low and the highest high of the last `period` bars were, by two stacks (see window_max.h). */
#ifndef B3_MATH_EXTREME_AGE_H
#define B3_MATH_EXTREME_AGE_H

#include "two_lanes.h"
#include "window_max.h"

/* Of lows, which have their signs changed, and of highs. Bars are numbered backwards: the newest of the block now has number older + 1,
 * that of the block before period + 1. */
typedef struct b3_extremes {
    b3_lanes value;
    b3_lanes at;
} b3_extremes;

typedef struct b3_extreme_window {
    uint32_t period;
    uint32_t older;
    uint32_t wait[2]; /* of lows and of highs, as in b3_window_max */
    double scale[2];  /* of the result: the caller's */
    double prefix[4];
    double slot[][4]; /* value, at */
} b3_extreme_window;

static inline size_t b3_extreme_window_size(uint32_t period) {
    return sizeof(b3_extreme_window) + ((size_t)period + 1) * 4 * sizeof(double);
}

static inline void b3_extreme_window_init(b3_extreme_window *w, uint32_t period, double scale) {
    *w = (b3_extreme_window){.period = period, .wait = {period, period}, .scale = {scale, scale}};
    for (uint32_t j = 0; j <= period; ++j) memcpy(w->slot[j], (double[4]){-INFINITY, -INFINITY}, sizeof w->slot[j]);
}

static inline b3_extremes b3_extremes_load(const double *from) {
    return (b3_extremes){b3_lanes_load(from), b3_lanes_load(from + 2)};
}

static inline void b3_extremes_store(double *to, b3_extremes extremes) {
    b3_lanes_store(to, extremes.value);
    b3_lanes_store(to + 2, extremes.at);
}

static inline b3_extremes b3_extremes_of(b3_extremes older, b3_extremes newer) {
    const b3_lane_bits is_older = older.value > newer.value;
    return (b3_extremes){b3_lanes_larger(older.value, newer.value), b3_lanes_pick(is_older, older.at, newer.at)};
}

static inline void b3_extreme_window_turn(b3_extreme_window *w) {
    b3_extremes best = {{-INFINITY, -INFINITY}, {0.0}};
    double at = w->period;
    b3_extremes_store(w->prefix, best);
    for (uint32_t j = 1, period = w->period; j < period; ++j) {
        at += 1.0;
        best = b3_extremes_of((b3_extremes){b3_lanes_load(w->slot[j]), {at, at}}, best);
        b3_extremes_store(w->slot[j], best);
    }
    w->older = w->period;
}

/* The ages that a window that waits has: NaN for a side that holds one, or has not seen `period` bars. */
__attribute__((noinline, cold, unused)) static b3_lanes b3_extremes_waiting(b3_extreme_window *w, double high, double low, b3_lanes ages) {
    return (b3_lanes){b3_unless_waiting(&w->wait[0], w->period, low, ages[0]), b3_unless_waiting(&w->wait[1], w->period, high, ages[1])};
}

/* Bars since the lowest low and the highest high. */
static inline b3_lanes b3_extreme_window_push(b3_extreme_window *w, double high, double low) {
    if (w->older == 0) b3_extreme_window_turn(w);
    const double at = w->older;
    double (*slot)[4] = w->slot + w->older--;
    const b3_extremes bar = {{-low, high}, {at, at}};
    const b3_extremes prefix = b3_extremes_of(b3_extremes_load(w->prefix), bar);
    const b3_lanes ages = b3_extremes_of(b3_extremes_load(slot[-1]), prefix).at - at;
    b3_lanes_store(slot[0], bar.value);
    b3_extremes_store(w->prefix, prefix);
    uint64_t waits;
    memcpy(&waits, w->wait, sizeof waits);
    if (waits == 0 && !isunordered(high, low)) return ages;
    return b3_extremes_waiting(w, high, low, ages);
}

#endif
