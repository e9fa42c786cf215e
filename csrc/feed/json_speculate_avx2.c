#include "feed/json_simd.h"

INLINE uint64_t mask64(__m256i low, __m256i high) {
    return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

INLINE uint64_t quotes64(const uint8_t *at) {
    const __m256i quote = _mm256_set1_epi8('"');
    return mask64(_mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)at), quote),
                  _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)(at + 32)), quote));
}

INLINE uint64_t nondigits64(const uint8_t *at) {
    /* '0'..'9' become the ten smallest signed bytes. */
    const __m256i shift = _mm256_set1_epi8((char)(0x80 - '0'));
    const __m256i nine = _mm256_set1_epi8((char)0x89);
    return mask64(_mm256_cmpgt_epi8(_mm256_add_epi8(_mm256_loadu_si256((const __m256i *)at), shift), nine),
                  _mm256_cmpgt_epi8(_mm256_add_epi8(_mm256_loadu_si256((const __m256i *)(at + 32)), shift), nine));
}

INLINE __m256i outside32(const b3_json_layout *layout, const uint8_t *at, uint32_t from) {
    const __m256i bytes = _mm256_loadu_si256((const __m256i *)(at + from));
    const __m256i over = _mm256_sub_epi8(bytes, _mm256_loadu_si256((const __m256i *)(layout->base + from)));
    return _mm256_subs_epu8(over, _mm256_loadu_si256((const __m256i *)(layout->limit + from)));
}

INLINE int fits_layout(const b3_json_layout *layout, const uint8_t *at) {
    __m256i outside = _mm256_setzero_si256();
    for (uint32_t i = 0; i < layout->len; i += 64) {
        outside = _mm256_or_si256(outside, outside32(layout, at, i));
        outside = _mm256_or_si256(outside, outside32(layout, at, i + 32));
    }
    return _mm256_testz_si256(outside, outside);
}

/* b3_json_levels in registers. */
typedef struct pair_layout {
    __m256i negated_base[2];
    __m256i limit[2];
    __m256i rows;
    __m256i zero;
    int64_t qty_at;
    int64_t step;
} pair_layout;

INLINE __m256i load32(const uint8_t *at) {
    return _mm256_loadu_si256((const __m256i *)at);
}

INLINE pair_layout pair_of(const b3_json_levels *levels) {
    const __m256i nothing = _mm256_setzero_si256();
    return (pair_layout){
        .negated_base = {_mm256_sub_epi8(nothing, load32(levels->base)), _mm256_sub_epi8(nothing, load32(levels->base + 32))},
        .limit = {load32(levels->limit), load32(levels->limit + 32)},
        .rows = load32(levels->rows[0]),
        .zero = _mm256_set1_epi8('0'),
        .qty_at = levels->price_len + 5,
        .step = levels->step};
}

INLINE __m256i level_digits(const pair_layout *pair, const uint8_t *at) {
    const __m256i price = _mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(at + 2)));
    const __m256i both = _mm256_inserti128_si256(price, _mm_loadu_si128((const __m128i *)(at + pair->qty_at)), 1);
    return _mm256_shuffle_epi8(_mm256_xor_si256(both, pair->zero), pair->rows);
}

INLINE int two_levels(const pair_layout *pair, const uint8_t *at, __m256i *first, __m256i *second) {
    const __m256i over0 = _mm256_subs_epu8(_mm256_add_epi8(pair->negated_base[0], load32(at)), pair->limit[0]);
    const __m256i over1 = _mm256_subs_epu8(_mm256_add_epi8(pair->negated_base[1], load32(at + 32)), pair->limit[1]);
    const __m256i outside = _mm256_or_si256(over0, over1);
    if (!_mm256_testz_si256(outside, outside)) return 0;
    *first = level_digits(pair, at);
    *second = level_digits(pair, at + pair->step);
    return 1;
}

#define PARSE b3_json_parse_avx2
#include "feed/json_speculate.h"
