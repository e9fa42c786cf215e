/* CRC-32C by the CPU's own instruction. It takes 3 cycles but one can start each cycle, so long inputs are cut into three runs worked on
 * side by side and joined:
 *
 *   crc(A B C) = crc(A) * x^(16 n)  +  crc(B) * x^(8 n)  +  crc(C)      modulo the polynomial; n bytes in each of A, B, C
 *
 * The product comes from a carry-less multiplication; feeding its 64 bits to the CRC instruction reduces it. That multiplies by x^32, and
 * the reflected product by another x: so the constants are x^(8 n - 33) and x^(16 n - 33), reflected.
 */
#include "base/crc_variants.h"

#if defined(__x86_64__)

#include <immintrin.h>
#include <string.h>

#define SHORT_RUN 128u
#define SHORT_RUN_SHIFT 0x0D3B6092u       /* x^(8 * 128 - 33) */
#define SHORT_RUN_SHIFT_TWICE 0xB9E02B86u /* x^(8 * 256 - 33) */
#define LONG_RUN 1024u
#define LONG_RUN_SHIFT 0x170076FAu       /* x^(8 * 1024 - 33) */
#define LONG_RUN_SHIFT_TWICE 0xA51B6135u /* x^(8 * 2048 - 33) */

static inline uint64_t word_at(const uint8_t *bytes) {
    uint64_t word;
    memcpy(&word, bytes, sizeof word);
    return word;
}

__attribute__((target("pclmul"))) static inline uint64_t shifted(uint64_t crc, uint32_t constant) {
    const __m128i product = _mm_clmulepi64_si128(_mm_cvtsi64_si128((long long)crc), _mm_cvtsi32_si128((int)constant), 0);
    return _mm_crc32_u64(0, (uint64_t)_mm_cvtsi128_si64(product));
}

__attribute__((target("pclmul"))) static inline uint64_t three_runs(uint64_t crc, const uint8_t *bytes, size_t run, uint32_t shift,
                                                                    uint32_t shift_twice) {
    uint64_t a = crc;
    uint64_t b = 0;
    uint64_t c = 0;
    for (size_t i = 0; i < run; i += 8) {
        a = _mm_crc32_u64(a, word_at(bytes + i));
        b = _mm_crc32_u64(b, word_at(bytes + run + i));
        c = _mm_crc32_u64(c, word_at(bytes + 2 * run + i));
    }
    return shifted(a, shift_twice) ^ shifted(b, shift) ^ c;
}

__attribute__((target("pclmul"))) uint32_t b3_crc32c_sse42(uint32_t crc, const void *data, size_t len) {
    const uint8_t *bytes = data;
    uint64_t state = (uint32_t)~crc;
    for (; len >= 3 * LONG_RUN; bytes += 3 * LONG_RUN, len -= 3 * LONG_RUN)
        state = three_runs(state, bytes, LONG_RUN, LONG_RUN_SHIFT, LONG_RUN_SHIFT_TWICE);
    for (; len >= 3 * SHORT_RUN; bytes += 3 * SHORT_RUN, len -= 3 * SHORT_RUN)
        state = three_runs(state, bytes, SHORT_RUN, SHORT_RUN_SHIFT, SHORT_RUN_SHIFT_TWICE);
    for (; len >= 8; bytes += 8, len -= 8) state = _mm_crc32_u64(state, word_at(bytes));
    uint32_t state32 = (uint32_t)state;
    for (; len > 0; bytes++, len--) state32 = _mm_crc32_u8(state32, *bytes);
    return ~state32;
}

#endif
