/* Exact integer arithmetic on scaled decimals, with 128-bit intermediates. Inline: these are on the path of every order. */
#ifndef B3_BASE_MONEY_H
#define B3_BASE_MONEY_H

#include "bot3.h"

#define B3_MONEY_SCALE 8
#define B3_MONEY_ONE 100000000 /* 10^B3_MONEY_SCALE */

__extension__ typedef __int128 b3_int128;
__extension__ typedef unsigned __int128 b3_uint128;

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

/* The quotient of 128 bits by a divisor above their upper 64, so that it fits. */
static inline uint64_t b3_div_fitting(b3_uint128 number, uint64_t divisor, uint64_t *remainder) {
#if defined(__x86_64__)
    uint64_t quotient = 0;
    __asm__("divq %4" : "=a"(quotient), "=d"(*remainder) : "a"((uint64_t)number), "d"((uint64_t)(number >> 64)), "r"(divisor) : "cc");
    return quotient;
#else
    *remainder = (uint64_t)(number % divisor);
    return (uint64_t)(number / divisor);
#endif
}

/* One division, of 64 bits or of 128 by 64, where the compiler would call a function for the second. 0: the quotient needs more than 64
 * bits. divisor > 0. */
static inline int b3_div_wide(b3_uint128 number, uint64_t divisor, uint64_t *quotient, uint64_t *remainder) {
    const uint64_t high = (uint64_t)(number >> 64);
    const uint64_t low = (uint64_t)number;
    if (__builtin_expect(high == 0, 1)) { /* hot, so that a constant divisor becomes a multiplication */
        *quotient = low / divisor;
        *remainder = low % divisor;
        return 1;
    }
    if (high >= divisor) return 0;
    *quotient = b3_div_fitting(number, divisor, remainder);
    return 1;
}

/* *out = a * b / divisor (divisor > 0), rounded half to even. B3_ERR_OVERFLOW when it does not fit; *out is then untouched. */
static inline int32_t b3_mul_div(int64_t a, int64_t b, int64_t divisor, int64_t *out) {
    const b3_int128 product = (b3_int128)a * b;
    uint64_t quotient = 0;
    uint64_t remainder = 0;
    if (!b3_div_wide((b3_uint128)(product < 0 ? -product : product), (uint64_t)divisor, &quotient, &remainder)) return B3_ERR_OVERFLOW;
    const uint64_t twice = remainder * 2; /* the remainder is below 2^63 */
    const uint64_t up = twice > (uint64_t)divisor || (twice == (uint64_t)divisor && (quotient & 1) != 0);
    if (quotient > INT64_MAX - up) return B3_ERR_OVERFLOW;
    *out = product < 0 ? -(int64_t)(quotient + up) : (int64_t)(quotient + up);
    return B3_OK;
}

/* The same rounded up, for a, b >= 0. */
static inline int32_t b3_mul_div_up(int64_t a, int64_t b, int64_t divisor, int64_t *out) {
    uint64_t quotient = 0;
    uint64_t remainder = 0;
    if (!b3_div_wide((b3_uint128)(uint64_t)a * (uint64_t)b, (uint64_t)divisor, &quotient, &remainder)) return B3_ERR_OVERFLOW;
    if (quotient > INT64_MAX - (uint64_t)(remainder != 0)) return B3_ERR_OVERFLOW;
    *out = (int64_t)(quotient + (remainder != 0));
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
