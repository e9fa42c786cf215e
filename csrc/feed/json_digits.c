#include "feed/json_digits.h"

#include <string.h>

#define EMPTY 0x80

void b3_json_digits_init(b3_json_digits *digits, uint32_t fraction, uint32_t scale) {
    const uint32_t excess = fraction > scale ? fraction - scale : 0;
    const uint32_t kept = fraction - excess;
    const uint32_t padding = scale - kept;
    digits->mark[0] = (fraction > 0 ? '.' : '"') ^ '0';
    for (uint32_t lane = 1 + excess; lane < 16; lane++) digits->limit[lane] = 9;
    memset(digits->rows, EMPTY, sizeof digits->rows);
    for (uint32_t whole = 1; 1 + excess + whole + scale <= 16; whole++) {
        const uint32_t len = whole + (fraction > 0 ? 1 + fraction : 0);
        const uint32_t point = whole;
        if (point > 15) break;
        uint8_t *row = digits->rows[(int32_t)len - B3_DIGITS_ROW_MIN];
        row[0] = (uint8_t)point;
        for (uint32_t i = 0; i < excess; i++) row[1 + i] = (uint8_t)(point + 1 + kept + i);
        for (uint32_t i = 0; i < kept; i++) row[16 - padding - kept + i] = (uint8_t)(point + 1 + i);
        for (uint32_t i = 0; i < whole; i++) row[16 - scale - whole + i] = (uint8_t)i;
    }
}
