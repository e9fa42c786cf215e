#include "feed/json_simd.h"

INLINE uint64_t quotes64(const uint8_t *at) {
    return _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(at), _mm512_set1_epi8('"'));
}

INLINE uint64_t nondigits64(const uint8_t *at) {
    return _mm512_cmpgt_epu8_mask(_mm512_sub_epi8(_mm512_loadu_si512(at), _mm512_set1_epi8('0')), _mm512_set1_epi8(9));
}

INLINE int fits_layout(const b3_json_layout *layout, const uint8_t *at) {
    __mmask64 outside = 0;
    for (uint32_t i = 0; i < layout->len; i += 64) {
        const __m512i over = _mm512_sub_epi8(_mm512_loadu_si512(at + i), _mm512_loadu_si512(layout->base + i));
        outside |= _mm512_cmpgt_epu8_mask(over, _mm512_loadu_si512(layout->limit + i));
    }
    return outside == 0;
}

/* b3_json_levels in registers. */
typedef struct pair_layout {
    __m512i negated_base;
    __m512i limit;
    __m512i pick;
    int64_t step;
} pair_layout;

INLINE pair_layout pair_of(const b3_json_levels *levels) {
    return (pair_layout){.negated_base = _mm512_sub_epi8(_mm512_setzero_si512(), _mm512_loadu_si512(levels->base)),
                         .limit = _mm512_loadu_si512(levels->limit),
                         .pick = _mm512_loadu_si512(levels->pick),
                         .step = levels->step};
}

INLINE int two_levels(const pair_layout *pair, const uint8_t *at, __m256i *first, __m256i *second) {
    const __m512i over = _mm512_add_epi8(pair->negated_base, _mm512_loadu_si512(at));
    if (_mm512_cmpgt_epu8_mask(over, pair->limit) != 0) return 0;
    const __m512i digits = _mm512_permutexvar_epi8(pair->pick, over);
    *first = _mm512_castsi512_si256(digits);
    *second = _mm512_extracti64x4_epi64(digits, 1);
    return 1;
}

#define PARSE b3_json_parse_avx512
#include "feed/json_speculate.h"
