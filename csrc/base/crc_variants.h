/* The variants behind b3_crc32c, for crc.c, tests and benches. Same results; only the CPU they need differs. */
#ifndef B3_BASE_CRC_VARIANTS_H
#define B3_BASE_CRC_VARIANTS_H

#include "bot3.h"

/* Any CPU; some 3 ns a byte. */
uint32_t b3_crc32c_table(uint32_t crc, const void *data, size_t len);
/* Needs SSE4.2 and PCLMULQDQ; 16 bytes a ns from 500 bytes on, 8 below. */
uint32_t b3_crc32c_sse42(uint32_t crc, const void *data, size_t len);

#endif
