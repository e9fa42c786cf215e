/* Where a price lies between the lowest low and the highest high of the last `period` bars. */
#ifndef B3_MATH_RANGE_POSITION_H
#define B3_MATH_RANGE_POSITION_H

#include "window_max.h"

typedef struct b3_range_window {
    size_t low_at; /* byte offset of the window of -low, after that of high */
    uint8_t data[];
} b3_range_window;

typedef struct b3_range {
    double highest;
    double lowest;
    double highest_age;
    double lowest_age;
} b3_range;

static inline size_t b3_range_window_size(uint32_t period) {
    return sizeof(b3_range_window) + 2 * b3_window_max_size(period);
}

static inline void b3_range_window_init(b3_range_window *r, uint32_t period) {
    r->low_at = b3_window_max_size(period);
    b3_window_max_init((b3_window_max *)(void *)r->data, period);
    b3_window_max_init((b3_window_max *)(void *)(r->data + r->low_at), period);
}

static inline b3_range b3_range_window_push(b3_range_window *r, double high, double low) {
    const b3_extreme highest = b3_window_max_push((b3_window_max *)(void *)r->data, high);
    const b3_extreme lowest = b3_window_max_push((b3_window_max *)(void *)(r->data + r->low_at), -low);
    return (b3_range){highest.value, -lowest.value, highest.age, lowest.age};
}

/* 0 (at the lowest) to 100; 0 where the range is empty (TA-Lib). */
static inline double b3_range_percent(b3_range range, double price) {
    const double width = range.highest - range.lowest;
    return width == 0.0 ? 0.0 : 100.0 * (price - range.lowest) / width;
}

#endif
