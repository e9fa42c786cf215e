/* What the kernel files share. A kernel file defines one row of the table (kernels.def lists them all): b3_indicator_<name>. */
#ifndef B3_MATH_KERNEL_H
#define B3_MATH_KERNEL_H

#include <math.h>

#include "bot3.h"

/* Longest window. It bounds a stream's memory: 100,000 samples of a correlation are 5.6 MB. */
#define B3_BARS_MAX 100000

#define B3_BARS(name, value, min, text) {name, value, min, B3_BARS_MAX, "bars", text}
#define B3_SEED_PARAM {"seed", 0, 0, 1, "sma|first", "first value: mean of the first timeperiod samples (TA-Lib), or the first sample"}
#define B3_SMOOTHING_PARAM {"smoothing", 0, 0, 1, "wilder|plain", "gain of the averages: 1 / timeperiod, or 2 / (timeperiod + 1)"}
#define B3_COUNT(array) ((uint32_t)(sizeof(array) / sizeof(array)[0]))

#define KERNEL(name) extern const b3_indicator b3_indicator_##name;
#include "kernels.def"
#undef KERNEL

#endif
