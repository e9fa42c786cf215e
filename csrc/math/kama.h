/* What kama remembers. */
#ifndef B3_MATH_KAMA_H
#define B3_MATH_KAMA_H

#include <stddef.h>
#include <stdint.h>

typedef struct b3_adaptive_slot {
    double path; /* of |change|, as in b3_window_sum */
    double sample;
} b3_adaptive_slot;

typedef struct b3_adaptive {
    double before; /* the sample before this one; NaN: none */
    double value;
    uint64_t seen; /* since the start or a restart; stops at period + 2 */
    uint32_t period;
    uint32_t older; /* as in b3_window_sum */
    double path;
    b3_adaptive_slot slot[];
} b3_adaptive;

#endif
