/* How many bars ago the highest high and the lowest low of the last `period` bars were, by two stacks (see window_max.h). */
#ifndef B3_MATH_EXTREME_AGE_H
#define B3_MATH_EXTREME_AGE_H

#include "range_position.h"

typedef struct b3_extremes {
    b3_range range;
    int32_t high_at; /* counted from the first sample of the block now */
    int32_t low_at;
} b3_extremes;

typedef struct b3_extreme_window {
    uint32_t period;
    uint32_t k;
    uint32_t highs; /* as b3_range_window */
    uint32_t lows;
    double scale; /* of the result: the caller's */
    b3_extremes prefix;
    b3_extremes slot[];
} b3_extreme_window;

typedef struct b3_ages {
    double highest; /* NaN for a side that holds one or is not full */
    double lowest;
} b3_ages;

static inline size_t b3_extreme_window_size(uint32_t period) {
    return sizeof(b3_extreme_window) + ((size_t)period + 1) * sizeof(b3_extremes);
}

static inline void b3_extreme_window_init(b3_extreme_window *w, uint32_t period, double scale) {
    *w = (b3_extreme_window){.period = period, .scale = scale};
    for (uint32_t j = 0; j <= period; ++j) w->slot[j] = (b3_extremes){.range = B3_NO_RANGE};
}

static inline b3_extremes b3_extremes_of(b3_extremes older, b3_extremes newer) {
    return (b3_extremes){
        .range = b3_range_of(older.range, newer.range),
        .high_at = older.range.highest > newer.range.highest ? older.high_at : newer.high_at,
        .low_at = older.range.lowest < newer.range.lowest ? older.low_at : newer.low_at,
    };
}

static inline void b3_extreme_window_turn(b3_extreme_window *w) {
    b3_extremes best = {.range = B3_NO_RANGE};
    for (int32_t j = (int32_t)w->period; j-- > 1;) {
        const int32_t at = j - (int32_t)w->period;
        w->slot[j] = best = b3_extremes_of((b3_extremes){w->slot[j].range, at, at}, best);
    }
    w->prefix = (b3_extremes){.range = B3_NO_RANGE};
}

static inline b3_ages b3_extreme_window_push(b3_extreme_window *w, double high, double low) {
    const uint32_t k = w->k;
    if (k == 0) b3_extreme_window_turn(w);
    const int32_t at = (int32_t)k;
    w->slot[k].range = (b3_range){high, low};
    w->prefix = b3_extremes_of(w->prefix, (b3_extremes){{high, low}, at, at});
    w->k = k + 1 == w->period ? 0 : k + 1;
    const b3_extremes best = b3_extremes_of(w->slot[k + 1], w->prefix);
    b3_ages ages = {at - best.high_at, at - best.low_at};
    if (!b3_all_numbers(&w->highs, w->period, high)) ages.highest = NAN;
    if (!b3_all_numbers(&w->lows, w->period, low)) ages.lowest = NAN;
    return ages;
}

#endif
