#include <immintrin.h>
#include <stdint.h>

static inline __attribute__((always_inline)) uint64_t quotes64(const uint8_t *at) {
    return _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(at), _mm512_set1_epi8('"'));
}

static inline __attribute__((always_inline)) uint64_t nondigits64(const uint8_t *at) {
    return _mm512_cmpgt_epu8_mask(_mm512_sub_epi8(_mm512_loadu_si512(at), _mm512_set1_epi8('0')), _mm512_set1_epi8(9));
}

#define SPECULATE b3_json_speculate_avx512
#include "feed/json_speculate.h"
