/* Least-squares line through the last `period` samples. */
#ifndef B3_MATH_LINE_H
#define B3_MATH_LINE_H

#include "window_trend.h"

typedef struct b3_line {
    double newest; /* value at the newest sample */
    double slope;  /* per sample */
} b3_line;

static inline void b3_line_init(b3_window_trend *window, uint32_t period) {
    const double n = period;
    const double middle = 0.5 * (n - 1.0); /* mean age of the samples */
    b3_window_trend_init(window, period, middle, 12.0 / (n * (n * n - 1.0)));
}

static inline b3_line b3_line_push(b3_window_trend *window, double x) {
    const b3_trend trend = b3_window_trend_push(window, x);
    const double slope = trend.moment * window->scale;
    return (b3_line){trend.anchor + trend.sum * window->per_period + window->offset * slope, slope};
}

#endif
