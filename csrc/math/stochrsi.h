/* A relative strength index, and where it lies in its own range of the last bars. */
#ifndef B3_MATH_STOCHRSI_H
#define B3_MATH_STOCHRSI_H

#include "range_position.h"
#include "strength.h"
#include "window_sum.h"

/* A range so narrow, of 0 to 100, is rounding: an index whose price stands still hardly moves, and its place would be noise. */
#define B3_STOCHRSI_EMPTY 1e-9

typedef struct b3_stochrsi {
    b3_strength rsi;
    size_t average_at; /* byte offset of the window of the average, after that of the range */
    uint8_t data[];
} b3_stochrsi;

static inline size_t b3_stochrsi_size(uint32_t range, uint32_t average_period) {
    return sizeof(b3_stochrsi) + b3_range_window_size(range) + b3_window_sum_size(average_period);
}

/* Forgets the range and the average, not the index. */
static inline void b3_stochrsi_restart(b3_stochrsi *s, uint32_t range, uint32_t average_period) {
    s->average_at = b3_range_window_size(range);
    b3_range_window_init((b3_range_window *)(void *)s->data, range);
    b3_window_sum_init((b3_window_sum *)(void *)(s->data + s->average_at), average_period);
}

/* out: fastk and its average, once the index after its newest sample is rsi. */
static inline void b3_stochrsi_push(b3_stochrsi *s, double rsi, double *out) {
    b3_window_sum *window = (b3_window_sum *)(void *)(s->data + s->average_at);
    const b3_range range = b3_range_window_push((b3_range_window *)(void *)s->data, rsi, rsi);
    const int empty = range.highest - range.lowest <= B3_STOCHRSI_EMPTY;
    const double fastk = empty ? 0.0 : b3_range_percent(range, rsi);
    out[1] = b3_window_mean_push(window, fastk);
    out[0] = isnan(out[1]) ? NAN : fastk;
}

#endif
