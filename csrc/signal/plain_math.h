/* Functions of the C library in plain arithmetic. The library picks its code by the CPU (with or without fused multiply-add), and the
 * last digit with it; what orders or published values hang on has to come out alike everywhere. Within a few units in the last place.
 */
#ifndef B3_SIGNAL_PLAIN_MATH_H
#define B3_SIGNAL_PLAIN_MATH_H

#include <math.h>

/* 2 atanh(z) = ln((1 + z) / (1 - z)), |z| <= 1/3: terms below 3^-35. */
static inline double b3_plain_log_ratio(double z) {
    const double square = z * z;
    double sum = 0.0;
    for (int k = 17; k >= 0; --k) sum = sum * square + 1.0 / (2 * k + 1);
    return 2.0 * z * sum;
}

/* ln(1 + x), x >= 0, without loss for a small x. */
static inline double b3_plain_log1p(double x) {
    if (x < 1.0) return b3_plain_log_ratio(x / (2.0 + x));
    int exponent = 0;
    const double mantissa = frexp(1.0 + x, &exponent); /* 0.5 .. 1 */
    return exponent * 0.69314718055994530942 + b3_plain_log_ratio((mantissa - 1.0) / (mantissa + 1.0));
}

/* Sine and cosine of a share of a full turn, 0 .. 1. */
static inline void b3_plain_turn(double turn, double *sine, double *cosine) {
    const double quarters = nearbyint(4.0 * turn);
    const double angle = 2.0 * 3.14159265358979323846 * (turn - 0.25 * quarters); /* -pi/4 .. pi/4 */
    const double square = angle * angle;
    double s = 0.0;
    double c = 0.0;
    for (int k = 9; k >= 1; --k) { /* Taylor's series, Horner's scheme */
        s = (1.0 - s) * square / (2 * k * (2 * k + 1));
        c = (1.0 - c) * square / (2 * k * (2 * k - 1));
    }
    s = angle * (1.0 - s);
    c = 1.0 - c;
    switch ((int)quarters & 3) {
    case 0: *sine = s, *cosine = c; return;
    case 1: *sine = c, *cosine = -s; return;
    case 2: *sine = -s, *cosine = -c; return;
    default: *sine = -c, *cosine = s; return;
    }
}

#endif
