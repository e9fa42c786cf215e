#include <immintrin.h>
#include <stdint.h>

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

#define SPECULATE b3_json_speculate_avx2
#include "feed/json_speculate.h"
