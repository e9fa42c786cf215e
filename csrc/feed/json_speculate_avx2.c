#include <immintrin.h>

#include "feed/json_layout.h"

static inline __attribute__((always_inline)) uint64_t mask64(__m256i low, __m256i high) {
    return (uint32_t)_mm256_movemask_epi8(low) | (uint64_t)(uint32_t)_mm256_movemask_epi8(high) << 32;
}

static inline __attribute__((always_inline)) uint64_t quotes64(const uint8_t *at) {
    const __m256i quote = _mm256_set1_epi8('"');
    return mask64(_mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)at), quote),
                  _mm256_cmpeq_epi8(_mm256_loadu_si256((const __m256i *)(at + 32)), quote));
}

static inline __attribute__((always_inline)) uint64_t nondigits64(const uint8_t *at) {
    /* '0'..'9' become the ten smallest signed bytes. */
    const __m256i shift = _mm256_set1_epi8((char)(0x80 - '0'));
    const __m256i nine = _mm256_set1_epi8((char)0x89);
    return mask64(_mm256_cmpgt_epi8(_mm256_add_epi8(_mm256_loadu_si256((const __m256i *)at), shift), nine),
                  _mm256_cmpgt_epi8(_mm256_add_epi8(_mm256_loadu_si256((const __m256i *)(at + 32)), shift), nine));
}

static inline __attribute__((always_inline)) __m256i outside32(const b3_json_layout *layout, const uint8_t *at, uint32_t from) {
    const __m256i bytes = _mm256_loadu_si256((const __m256i *)(at + from));
    const __m256i over = _mm256_sub_epi8(bytes, _mm256_loadu_si256((const __m256i *)(layout->base + from)));
    return _mm256_subs_epu8(over, _mm256_loadu_si256((const __m256i *)(layout->limit + from)));
}

static inline __attribute__((always_inline)) int fits_layout(const b3_json_layout *layout, const uint8_t *at) {
    __m256i outside = _mm256_setzero_si256();
    for (uint32_t i = 0; i < layout->len; i += 64) {
        outside = _mm256_or_si256(outside, outside32(layout, at, i));
        outside = _mm256_or_si256(outside, outside32(layout, at, i + 32));
    }
    return _mm256_testz_si256(outside, outside);
}

#define PARSE b3_json_parse_avx2
#include "feed/json_speculate.h"
