/* The levels of one side of a depth message. Part of each variant of the speculating parser: see json_speculate.h, which includes it, for
 * what the variant has defined. */
#include "feed/json_simd.h"

typedef struct level_form {
    __m256i head; /* bytes 0..31 of every level */
    __m256i body; /* 32..63, price and quantity left 0 */
    __m128i tail; /* 64..79 */
} level_form;

INLINE void put_level(b3_level *out, const level_form *form, __m256i price_qty_in_the_middle) {
    _mm256_storeu_si256((__m256i *)out, form->head);
    _mm256_storeu_si256((__m256i *)out + 1, _mm256_blend_epi32(form->body, price_qty_in_the_middle, 0x3C));
    _mm_storeu_si128((__m128i *)out + 4, form->tail);
}

/* Where levels go, the room for them, and how many were not of the expected form: the last such one had numbers of these lengths. */
typedef struct level_sink {
    b3_level *next;
    const b3_level *stop;
    int64_t unexpected;
    int64_t price_len;
    int64_t qty_len;
} level_sink;

/* One level, closing quotes at c1 and c2. Goes behind it: to the next level's '[', or behind the array's ']' with *more 0. NULL: not so. */
INLINE const uint8_t *one_level(const weights *w, const uint8_t *at, const uint8_t *end, int64_t c1, int64_t c2, const level_form *form,
                                const decimals *numbers, level_sink *sink, int *more) {
    if (c2 == 64 || c2 + 3 > end - at || sink->next == sink->stop || at[c1 + 1] != ',') return NULL;
    __m256i bad = _mm256_setzero_si256();
    const __m256i lanes = price_and_qty(w, numbers, at + 2, c1 - 2, at + c1 + 3, c2 - c1 - 3, &bad);
    if (!_mm256_testz_si256(bad, bad)) return NULL;
    put_level(sink->next++, form, _mm256_permute4x64_epi64(join_digits(w, lanes, lanes), 0x20));
    *more = LITERAL(at + c2, "\"],[");
    return *more || LITERAL(at + c2, "\"]]") ? at + c2 + 3 : NULL;
}

INLINE void put_two(level_sink *sink, const level_form *form, __m256i raw) {
    put_level(sink->next, form, _mm256_permute4x64_epi64(raw, 0x20));
    put_level(sink->next + 1, form, _mm256_permute4x64_epi64(raw, 0x34));
    sink->next += 2;
}

/* The levels of one side, from behind the array's '['. As long as two of the expected form come, they are taken so. Others: a window of
 * 64 bytes mostly holds the eight quotes of two levels, and the places of the closing ones (c) give all lengths. A quote out of place
 * ends up inside some number, which is then not of its form; what stands between the quotes is compared.
 * Returns the byte behind the array's ']', or NULL for the general parser.
 * Not inlined, and all that the loop needs copied: so it stays in registers. */
static __attribute__((noinline)) const uint8_t *side(const uint8_t *at, const uint8_t *end, const level_form *form_in,
                                                     const decimals *numbers_in, const b3_json_levels *expected, level_sink *sink_out) {
    const level_form form = *form_in;
    const weights w = weights_in_registers();
    const pair_layout pair = pair_of(expected);
    level_sink sink = *sink_out;
    if (at > end) return NULL;
    if (*at == ']') return at + 1;
    const b3_level *last_pair = sink.stop - 2; /* where two levels just fit */
    const int64_t two_steps = 2 * expected->step;
    const uint8_t *last_start = two_steps == 0 ? at - 1 : end - two_steps;
    for (;;) {
        __m256i first;
        __m256i second;
        while (at <= last_start && sink.next <= last_pair && two_levels(&pair, at, &first, &second)) {
            const uint8_t *next = at + two_steps;
            if (!LITERAL(next - 3, "\"],[")) {
                if (!LITERAL(next - 3, "\"]]")) break;
                put_two(&sink, &form, join_digits(&w, first, second));
                *sink_out = sink;
                return next;
            }
            put_two(&sink, &form, join_digits(&w, first, second));
            at = next;
        }
        if (at > end || *at != '[') return NULL;
        uint64_t quotes = clear_lowest(quotes64(at));
        const int64_t c1 = lowest(quotes);
        quotes = clear_lowest(clear_lowest(quotes));
        const int64_t c2 = lowest(quotes);
        quotes = clear_lowest(clear_lowest(quotes));
        const int64_t c3 = lowest(quotes);
        quotes = clear_lowest(clear_lowest(quotes));
        const int64_t c4 = lowest(quotes);
        const uint8_t *behind = at + c4 + 3;
        sink.price_len = c1 - 2;
        sink.qty_len = c2 - c1 - 3;
        if (quotes == 0 || behind > end || !LITERAL(at + c2, "\"],[") || sink.next > last_pair) {
            int more = 0;
            sink.unexpected++;
            at = one_level(&w, at, end, c1, c2, &form, numbers_in, &sink, &more);
            if (at != NULL && more) continue;
            *sink_out = sink;
            return at;
        }
        __m256i bad = _mm256_setzero_si256();
        first = price_and_qty(&w, numbers_in, at + 2, c1 - 2, at + c1 + 3, c2 - c1 - 3, &bad);
        second = price_and_qty(&w, numbers_in, at + c2 + 5, c3 - c2 - 5, at + c3 + 3, c4 - c3 - 3, &bad);
        if (at[c1 + 1] != ',' || at[c3 + 1] != ',' || !_mm256_testz_si256(bad, bad)) return NULL;
        put_two(&sink, &form, join_digits(&w, first, second));
        sink.unexpected += 2;
        at = behind;
        if (LITERAL(at - 3, "\"],[")) continue;
        *sink_out = sink;
        return LITERAL(at - 3, "\"]]") ? at : NULL;
    }
}
