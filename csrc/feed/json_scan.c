#include "feed/json_scan.h"

#include <string.h>

/* Longest decimal that may be written with escapes; without them any length is read in place. */
#define ESCAPED_DECIMAL_MAX 64

int32_t b3_scan_fail(b3_scan *scan, int32_t status, const uint8_t *where, const char *what, int64_t value) {
    *scan->error = (b3_error){.status = status, .position = (uint64_t)(where - scan->begin), .value = value, .what = what};
    return status;
}

static int32_t truncated(b3_scan *scan) {
    return b3_scan_fail(scan, B3_ERR_TRUNCATED, scan->end, "the message ends inside a value", scan->end - scan->begin);
}

static int32_t bad(b3_scan *scan, const uint8_t *where, const char *what) {
    return b3_scan_fail(scan, B3_ERR_FORMAT, where, what, *where);
}

int32_t b3_scan_space(b3_scan *scan) {
    while (scan->at < scan->end && (*scan->at == ' ' || *scan->at == '\t' || *scan->at == '\n' || *scan->at == '\r')) scan->at++;
    return scan->at < scan->end ? B3_OK : truncated(scan);
}

int32_t b3_scan_expect(b3_scan *scan, uint8_t byte, const char *what) {
    const int32_t status = b3_scan_space(scan);
    if (status != B3_OK) return status;
    if (*scan->at != byte) return bad(scan, scan->at, what);
    scan->at++;
    return B3_OK;
}

/* ---------------------------------------------------------------- strings */

static int32_t hex4(b3_scan *scan, uint32_t *unit) {
    *unit = 0;
    for (int i = 0; i < 4; i++, scan->at++) {
        if (scan->at >= scan->end) return truncated(scan);
        const uint8_t byte = *scan->at;
        const uint8_t letter = byte | 0x20;
        uint32_t digit = 0;
        if (byte >= '0' && byte <= '9') digit = (uint32_t)byte - '0';
        else if (letter >= 'a' && letter <= 'f') digit = (uint32_t)letter - 'a' + 10;
        else return bad(scan, scan->at, "a \\u escape needs four hexadecimal digits");
        *unit = *unit * 16 + digit;
    }
    return B3_OK;
}

/* A code point as UTF-8. A lone surrogate comes out as three bytes, which no symbol contains. */
static uint32_t utf8(uint32_t point, uint8_t out[4]) {
    if (point < 0x80) {
        out[0] = (uint8_t)point;
        return 1;
    }
    if (point < 0x800) {
        out[0] = (uint8_t)(0xC0 | point >> 6);
        out[1] = (uint8_t)(0x80 | (point & 0x3F));
        return 2;
    }
    if (point < 0x10000) {
        out[0] = (uint8_t)(0xE0 | point >> 12);
        out[1] = (uint8_t)(0x80 | (point >> 6 & 0x3F));
        out[2] = (uint8_t)(0x80 | (point & 0x3F));
        return 3;
    }
    out[0] = (uint8_t)(0xF0 | point >> 18);
    out[1] = (uint8_t)(0x80 | (point >> 12 & 0x3F));
    out[2] = (uint8_t)(0x80 | (point >> 6 & 0x3F));
    out[3] = (uint8_t)(0x80 | (point & 0x3F));
    return 4;
}

/* at: behind the 'u'. A high surrogate followed by an escaped low one is one code point. */
static int32_t unicode(b3_scan *scan, uint8_t out[4], uint32_t *len) {
    uint32_t point = 0;
    int32_t status = hex4(scan, &point);
    if (status != B3_OK) return status;
    if (point >= 0xD800 && point < 0xDC00 && scan->end - scan->at >= 6 && scan->at[0] == '\\' && scan->at[1] == 'u') {
        b3_scan second = *scan;
        second.at += 2;
        uint32_t low = 0;
        status = hex4(&second, &low);
        if (status != B3_OK) return status;
        if (low >= 0xDC00 && low < 0xE000) {
            point = 0x10000 + ((point - 0xD800) << 10) + (low - 0xDC00);
            scan->at = second.at;
        }
    }
    *len = utf8(point, out);
    return B3_OK;
}

/* at: behind the backslash. */
static int32_t escape(b3_scan *scan, uint8_t out[4], uint32_t *len) {
    if (scan->at >= scan->end) return truncated(scan);
    const uint8_t byte = *scan->at++;
    *len = 1;
    switch (byte) {
    case '"':
    case '\\':
    case '/': out[0] = byte; return B3_OK;
    case 'b': out[0] = '\b'; return B3_OK;
    case 'f': out[0] = '\f'; return B3_OK;
    case 'n': out[0] = '\n'; return B3_OK;
    case 'r': out[0] = '\r'; return B3_OK;
    case 't': out[0] = '\t'; return B3_OK;
    case 'u': return unicode(scan, out, len);
    default: return bad(scan, scan->at - 1, "an unknown escape in a string");
    }
}

int32_t b3_scan_string(b3_scan *scan, uint8_t *out, uint32_t cap, uint32_t *len) {
    const int32_t status = b3_scan_expect(scan, '"', "a string should begin here");
    if (status != B3_OK) return status;
    *len = 0;
    while (scan->at < scan->end) {
        uint8_t piece[4] = {*scan->at++};
        uint32_t piece_len = 1;
        if (piece[0] == '"') return B3_OK;
        if (piece[0] < 0x20) return bad(scan, scan->at - 1, "a control character in a string");
        if (piece[0] == '\\') {
            const int32_t escaped = escape(scan, piece, &piece_len);
            if (escaped != B3_OK) return escaped;
        }
        if (*len > cap || *len + piece_len > cap) {
            *len = cap + 1;
            continue;
        }
        memcpy(out + *len, piece, piece_len);
        *len += piece_len;
    }
    return truncated(scan);
}

/* ---------------------------------------------------------------- skipping */

static int32_t skip_literal(b3_scan *scan, const char *text) {
    for (; *text != 0; text++, scan->at++) {
        if (scan->at >= scan->end) return truncated(scan);
        if (*scan->at != (uint8_t)*text) return bad(scan, scan->at, "a value that is not JSON");
    }
    return B3_OK;
}

static int32_t skip_digits(b3_scan *scan) {
    if (scan->at >= scan->end) return truncated(scan);
    if (*scan->at < '0' || *scan->at > '9') return bad(scan, scan->at, "a digit is missing in a number");
    while (scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9') scan->at++;
    return B3_OK;
}

static int32_t skip_number(b3_scan *scan) {
    if (*scan->at == '-') scan->at++;
    const uint8_t *first = scan->at;
    int32_t status = skip_digits(scan);
    if (status != B3_OK) return status;
    if (*first == '0' && scan->at - first > 1) return bad(scan, first, "a number with a leading zero");
    if (scan->at < scan->end && *scan->at == '.') {
        scan->at++;
        status = skip_digits(scan);
        if (status != B3_OK) return status;
    }
    if (scan->at < scan->end && (*scan->at | 0x20) == 'e') {
        scan->at++;
        if (scan->at < scan->end && (*scan->at == '+' || *scan->at == '-')) scan->at++;
        status = skip_digits(scan);
    }
    return status;
}

static int32_t skip_string(b3_scan *scan) {
    uint32_t len = 0;
    uint8_t none[1];
    return b3_scan_string(scan, none, 0, &len);
}

static int32_t skip_scalar(b3_scan *scan) {
    switch (*scan->at) {
    case '"': return skip_string(scan);
    case 't': return skip_literal(scan, "true");
    case 'f': return skip_literal(scan, "false");
    case 'n': return skip_literal(scan, "null");
    default: break;
    }
    if (*scan->at == '-' || (*scan->at >= '0' && *scan->at <= '9')) return skip_number(scan);
    return bad(scan, scan->at, "a value should begin here");
}

/* A bit a level of nesting: 1 an object. No recursion, so that no message can exhaust the stack. */
typedef struct nesting {
    uint64_t bits[B3_JSON_DEPTH_MAX / 64];
    uint32_t depth;
} nesting;

static int in_object(const nesting *nest) {
    return (nest->bits[(nest->depth - 1) / 64] >> ((nest->depth - 1) % 64) & 1) != 0;
}

static void enter(nesting *nest, int object) {
    const uint64_t bit = (uint64_t)1 << (nest->depth % 64);
    if (object) nest->bits[nest->depth / 64] |= bit;
    else nest->bits[nest->depth / 64] &= ~bit;
    nest->depth++;
}

static int32_t skip_key(b3_scan *scan) {
    int32_t status = b3_scan_space(scan);
    if (status == B3_OK) status = skip_string(scan);
    if (status == B3_OK) status = b3_scan_expect(scan, ':', "a ':' should stand here");
    return status;
}

/* Behind a value: closes what ends there, and goes behind the next ',' (and key). */
static int32_t after_value(b3_scan *scan, nesting *nest) {
    while (nest->depth > 0) {
        const int32_t status = b3_scan_space(scan);
        if (status != B3_OK) return status;
        const int object = in_object(nest);
        if (*scan->at == ',') {
            scan->at++;
            return object ? skip_key(scan) : B3_OK;
        }
        if (*scan->at != (object ? '}' : ']'))
            return bad(scan, scan->at, object ? "a ',' or '}' should stand here" : "a ',' or ']' should stand here");
        scan->at++;
        nest->depth--;
    }
    return B3_OK;
}

int32_t b3_scan_skip(b3_scan *scan) {
    nesting nest;
    nest.depth = 0;
    do {
        int32_t status = b3_scan_space(scan);
        if (status != B3_OK) return status;
        const uint8_t byte = *scan->at;
        if (byte == '{' || byte == '[') {
            if (nest.depth == B3_JSON_DEPTH_MAX) return b3_scan_fail(scan, B3_ERR_CAPACITY, scan->at, "nested too deep", B3_JSON_DEPTH_MAX);
            enter(&nest, byte == '{');
            scan->at++;
            status = b3_scan_space(scan);
            if (status != B3_OK) return status;
            if (*scan->at == (byte == '{' ? '}' : ']')) {
                scan->at++;
                nest.depth--;
            } else {
                status = byte == '{' ? skip_key(scan) : B3_OK;
                if (status != B3_OK) return status;
                continue;
            }
        } else {
            status = skip_scalar(scan);
            if (status != B3_OK) return status;
        }
        status = after_value(scan, &nest);
        if (status != B3_OK) return status;
    } while (nest.depth > 0);
    return B3_OK;
}

/* ---------------------------------------------------------------- reading */

int32_t b3_scan_integer(b3_scan *scan, int64_t *out) {
    const int32_t status = b3_scan_space(scan);
    if (status != B3_OK) return status;
    const uint8_t *first = scan->at;
    if (*first == '-') return bad(scan, first, "a negative number where none can be");
    if (*first < '0' || *first > '9') return bad(scan, first, "a whole number should stand here");
    int64_t value = 0;
    int overflow = 0;
    for (; scan->at < scan->end && *scan->at >= '0' && *scan->at <= '9'; scan->at++) {
        overflow |= __builtin_mul_overflow(value, 10, &value);
        overflow |= __builtin_add_overflow(value, *scan->at - '0', &value);
    }
    if (scan->at < scan->end && (*scan->at == '.' || (*scan->at | 0x20) == 'e')) return bad(scan, scan->at, "a number that is not whole");
    if (overflow) return b3_scan_fail(scan, B3_ERR_OVERFLOW, first, "a number beyond 64 bits", 0);
    *out = value;
    return B3_OK;
}

/* text: the len bytes of the decimal, where: their place in the message, for errors (one place for all when they were decoded). */
static int32_t decimal(b3_scan *scan, const uint8_t *text, uint32_t len, const uint8_t *where, int in_place, uint32_t scale, int64_t *out) {
    int64_t value = 0;
    int overflow = 0;
    uint32_t fraction = 0;    /* digits behind the point taken so far */
    uint32_t excess_at = len; /* first digit other than 0 beyond the scale */
    uint32_t point_at = len;
    for (uint32_t i = 0; i < len; i++) {
        const uint8_t byte = text[i];
        if (byte == '.' && point_at == len && i > 0 && i + 1 < len) {
            point_at = i;
            continue;
        }
        if (byte < '0' || byte > '9') {
            const char *what = "a decimal that is not digits[.digits]";
            if (byte == '-' || byte == '+') what = "a decimal with a sign";
            else if ((byte | 0x20) == 'e') what = "a decimal with an exponent";
            return b3_scan_fail(scan, B3_ERR_FORMAT, where + (in_place ? i : 0), what, byte);
        }
        if (point_at != len && fraction == scale) {
            if (byte != '0' && excess_at == len) excess_at = i;
            continue;
        }
        if (point_at != len) fraction++;
        overflow |= __builtin_mul_overflow(value, 10, &value);
        overflow |= __builtin_add_overflow(value, byte - '0', &value);
    }
    if (len == 0) return b3_scan_fail(scan, B3_ERR_FORMAT, where, "an empty decimal", 0);
    if (excess_at != len) {
        return b3_scan_fail(scan, B3_ERR_PRECISION, where + (in_place ? excess_at : 0), "a decimal finer than the instrument's scale",
                            scale);
    }
    for (; fraction < scale; fraction++) overflow |= __builtin_mul_overflow(value, 10, &value);
    if (overflow) return b3_scan_fail(scan, B3_ERR_OVERFLOW, where, "a decimal beyond 64 bits at the instrument's scale", scale);
    scan->fraction = point_at == len ? 0 : len - point_at - 1;
    *out = value;
    return B3_OK;
}

int32_t b3_scan_decimal(b3_scan *scan, uint32_t scale, int64_t *out) {
    int32_t status = b3_scan_space(scan);
    if (status != B3_OK) return status;
    if (*scan->at != '"') return bad(scan, scan->at, "a decimal should stand here, as a string");
    const uint8_t *first = scan->at + 1;
    const uint8_t *stop = first;
    while (stop < scan->end && *stop != '"' && *stop != '\\') stop++;
    if (stop < scan->end && *stop == '"') {
        scan->at = stop + 1;
        return decimal(scan, first, (uint32_t)(stop - first), first, 1, scale, out);
    }
    uint8_t text[ESCAPED_DECIMAL_MAX];
    uint32_t len = 0;
    status = b3_scan_string(scan, text, sizeof text, &len);
    if (status != B3_OK) return status;
    if (len > sizeof text) return b3_scan_fail(scan, B3_ERR_FORMAT, first, "an escaped decimal that is too long", ESCAPED_DECIMAL_MAX);
    return decimal(scan, text, len, first, 0, scale, out);
}

int32_t b3_scan_bool(b3_scan *scan, int32_t *out) {
    const int32_t status = b3_scan_space(scan);
    if (status != B3_OK) return status;
    *out = *scan->at == 't';
    if (*scan->at != 't' && *scan->at != 'f') return bad(scan, scan->at, "true or false should stand here");
    return skip_literal(scan, *out ? "true" : "false");
}
