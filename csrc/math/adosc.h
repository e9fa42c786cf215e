/* What adosc remembers: how far the accumulation/distribution line is ahead of its averages. The line moves by the flow of a bar, so
 * ad - ema(ad) becomes keep * (ad - ema(ad) + flow), and the line itself, which grows without bound, is never made.
 */
#ifndef B3_MATH_ADOSC_H
#define B3_MATH_ADOSC_H

#include <stdint.h>

typedef struct b3_chaikin {
    double ahead[2]; /* of the fast average, of the slow one */
    double keep[2];  /* 1 - gain */
    uint32_t lookback;
    uint32_t seen; /* bars since the start or the last restart; stops at lookback + 1 */
} b3_chaikin;

#endif
