#include <immintrin.h>

#include "feed/json_layout.h"

static inline __attribute__((always_inline)) uint64_t quotes64(const uint8_t *at) {
    return _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(at), _mm512_set1_epi8('"'));
}

static inline __attribute__((always_inline)) uint64_t nondigits64(const uint8_t *at) {
    return _mm512_cmpgt_epu8_mask(_mm512_sub_epi8(_mm512_loadu_si512(at), _mm512_set1_epi8('0')), _mm512_set1_epi8(9));
}

static inline __attribute__((always_inline)) int fits_layout(const b3_json_layout *layout, const uint8_t *at) {
    __mmask64 outside = 0;
    for (uint32_t i = 0; i < layout->len; i += 64) {
        const __m512i over = _mm512_sub_epi8(_mm512_loadu_si512(at + i), _mm512_loadu_si512(layout->base + i));
        outside |= _mm512_cmpgt_epu8_mask(over, _mm512_loadu_si512(layout->limit + i));
    }
    return outside == 0;
}

#define PARSE b3_json_parse_avx512
#include "feed/json_speculate.h"
