/* How a decimal of known form is read with byte shuffles: tables, one a form, made at init.
 *
 * A form is (fraction digits in the text, scale). The 16 bytes from the number's first character on are permuted by the row of its
 * length, so that its digits end at lane 15 with scale of them behind the point:
 *
 *   "61737.63000000", scale 2   lane  0     1 .. 6      7 .. 15
 *                                     mark  excess      0 0 6 1 7 3 7 6 3
 *   mark    the point; for a form without one the closing quote. Any other byte there: the number is of another form.
 *   excess  digits beyond the scale, which must be 0
 *
 * A length that the form cannot have, or that does not fit, has an empty row, whose mark is then wrong.
 */
#ifndef B3_FEED_JSON_DIGITS_H
#define B3_FEED_JSON_DIGITS_H

#include <stdint.h>

#define B3_DIGITS_MAX 10 /* of fraction and of scale */
/* Lengths are differences of positions in a window of 64 bytes: nonsense in the text can make them -4, and never more than 63. */
#define B3_DIGITS_ROW_MIN (-4)
#define B3_DIGITS_ROWS (64 - B3_DIGITS_ROW_MIN)

typedef struct b3_json_digits {
    uint8_t rows[B3_DIGITS_ROWS][16]; /* rows[len - B3_DIGITS_ROW_MIN] */
    uint8_t mark[16];                 /* what lane 0 must be, less '0'; other lanes 0 */
    uint8_t limit[16];                /* largest digit allowed in a lane once mark is taken off */
} b3_json_digits;

/* The layout of two levels in a row, of one form: most levels of a symbol have the same number of digits. See json_layout.h for base and
 * limit.
 *
 *   ["61737.63000000","0.00000000"],["61730.17000000","0.00000000
 *
 * In the difference of text and base the digits are numbers and all else is 0. */
typedef struct b3_json_levels {
    uint8_t base[64];
    uint8_t limit[64];
    uint8_t rows[2][16]; /* shuffles of price and quantity */
    uint8_t pick[64];    /* both prices and quantities out of the difference at once, by byte */
    int64_t price_len;
    int64_t qty_len;
    int64_t step; /* bytes of one level and its comma; 0: none known, or two do not fit */
    uint32_t misses;
} b3_json_levels;

/* digits: zeroed. */
void b3_json_digits_init(b3_json_digits *digits, uint32_t fraction, uint32_t scale);

#endif
