/* Which symbols raw messages name, before anything parses them. */
#include <string.h>

#include "bot3.h"

int32_t b3_recording_symbols_blocking(const char *data, uint64_t len, char (*symbols)[B3_SYMBOL_MAX], uint32_t capacity, uint32_t *count) {
    static const char key[] = "\"s\":\"";
    const char *end = data + len;
    const char *at = data;
    uint32_t last = 0;
    while ((at = memmem(at, (size_t)(end - at), key, sizeof key - 1)) != NULL) {
        at += sizeof key - 1;
        const size_t room = (size_t)(end - at) < B3_SYMBOL_MAX ? (size_t)(end - at) : B3_SYMBOL_MAX;
        const char *quote = memchr(at, '"', room);
        if (quote == NULL || quote == at || memchr(at, '\\', (size_t)(quote - at)) != NULL) continue;
        const size_t bytes = (size_t)(quote - at);
        /* Most often the one found last. */
        if (*count > last && symbols[last][bytes] == 0 && memcmp(symbols[last], at, bytes) == 0) continue;
        for (last = 0; last < *count; last++)
            if (symbols[last][bytes] == 0 && memcmp(symbols[last], at, bytes) == 0) break;
        if (last < *count) continue;
        if (*count == capacity) return B3_FULL;
        memset(symbols[last], 0, B3_SYMBOL_MAX);
        memcpy(symbols[last], at, bytes);
        (*count)++;
    }
    return B3_OK;
}
