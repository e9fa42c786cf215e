/* The parser's state, and the forms of the speculating parser, one an instruction set; same results. */
#ifndef B3_FEED_JSON_SPECULATE_VARIANTS_H
#define B3_FEED_JSON_SPECULATE_VARIANTS_H

#include "feed/json_digits.h"
#include "feed/json_layout.h"

/* As b3_json_parse. */
typedef int32_t (*b3_json_parse_fn)(b3_json *parser, const b3_input *input, int32_t default_symbol, void *out, size_t out_bytes,
                                    b3_parsed *parsed, b3_error *error);

struct b3_json {
    b3_json_parse_fn parse;
    b3_json_entry *last; /* symbol of the last message, tried first */
    b3_json_symbols symbols;
    b3_json_stats stats;
    b3_json_layout layouts[B3_LAYOUT_SLOTS];
    b3_json_digits digits[B3_DIGITS_MAX + 1][B3_DIGITS_MAX + 1]; /* by digits of fraction and scale */
};

/* The general parser, counted; it tells speculation which form the numbers had. Where speculation ends that does not know a message (out
 * may have been written to). */
int32_t b3_json_parse_general(b3_json *parser, const b3_input *input, int32_t default_symbol, void *out, size_t out_bytes,
                              b3_parsed *parsed, b3_error *error);
#if defined(__x86_64__)
int32_t b3_json_parse_avx2(b3_json *parser, const b3_input *input, int32_t default_symbol, void *out, size_t out_bytes, b3_parsed *parsed,
                           b3_error *error);
int32_t b3_json_parse_avx512(b3_json *parser, const b3_input *input, int32_t default_symbol, void *out, size_t out_bytes, b3_parsed *parsed,
                             b3_error *error);
#endif

#endif
