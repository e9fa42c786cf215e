/* What tests of recordings need besides the public calls. */
#include "bot3.h"

/* cdef: begin */
uint32_t b3t_crc32c(const void *data, size_t len);
/* Sum of the bytes that a parser may read after the payload. */
uint64_t b3t_recording_read_padding(const b3_record *record);
/* Steps over all that is checked, as the hot loop does. Returns how many records; *bytes: of their payloads. */
uint64_t b3t_recording_drain(b3_recording *recording, uint64_t *bytes);
/* The payload of a record. */
const uint8_t *b3t_recording_payload(const b3_record *record);
/* cdef: end */
