/* Writes one byte at the offset given, relative to a block of 100 bytes in an arena. */
#include "base/arena.h"

#include <stdlib.h>

int main(int argc, char **argv) {
    b3_arena arena;
    if (argc != 2 || b3_arena_open(&arena, 4096) != B3_OK) return 2;
    volatile uint8_t *block = b3_arena_take(&arena, "block", 100);
    block[strtoul(argv[1], NULL, 10)] = 1;
    b3_arena_close(&arena);
    return 0;
}
