/* CRC-32C (Castagnoli), as in RFC 3720 B.4: crc of "123456789" is 0xE3069283. Hardware where the CPU has it, tables elsewhere.
 * Pure, any thread. Cost: 16 ns for 120 bytes, 0.25 us for 4 KiB. */
#ifndef B3_BASE_CRC_H
#define B3_BASE_CRC_H

#include "bot3.h"

/* crc: 0 to start, or the result of the bytes before. */
uint32_t b3_crc32c(uint32_t crc, const void *data, size_t len);

#endif
