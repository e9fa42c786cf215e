/* Bytes and digits in vector registers, for the forms of the speculating parser: words compared with constants, whole numbers and decimals
 * out of up to 16 characters at once, two or four together. AVX2 and BMI. */
#ifndef B3_FEED_JSON_SIMD_H
#define B3_FEED_JSON_SIMD_H

#include <immintrin.h>
#include <string.h>

#include "feed/json_layout.h"

#define INLINE static inline __attribute__((always_inline))

/* ---------------------------------------------------------------- bytes */

INLINE uint64_t load8(const void *at) {
    uint64_t word;
    memcpy(&word, at, 8);
    return word;
}

INLINE uint32_t load4(const void *at) {
    uint32_t word;
    memcpy(&word, at, 4);
    return word;
}

/* A string literal's eight bytes from one of them on, as a number; what lies behind its end is 0. Spelt out, because compilers fold this
 * and neither memcmp nor a loop. */
#define BYTE_OF(text, i) ((i) < sizeof(text) ? (uint64_t)(uint8_t)(text)[(i) < sizeof(text) ? (i) : 0] << (8 * ((i) % 8)) : 0)
#define FIRST_WORD(text)                                                                                                                   \
    (BYTE_OF(text, 0u) | BYTE_OF(text, 1u) | BYTE_OF(text, 2u) | BYTE_OF(text, 3u) | BYTE_OF(text, 4u) | BYTE_OF(text, 5u) |               \
     BYTE_OF(text, 6u) | BYTE_OF(text, 7u))
#define SECOND_WORD(text)                                                                                                                  \
    (BYTE_OF(text, 8u) | BYTE_OF(text, 9u) | BYTE_OF(text, 10u) | BYTE_OF(text, 11u) | BYTE_OF(text, 12u) | BYTE_OF(text, 13u) |           \
     BYTE_OF(text, 14u) | BYTE_OF(text, 15u))

/* Are the next len bytes, at most 16, those of the two words? */
INLINE int is_text(const uint8_t *at, uint64_t first, uint64_t second, size_t len) {
    if (len == 4) return load4(at) == (uint32_t)first;
    if (len <= 8) return (load8(at) ^ first) << (64 - 8 * len) == 0;
    return ((load8(at) ^ first) | (load8(at + 8) ^ second) << (128 - 8 * len)) == 0;
}

#define LITERAL(at, text) is_text((at), FIRST_WORD(text), SECOND_WORD(text), sizeof(text) - 1)

INLINE uint64_t clear_lowest(uint64_t bits) {
    return bits & (bits - 1);
}

INLINE int64_t lowest(uint64_t bits) {
    return (int64_t)_tzcnt_u64(bits);
}

/* ---------------------------------------------------------------- digits */

INLINE __m128i load16(const uint8_t *at) {
    return _mm_loadu_si128((const __m128i *)at);
}

INLINE __m256i two16(const uint8_t *low, const uint8_t *high) {
    return _mm256_inserti128_si256(_mm256_castsi128_si256(load16(low)), load16(high), 1);
}

/* The constants of the arithmetic on digits, in registers: left to itself the compiler makes them anew in each turn of a loop. */
typedef struct weights {
    __m256i zero; /* the character */
    __m256i tens;
    __m256i hundreds;
    __m256i ten_thousands;
    __m256i hundred_millions;
} weights;

INLINE __m256i in_register(__m256i value) {
    __asm__("" : "+x"(value));
    return value;
}

INLINE weights weights_in_registers(void) {
    return (weights){.zero = in_register(_mm256_set1_epi8('0')),
                     .tens = in_register(_mm256_set1_epi16(0x010A)),
                     .hundreds = in_register(_mm256_set1_epi32(0x00010064)),
                     .ten_thousands = in_register(_mm256_set1_epi32(0x00012710)),
                     .hundred_millions = in_register(_mm256_set1_epi64x(100000000))};
}

/* Lanes hold digits, most significant first: two 16-digit numbers in a, two in b. Returns them as int64: a0, b0, a1, b1. */
INLINE __m256i join_digits(const weights *w, __m256i a, __m256i b) {
    const __m256i a4 = _mm256_madd_epi16(_mm256_maddubs_epi16(a, w->tens), w->hundreds);
    const __m256i b4 = _mm256_madd_epi16(_mm256_maddubs_epi16(b, w->tens), w->hundreds);
    const __m256i eights = _mm256_madd_epi16(_mm256_packus_epi32(a4, b4), w->ten_thousands);
    const __m256i high = _mm256_mul_epu32(eights, w->hundred_millions);
    return _mm256_add_epi64(high, _mm256_srli_epi64(eights, 32));
}

/* ---------------------------------------------------------------- whole numbers */

/* Bytes 0..15: empty lanes; 16..31: lanes 0..15. From byte n on it is the shuffle that moves n bytes to the end. */
static const uint8_t to_end[32] = {0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80,
                                   0,    1,    2,    3,    4,    5,    6,    7,    8,    9,    10,   11,   12,   13,   14,   15};

/* len comes from nondigits64, so these are digits; at most 16 of them, and no leading zero (which JSON forbids). */
INLINE int number_fits(b3_json_place n) {
    return n.len > 0 && n.len <= 16 && *n.at != '0';
}

INLINE __m256i two_numbers(const weights *w, b3_json_place low, b3_json_place high) {
    const __m256i shuffle = two16(to_end + low.len, to_end + high.len);
    return _mm256_shuffle_epi8(_mm256_xor_si256(two16(low.at, high.at), w->zero), shuffle);
}

/* out: a, c, b, d. */
INLINE void four_numbers(b3_json_place a, b3_json_place b, b3_json_place c, b3_json_place d, int64_t out[4]) {
    const weights w = weights_in_registers();
    _mm256_storeu_si256((__m256i *)out, join_digits(&w, two_numbers(&w, a, b), two_numbers(&w, c, d)));
}

/* ---------------------------------------------------------------- decimals */

typedef struct decimals {
    const uint8_t *price_rows; /* row of length 0 */
    const uint8_t *qty_rows;
    __m256i mark; /* low lane price, high lane qty */
    __m256i limit;
} decimals;

INLINE decimals decimals_of(const b3_json_entry *entry) {
    return (decimals){.price_rows = entry->price->rows[-B3_DIGITS_ROW_MIN],
                      .qty_rows = entry->qty->rows[-B3_DIGITS_ROW_MIN],
                      .mark = two16(entry->price->mark, entry->qty->mark),
                      .limit = two16(entry->price->limit, entry->qty->limit)};
}

/* Digit lanes of a price and a quantity; *bad gets bits where a byte is not what the form wants. */
INLINE __m256i price_and_qty(const weights *w, const decimals *form, const uint8_t *price, int64_t price_len, const uint8_t *qty,
                             int64_t qty_len, __m256i *bad) {
    const __m256i rows = two16(form->price_rows + price_len * 16, form->qty_rows + qty_len * 16);
    const __m256i plain = _mm256_xor_si256(two16(price, qty), w->zero);
    const __m256i lanes = _mm256_xor_si256(_mm256_shuffle_epi8(plain, rows), form->mark);
    *bad = _mm256_or_si256(*bad, _mm256_subs_epu8(lanes, form->limit));
    return lanes;
}

#endif
