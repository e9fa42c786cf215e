/* How many bars ago the highest high and the lowest low of the last `period` bars were, by two stacks (see window_max.h). */
#ifndef B3_MATH_EXTREME_AGE_H
#define B3_MATH_EXTREME_AGE_H

#include "range_position.h"

/* Bars are numbered backwards: the newest of the block now has slot number older + 1, that of the block before period + 1. */
typedef struct b3_extremes {
    b3_range range;
    int32_t high_at;
    int32_t low_at;
} b3_extremes;

typedef struct b3_extreme_window {
    uint32_t period;
    uint32_t older;
    uint32_t wait_highs; /* as in b3_window_max */
    uint32_t wait_lows;
    double scale; /* of the result: the caller's */
    b3_extremes prefix;
    b3_extremes slot[];
} b3_extreme_window;

typedef struct b3_ages {
    double highest; /* NaN for a side that holds one, or has not seen `period` bars */
    double lowest;
} b3_ages;

static inline size_t b3_extreme_window_size(uint32_t period) {
    return sizeof(b3_extreme_window) + ((size_t)period + 1) * sizeof(b3_extremes);
}

static inline void b3_extreme_window_init(b3_extreme_window *w, uint32_t period, double scale) {
    *w = (b3_extreme_window){.period = period, .wait_highs = period, .wait_lows = period, .scale = scale};
    for (uint32_t j = 0; j <= period; ++j) w->slot[j] = (b3_extremes){.range = B3_NO_RANGE};
}

/* yes or no, without a branch. */
static inline int32_t b3_pick(int64_t is, int32_t yes, int32_t no) {
    return no ^ ((yes ^ no) & (int32_t)-is);
}

static inline b3_extremes b3_extremes_of(b3_extremes older, b3_extremes newer) {
    return (b3_extremes){
        .range = b3_range_of(older.range, newer.range),
        .high_at = b3_pick(older.range.highest > newer.range.highest, older.high_at, newer.high_at),
        .low_at = b3_pick(older.range.lowest < newer.range.lowest, older.low_at, newer.low_at),
    };
}

static inline void b3_extreme_window_turn(b3_extreme_window *w) {
    b3_extremes best = {.range = B3_NO_RANGE};
    for (uint32_t j = 1; j < w->period; ++j) {
        const int32_t at = (int32_t)(w->period + j);
        w->slot[j] = best = b3_extremes_of((b3_extremes){w->slot[j].range, at, at}, best);
    }
    w->prefix = (b3_extremes){.range = B3_NO_RANGE};
    w->older = w->period;
}

static inline b3_ages b3_extreme_window_push(b3_extreme_window *w, double high, double low) {
    if (w->older == 0) b3_extreme_window_turn(w);
    const uint32_t older = w->older - 1;
    const int32_t at = (int32_t)w->older;
    w->older = older;
    w->slot[older + 1].range = (b3_range){high, low};
    w->prefix = b3_extremes_of(w->prefix, (b3_extremes){{high, low}, at, at});
    const b3_extremes best = b3_extremes_of(w->slot[older], w->prefix);
    const b3_ages ages = {best.high_at - at, best.low_at - at};
    if ((w->wait_highs | w->wait_lows) == 0 && !isunordered(high, low)) return ages;
    return (b3_ages){b3_unless_waiting(&w->wait_highs, w->period, high, ages.highest),
                     b3_unless_waiting(&w->wait_lows, w->period, low, ages.lowest)};
}

#endif
