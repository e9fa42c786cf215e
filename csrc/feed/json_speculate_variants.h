/* The forms of the speculating parser, one an instruction set; same results. */
#ifndef B3_FEED_JSON_SPECULATE_VARIANTS_H
#define B3_FEED_JSON_SPECULATE_VARIANTS_H

#include "feed/json_symbols.h"

#define B3_JSON_MISS INT32_MIN

/* B3_OK with *parsed filled, or B3_JSON_MISS: the message is for the general parser (out may have been written to).
 * *last: the symbol of the last message, tried first. default_entry: may be NULL. */
typedef int32_t (*b3_json_speculate_fn)(const b3_json_symbols *symbols, b3_json_entry **last, const b3_input *input,
                                        const b3_json_entry *default_entry, void *out, size_t out_bytes, b3_parsed *parsed);

#if defined(__x86_64__)
int32_t b3_json_speculate_avx2(const b3_json_symbols *symbols, b3_json_entry **last, const b3_input *input,
                               const b3_json_entry *default_entry, void *out, size_t out_bytes, b3_parsed *parsed);
int32_t b3_json_speculate_avx512(const b3_json_symbols *symbols, b3_json_entry **last, const b3_input *input,
                                 const b3_json_entry *default_entry, void *out, size_t out_bytes, b3_parsed *parsed);
#endif

#endif
