/* The bytes of a record file, for all who read or write one: the reader, the recorder, and the engine's journal. */
#ifndef B3_NET_RECORDING_FORMAT_H
#define B3_NET_RECORDING_FORMAT_H

#include "bot3.h"

#define B3_RECORD_END_BYTES 64 /* payload of END: zeros, so that a parser may read past the last frame inside the file */

/* Bytes of a file up to its second record: file header, then LAYOUT. */
#define B3_FILE_HEAD_BYTES (sizeof(b3_file_header) + sizeof(b3_record) + ((B3_KIND_END * sizeof(uint16_t) + 7) & ~(size_t)7))

/* Bytes of a record in the file: head, payload, padding to 8. */
static inline uint64_t b3_record_bytes(uint32_t len) {
    return sizeof(b3_record) + (((uint64_t)len + 7) & ~7ull);
}

/* What record->crc has to be. payload: record->len bytes, which need not follow the head in memory. */
uint32_t b3_record_crc(const b3_record *record, const void *payload);

/* Writes the B3_FILE_HEAD_BYTES that a new file of this content starts with. */
void b3_recording_write_head(uint8_t *out, uint32_t content);

/* What makes a record unfit for a file, beyond its checksum: static text, NULL when nothing does. event_size: of record->kind in that
 * file; source_count: SOURCE records before this one. LAYOUT and END are not judged here. */
const char *b3_record_fault(const b3_record *record, const void *payload, uint32_t event_size, uint32_t source_count);

/* Fills *error where there is one; returns status. */
int32_t b3_recording_fail(b3_error *error, int32_t status, uint64_t position, int64_t value, const char *what);
/* The same for a failed system call: B3_ERR_IO with errno. */
int32_t b3_recording_fail_io(b3_error *error, uint64_t position, const char *what);

#endif
