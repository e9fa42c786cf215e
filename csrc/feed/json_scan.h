/* Strict JSON (RFC 8259) over untrusted bytes: skipping of whole values, and reading of the few forms that feeds use.
 *
 * Nothing at or past end is read. Bytes above 0x7F inside strings are taken as they are: whoever framed the text has checked it.
 * On a fault error is filled, position = byte from begin.
 */
#ifndef B3_FEED_JSON_SCAN_H
#define B3_FEED_JSON_SCAN_H

#include "bot3.h"

#define B3_JSON_DEPTH_MAX 4096 /* nested arrays and objects */

typedef struct b3_scan {
    const uint8_t *begin;
    const uint8_t *at;
    const uint8_t *end;
    b3_error *error;
    uint32_t fraction; /* digits behind the point of the decimal read last */
} b3_scan;

/* Fills error and returns status. */
int32_t b3_scan_fail(b3_scan *scan, int32_t status, const uint8_t *where, const char *what, int64_t value);

/* Past white space to the next byte. B3_ERR_TRUNCATED when there is none. */
int32_t b3_scan_space(b3_scan *scan);
/* Past white space and this byte. */
int32_t b3_scan_expect(b3_scan *scan, uint8_t byte, const char *what);
/* Past one value of any kind, checked throughout. */
int32_t b3_scan_skip(b3_scan *scan);

/* Past a string, which is decoded into out: bytes written, at most cap; what does not fit is cut off and *len is cap + 1. */
int32_t b3_scan_string(b3_scan *scan, uint8_t *out, uint32_t cap, uint32_t *len);
/* Past a number that must be a whole one, >= 0 and within int64. */
int32_t b3_scan_integer(b3_scan *scan, int64_t *out);
/* Past a string that holds a decimal, digits[.digits], as an integer of scale decimal digits. B3_ERR_FORMAT (sign, exponent, anything
 * else), B3_ERR_PRECISION (a digit other than 0 beyond the scale), B3_ERR_OVERFLOW; the first of these that holds. */
int32_t b3_scan_decimal(b3_scan *scan, uint32_t scale, int64_t *out);
int32_t b3_scan_bool(b3_scan *scan, int32_t *out);

#endif
