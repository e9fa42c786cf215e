/* What the kernel files share. A kernel file defines one row of the table (kernels.def lists them all): b3_indicator_<name>. */
#ifndef B3_MATH_KERNEL_H
#define B3_MATH_KERNEL_H

#include <math.h>

#include "bot3.h"

/* Longest window. It bounds a stream's memory: 100,000 samples of a correlation are 4 MB. */
#define B3_BARS_MAX 100000

#define B3_BARS(name, value, min, text) {name, value, min, B3_BARS_MAX, "bars", text}
#define B3_SEED_PARAM {"seed", 0, 0, 1, "sma|first", "first value: mean of the first timeperiod samples (TA-Lib), or the first sample"}
#define B3_SMOOTHING_PARAM {"smoothing", 0, 0, 1, "wilder|plain", "gain of the averages: 1 / timeperiod, or 2 / (timeperiod + 1)"}
#define B3_COUNT(array) ((uint32_t)(sizeof(array) / sizeof(array)[0]))

/* Defines run: update, value by value, the call inlined. B3_RUN keeps the state in registers; one with an array at its end stays where it
 * is: B3_RUN_IN_PLACE. */
#define B3_RUN(state, inputs, outputs)                                                                                                     \
    __attribute__((flatten)) static void run(void *stream, const double *const *in, double *const *out, uint64_t first, uint64_t count) {  \
        state now = *(state *)stream;                                                                                                      \
        B3_RUN_LOOP(&now, inputs, outputs)                                                                                                 \
        *(state *)stream = now;                                                                                                            \
    }

#define B3_RUN_IN_PLACE(inputs, outputs)                                                                                                   \
    __attribute__((flatten)) static void run(void *stream, const double *const *in, double *const *out, uint64_t first, uint64_t count) {  \
        B3_RUN_LOOP(stream, inputs, outputs)                                                                                               \
    }

#define B3_RUN_LOOP(stream, inputs, outputs)                                                                                               \
    const double *from[inputs];                                                                                                            \
    double *to[outputs];                                                                                                                   \
    for (size_t j = 0; j < (inputs); ++j) from[j] = in[j];                                                                                 \
    for (size_t j = 0; j < (outputs); ++j) to[j] = out[j];                                                                                 \
    for (uint64_t i = first; i < count; ++i) {                                                                                             \
        double x[inputs];                                                                                                                  \
        double y[outputs];                                                                                                                 \
        for (size_t j = 0; j < (inputs); ++j) x[j] = from[j][i];                                                                           \
        update(stream, x, y);                                                                                                              \
        for (size_t j = 0; j < (outputs); ++j) to[j][i] = y[j];                                                                            \
    }

#define KERNEL(name) extern const b3_indicator b3_indicator_##name;
#include "kernels.def"
#undef KERNEL

#endif
