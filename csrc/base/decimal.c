#include "base/decimal.h"
#include "base/money.h"

#include <string.h>

static int32_t fail(b3_error *error, int32_t status, size_t position, int64_t value, const char *what) {
    if (error != NULL) *error = (b3_error){.status = status, .position = position, .value = value, .what = what};
    return status;
}

static int is_digit(char c) {
    return c >= '0' && c <= '9';
}

static int32_t malformed(b3_error *error, const char *text, size_t len, size_t position) {
    if (position >= len) return fail(error, B3_ERR_FORMAT, len, 0, len == 0 ? "decimal: empty" : "decimal: ends where a digit is needed");
    const char c = text[position];
    const char *what = "decimal: not a digit";
    if (c == '-') what = "decimal: negative, or a minus inside";
    else if (c == 'e' || c == 'E') what = "decimal: exponents are not taken, write the digits out";
    return fail(error, B3_ERR_FORMAT, position, (uint8_t)c, what);
}

/* *raw = *raw * 10 + digit, unless that passes INT64_MAX. */
static int append(int64_t *raw, int digit) {
    if (*raw > (INT64_MAX - digit) / 10) return 0;
    *raw = *raw * 10 + digit;
    return 1;
}

int32_t b3_decimal_parse(const char *text, size_t len, uint32_t scale, int64_t *raw, b3_error *error) {
    static const char too_large[] = "decimal: too large for 64 bits at this scale";
    if (scale > B3_DECIMAL_SCALE_MAX) return fail(error, B3_ERR_ARGUMENT, 0, scale, "decimal: scale above 18");

    int64_t value = 0;
    size_t i = 0;
    for (; i < len && is_digit(text[i]); i++)
        if (!append(&value, text[i] - '0')) return fail(error, B3_ERR_OVERFLOW, i, scale, too_large);
    if (i == 0 || (i < len && text[i] != '.')) return malformed(error, text, len, i);

    uint32_t decimals = 0;
    if (i < len) {
        const size_t first = ++i;
        for (; i < len && is_digit(text[i]); i++) {
            if (decimals == scale) {
                if (text[i] != '0') return fail(error, B3_ERR_PRECISION, i, scale, "decimal: finer than the scale");
                continue;
            }
            if (!append(&value, text[i] - '0')) return fail(error, B3_ERR_OVERFLOW, i, scale, too_large);
            decimals++;
        }
        if (i == first || i < len) return malformed(error, text, len, i);
    }
    for (; decimals < scale; decimals++)
        if (!append(&value, 0)) return fail(error, B3_ERR_OVERFLOW, len, scale, too_large);
    *raw = value;
    return B3_OK;
}

size_t b3_decimal_format(int64_t raw, uint32_t scale, char *out) {
    if (scale > B3_DECIMAL_SCALE_MAX) return 0;
    uint64_t magnitude = raw < 0 ? -(uint64_t)raw : (uint64_t)raw;
    while (scale > 0 && magnitude % 10 == 0) {
        magnitude /= 10;
        scale--;
    }
    char digits[B3_DECIMAL_TEXT_MAX];
    size_t at = sizeof digits;
    for (uint32_t i = 0; i <= scale || magnitude != 0; i++) {
        if (i == scale && scale > 0) digits[--at] = '.';
        digits[--at] = (char)('0' + magnitude % 10);
        magnitude /= 10;
    }
    if (raw < 0) digits[--at] = '-';
    const size_t len = sizeof digits - at;
    memcpy(out, digits + at, len);
    out[len] = 0;
    return len;
}
