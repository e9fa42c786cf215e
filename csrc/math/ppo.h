/* What ppo remembers. */
#ifndef B3_MATH_PPO_H
#define B3_MATH_PPO_H

#include "smooth.h"
#include "window_sum.h"

typedef struct b3_price_oscillator {
    b3_smooth ema;
    uint64_t is_ema;
    size_t slow_at; /* byte offset of the second window */
    b3_smooth slow_ema;
    uint8_t data[]; /* two b3_window_sum, for sma */
} b3_price_oscillator;

#endif
