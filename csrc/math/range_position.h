/* The lowest low and the highest high of the last `period` bars, as window_max.h, and where a price lies between them. */
#ifndef B3_MATH_RANGE_POSITION_H
#define B3_MATH_RANGE_POSITION_H

#include "two_lanes.h"
#include "window_max.h"

typedef struct b3_range {
    double highest;
    double lowest;
} b3_range;

typedef struct b3_range_window {
    uint32_t end;     /* bytes from slot[0] to slot[period] */
    uint32_t older;   /* as in b3_window_max, in bytes, which saves instructions */
    uint32_t wait[2]; /* of highs and of lows, as in b3_window_max */
    double prefix[2]; /* of highs, and of lows, which have their signs changed */
    double slot[][2];
} b3_range_window;

static inline size_t b3_range_window_size(uint32_t period) {
    return sizeof(b3_range_window) + ((size_t)period + 1) * 2 * sizeof(double);
}

static inline void b3_range_window_init(b3_range_window *w, uint32_t period) {
    *w = (b3_range_window){.end = period * (uint32_t)sizeof w->slot[0], .wait = {period, period}};
    for (uint32_t j = 0; j <= period; ++j) b3_lanes_store(w->slot[j], (b3_lanes){-INFINITY, -INFINITY});
}

static inline void b3_range_window_turn(b3_range_window *w) {
    b3_lanes best = {-INFINITY, -INFINITY};
    b3_lanes_store(w->prefix, best);
    const double *end = (double *)(void *)((uint8_t *)w->slot + w->end);
    for (double *slot = w->slot[1]; slot < end; slot += 2) {
        best = b3_lanes_larger(b3_lanes_load(slot), best);
        b3_lanes_store(slot, best);
    }
    w->older = w->end;
}

/* What a window that waits has of its range: NaN for a side that holds one, or has not seen `period` bars. */
__attribute__((noinline, cold, unused)) static b3_range b3_range_waiting(b3_range_window *w, double high, double low, b3_range range) {
    const uint32_t period = w->end / (uint32_t)sizeof w->slot[0];
    return (b3_range){b3_unless_waiting(&w->wait[0], period, high, range.highest),
                      b3_unless_waiting(&w->wait[1], period, low, range.lowest)};
}

static inline b3_range b3_range_window_push(b3_range_window *w, double high, double low) {
    if (w->older == 0) b3_range_window_turn(w);
    double *slot = (double *)(void *)((uint8_t *)w->slot + w->older);
    const b3_lanes bar = {high, -low};
    const b3_lanes prefix = b3_lanes_larger(b3_lanes_load(w->prefix), bar);
    const b3_lanes best = b3_lanes_larger(b3_lanes_load(slot - 2), prefix);
    const b3_range range = {best[0], -best[1]};
    w->older -= (uint32_t)sizeof w->slot[0];
    b3_lanes_store(slot, bar);
    b3_lanes_store(w->prefix, prefix);
    uint64_t waits;
    memcpy(&waits, w->wait, sizeof waits);
    if (waits == 0 && !isunordered(high, low)) return range;
    return b3_range_waiting(w, high, low, range);
}

/* 0 (at the lowest) to 100; 0 where the range is empty (TA-Lib). */
static inline double b3_range_percent(b3_range range, double price) {
    const double width = range.highest - range.lowest;
    return width == 0.0 ? 0.0 : 100.0 * (price - range.lowest) / width;
}

#endif
