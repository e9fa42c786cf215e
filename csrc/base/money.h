/* Exact integer arithmetic on scaled decimals, with 128-bit intermediates. Inline: these are on the path of every order. */
#ifndef B3_BASE_MONEY_H
#define B3_BASE_MONEY_H

#include "bot3.h"

#define B3_MONEY_SCALE 8

__extension__ typedef __int128 b3_int128;

static const int64_t b3_pow10[19] = {1,
                                     10,
                                     100,
                                     1000,
                                     10000,
                                     100000,
                                     1000000,
                                     10000000,
                                     100000000,
                                     1000000000,
                                     10000000000,
                                     100000000000,
                                     1000000000000,
                                     10000000000000,
                                     100000000000000,
                                     1000000000000000,
                                     10000000000000000,
                                     100000000000000000,
                                     1000000000000000000};

/* *out = a * b / divisor (divisor > 0), rounded half to even. B3_ERR_OVERFLOW when it does not fit; *out is then untouched. */
static inline int32_t b3_mul_div(int64_t a, int64_t b, int64_t divisor, int64_t *out) {
    const b3_int128 product = (b3_int128)a * b;
    b3_int128 quotient = product / divisor;
    const b3_int128 remainder = product - quotient * divisor; /* % would divide a second time */
    const b3_int128 twice = (remainder < 0 ? -remainder : remainder) * 2;
    if (twice > divisor || (twice == divisor && (quotient & 1) != 0)) quotient += product < 0 ? -1 : 1;
    if (quotient > INT64_MAX || quotient < -INT64_MAX) return B3_ERR_OVERFLOW;
    *out = (int64_t)quotient;
    return B3_OK;
}

/* Notional of qty at price: money of the quote currency. Scales at most 10 each. */
static inline int32_t b3_notional(const b3_instrument *instrument, int64_t price_raw, int64_t qty_raw, int64_t *out) {
    const int digits = instrument->price_scale + instrument->qty_scale - B3_MONEY_SCALE;
    if (digits >= 0) return b3_mul_div(price_raw, qty_raw, b3_pow10[digits], out);
    int64_t narrow = 0;
    if (b3_mul_div(price_raw, qty_raw, 1, &narrow) != B3_OK) return B3_ERR_OVERFLOW;
    return b3_mul_div(narrow, b3_pow10[-digits], 1, out);
}

/* *out = a + b. B3_ERR_OVERFLOW when it does not fit; *out is then untouched. INT64_MIN does not fit: every amount can be negated. */
static inline int32_t b3_add(int64_t a, int64_t b, int64_t *out) {
    int64_t sum = 0;
    if (__builtin_add_overflow(a, b, &sum) || sum == INT64_MIN) return B3_ERR_OVERFLOW;
    *out = sum;
    return B3_OK;
}

#endif
