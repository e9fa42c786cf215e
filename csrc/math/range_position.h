/* The lowest low and the highest high of the last `period` bars, as window_max.h, and where a price lies between them. */
#ifndef B3_MATH_RANGE_POSITION_H
#define B3_MATH_RANGE_POSITION_H

#include "window_max.h"

typedef struct b3_range {
    double highest;
    double lowest;
} b3_range;

typedef struct b3_range_window {
    uint32_t period;
    uint32_t older;
    uint32_t wait_highs; /* as in b3_window_max */
    uint32_t wait_lows;
    b3_range prefix;
    b3_range slot[];
} b3_range_window;

#define B3_NO_RANGE ((b3_range){-INFINITY, INFINITY})

static inline size_t b3_range_window_size(uint32_t period) {
    return sizeof(b3_range_window) + ((size_t)period + 1) * sizeof(b3_range);
}

static inline void b3_range_window_init(b3_range_window *w, uint32_t period) {
    *w = (b3_range_window){.period = period, .wait_highs = period, .wait_lows = period};
    for (uint32_t j = 0; j <= period; ++j) w->slot[j] = B3_NO_RANGE;
}

static inline b3_range b3_range_of(b3_range older, b3_range newer) {
    return (b3_range){b3_larger(older.highest, newer.highest), b3_smaller(older.lowest, newer.lowest)};
}

static inline void b3_range_window_turn(b3_range_window *w) {
    b3_range range = B3_NO_RANGE;
    for (uint32_t j = 1; j < w->period; ++j) w->slot[j] = range = b3_range_of(w->slot[j], range);
    w->prefix = B3_NO_RANGE;
    w->older = w->period;
}

/* NaN for a side that holds one, or has not seen `period` bars. */
static inline b3_range b3_range_window_push(b3_range_window *w, double high, double low) {
    if (w->older == 0) b3_range_window_turn(w);
    b3_range *slot = w->slot + w->older--;
    const b3_range prefix = b3_range_of(w->prefix, (b3_range){high, low});
    const b3_range range = b3_range_of(slot[-1], prefix);
    slot[0] = (b3_range){high, low};
    w->prefix = prefix;
    if ((w->wait_highs | w->wait_lows) == 0 && !isunordered(high, low)) return range;
    return (b3_range){b3_unless_waiting(&w->wait_highs, w->period, high, range.highest),
                      b3_unless_waiting(&w->wait_lows, w->period, low, range.lowest)};
}

/* 0 (at the lowest) to 100; 0 where the range is empty (TA-Lib). */
static inline double b3_range_percent(b3_range range, double price) {
    const double width = range.highest - range.lowest;
    return width == 0.0 ? 0.0 : 100.0 * (price - range.lowest) / width;
}

#endif
