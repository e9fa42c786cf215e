#include "base/crc.h"
#include "base/cpu.h"
#include "base/crc_variants.h"

/* The CRC of a byte is linear in its bits: an entry is the XOR of the entries of the bits set (RFC 3720's polynomial, reflected). */
#define ENTRY(i)                                                                                                                           \
    (((i) & 0x01 ? 0xF26B8303u : 0) ^ ((i) & 0x02 ? 0xE13B70F7u : 0) ^ ((i) & 0x04 ? 0xC79A971Fu : 0) ^ ((i) & 0x08 ? 0x8AD958CFu : 0) ^   \
     ((i) & 0x10 ? 0x105EC76Fu : 0) ^ ((i) & 0x20 ? 0x20BD8EDEu : 0) ^ ((i) & 0x40 ? 0x417B1DBCu : 0) ^ ((i) & 0x80 ? 0x82F63B78u : 0))
#define ENTRIES_4(i) ENTRY(i), ENTRY((i) + 1), ENTRY((i) + 2), ENTRY((i) + 3)
#define ENTRIES_16(i) ENTRIES_4(i), ENTRIES_4((i) + 4), ENTRIES_4((i) + 8), ENTRIES_4((i) + 12)
#define ENTRIES_64(i) ENTRIES_16(i), ENTRIES_16((i) + 16), ENTRIES_16((i) + 32), ENTRIES_16((i) + 48)

static const uint32_t table[256] = {ENTRIES_64(0), ENTRIES_64(64), ENTRIES_64(128), ENTRIES_64(192)};

uint32_t b3_crc32c_table(uint32_t crc, const void *data, size_t len) {
    const uint8_t *bytes = data;
    crc = ~crc;
    for (size_t i = 0; i < len; i++) crc = table[(crc ^ bytes[i]) & 0xFF] ^ (crc >> 8);
    return ~crc;
}

uint32_t b3_crc32c(uint32_t crc, const void *data, size_t len) {
#if defined(__x86_64__)
    /* Both checks read a constant set while the library is loaded. */
    if (b3_cpu_isa() >= B3_ISA_SSE42 && __builtin_cpu_supports("pclmul")) return b3_crc32c_sse42(crc, data, len);
#endif
    return b3_crc32c_table(crc, data, len);
}
