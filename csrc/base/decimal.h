/* Decimal text <-> integer at a scale, exactly: for configuration, instruments, requests from the control plane, output. (The feed has a
 * faster reader of its own; this is the one to compare it with.)
 *
 * Pure, any thread. About 1 ns a digit.
 */
#ifndef B3_BASE_DECIMAL_H
#define B3_BASE_DECIMAL_H

#include "bot3.h"

#define B3_DECIMAL_SCALE_MAX 18
#define B3_DECIMAL_TEXT_MAX 22 /* sign, 19 digits, point, closing zero; or "0." with 18 digits */

/* digits [. digits] of len bytes, no sign, no exponent, no blanks; digits beyond the scale may only be zeros, which are dropped.
 * A fault leaves *raw as it was and, when error is not NULL, says in error->position the byte (from 0) and in what the reason:
 *   B3_ERR_FORMAT     empty, not a digit, negative, exponent, a point without digits on both sides (value: the byte; 0 at the end)
 *   B3_ERR_PRECISION  position is the first nonzero digit beyond the scale (value: the scale)
 *   B3_ERR_OVERFLOW   position is the digit at which int64 is passed; at the end of the text, when the digits missing up to the scale
 *                     pass it (value: the scale)
 *   B3_ERR_ARGUMENT   scale above B3_DECIMAL_SCALE_MAX (value: the scale)
 * The first byte at fault decides. */
int32_t b3_decimal_parse(const char *text, size_t len, uint32_t scale, int64_t *raw, b3_error *error);

/* Shortest exact text, closed by a zero: no zeros behind the last digit that counts, no point without decimals. out: at least
 * B3_DECIMAL_TEXT_MAX bytes. Returns the length without the closing zero; 0 when scale is above B3_DECIMAL_SCALE_MAX. */
size_t b3_decimal_format(int64_t raw, uint32_t scale, char *out);

#endif
