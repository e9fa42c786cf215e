/* Sums of two series over the last `period` samples, as window_sum.h. */
#ifndef B3_MATH_WINDOW_TWO_H
#define B3_MATH_WINDOW_TWO_H

#include <math.h>
#include <stddef.h>

#include "two_lanes.h"

typedef struct b3_window_two {
    uint32_t end;      /* bytes from slot[0] to slot[period] */
    uint32_t older;    /* as in b3_window_sum, in bytes, which saves instructions */
    uint64_t reserved; /* lanes at multiples of 16 bytes, as in b3_directional */
    double prefix[2];
    double slot[][2];
} b3_window_two;

static inline size_t b3_window_two_size(uint32_t period) {
    return sizeof(b3_window_two) + ((size_t)period + 1) * 2 * sizeof(double);
}

static inline void b3_window_two_init(b3_window_two *w, uint32_t period) {
    *w = (b3_window_two){.end = period * (uint32_t)sizeof w->slot[0]};
    b3_lanes_store(w->slot[0], (b3_lanes){0.0, 0.0});
    for (uint32_t j = 1; j <= period; ++j) b3_lanes_store(w->slot[j], (b3_lanes){NAN, NAN});
}

static inline void b3_window_two_turn(b3_window_two *w) {
    b3_lanes sums = {0.0, 0.0};
    b3_lanes_store(w->prefix, sums);
    const double *end = (double *)(void *)((uint8_t *)w->slot + w->end);
    for (double *slot = w->slot[1]; slot < end; slot += 2) {
        sums += b3_lanes_load(slot);
        b3_lanes_store(slot, sums);
    }
    w->older = w->end;
}

/* The sums of the last period samples, these included; NaN before there are so many. */
static inline b3_lanes b3_window_two_push(b3_window_two *w, b3_lanes both) {
    if (w->older == 0) b3_window_two_turn(w);
    double *slot = (double *)(void *)((uint8_t *)w->slot + w->older);
    const b3_lanes prefix = b3_lanes_load(w->prefix) + both;
    const b3_lanes before = b3_lanes_load(slot - 2);
    w->older -= (uint32_t)sizeof w->slot[0];
    b3_lanes_store(slot, both);
    b3_lanes_store(w->prefix, prefix);
    return before + prefix;
}

#endif
