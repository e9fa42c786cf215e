/* A recording or journal being read: a mapped file, a cursor, and how far it has been checked.
 *
 *   base      first       cursor            checked                size
 *     | header LAYOUT | record | record | ... | record | ... | END |   + at least 64 readable bytes
 *
 * Only bytes before `checked` are ever handed out: their checksums were right and their pages resident when they were checked. The
 * struct is here so that the hot loop's step over a record compiles into it: a few instructions.
 * Truncating the file while it is mapped is noticed by the next check; reading pages that were cut off meanwhile ends in SIGBUS.
 */
#ifndef B3_NET_RECORDING_H
#define B3_NET_RECORDING_H

#include "net/recording_format.h"

struct b3_recording {
    const uint8_t *cursor;
    const uint8_t *checked;
    int32_t at_checked; /* outcome there: B3_EMPTY, or B3_END when nothing follows */
    uint32_t kind_count;
    const uint8_t *base;
    const uint8_t *first;
    uint64_t size; /* of the file; so much and 64 bytes more are mapped */
    uint64_t mapped_bytes;
    uint64_t checked_records; /* LAYOUT included: the number of the record at checked */
    uint32_t source_count;
    int32_t fd;
    b3_error damage; /* what check found; status 0 while nothing */
    uint16_t layout[];
};

/* b3_recording_next without stepping over the record. */
static inline int32_t b3_recording_peek(const b3_recording *recording, const b3_record **record) {
    if (__builtin_expect(recording->cursor == recording->checked, 0)) return recording->at_checked;
    *record = (const b3_record *)recording->cursor;
    return B3_OK;
}

static inline int32_t b3_recording_advance(b3_recording *recording, const b3_record **record) {
    const int32_t outcome = b3_recording_peek(recording, record);
    if (outcome == B3_OK) recording->cursor += b3_record_bytes((*record)->len);
    return outcome;
}

#endif
