#include "net/recording_format.h"

#include <errno.h>
#include <string.h>

#include "base/crc.h"

_Static_assert(sizeof(b3_file_header) == 64, "the file header is 64 bytes");
_Static_assert(sizeof(b3_record) == 32, "a record's head is 32 bytes");
_Static_assert(sizeof(b3_source) == 96, "a source is 96 bytes");
_Static_assert(B3_RECORD_END_BYTES >= B3_INPUT_PADDING, "END is the padding of the last frame");

uint32_t b3_record_crc(const b3_record *record, const void *payload) {
    const size_t skip = sizeof record->crc;
    const uint32_t head = b3_crc32c(0, (const uint8_t *)record + skip, sizeof *record - skip);
    return record->len == 0 ? head : b3_crc32c(head, payload, record->len);
}

void b3_recording_write_head(uint8_t *out, uint32_t content) {
    memset(out, 0, B3_FILE_HEAD_BYTES);
    b3_file_header file = {.magic = "BOT3REC", .format = B3_FILE_FORMAT, .content = content};
    file.crc = b3_crc32c(0, &file, offsetof(b3_file_header, crc));
    memcpy(out, &file, sizeof file);

    uint16_t layout[B3_KIND_END];
    for (uint16_t kind = 0; kind < B3_KIND_END; kind++) layout[kind] = (uint16_t)b3_event_size(kind);
    b3_record record = {.len = sizeof layout, .type = B3_REC_LAYOUT};
    record.crc = b3_record_crc(&record, layout);
    memcpy(out + sizeof file, &record, sizeof record);
    memcpy(out + sizeof file + sizeof record, layout, sizeof layout);
}

static const char *source_fault(const b3_record *record, const void *payload, uint32_t source_count) {
    if (record->len < sizeof(b3_source)) return "record: a SOURCE that is too short";
    if (record->source != source_count) return "record: a SOURCE out of order";
    const b3_source *source = payload;
    if (memchr(source->name, 0, sizeof source->name) == NULL) return "record: a SOURCE whose name has no end";
    if (memchr(source->symbol, 0, sizeof source->symbol) == NULL) return "record: a SOURCE whose symbol has no end";
    return NULL;
}

static const char *events_fault(const b3_record *record, const void *payload, uint32_t event_size) {
    if (event_size == 0) return "record: events of a kind that LAYOUT does not know";
    const int single = record->type != B3_REC_EVENTS;
    if (single ? record->len != event_size : record->len == 0 || record->len % event_size != 0)
        return "record: events whose length does not fit their kind";
    for (uint32_t at = 0; at < record->len; at += event_size) {
        uint16_t kind; /* the first field of an event */
        memcpy(&kind, (const uint8_t *)payload + at, sizeof kind);
        if (kind != record->kind) return "record: an event of another kind than its record";
    }
    return NULL;
}

const char *b3_record_fault(const b3_record *record, const void *payload, uint32_t event_size, uint32_t source_count) {
    switch (record->type) {
    case B3_REC_CONFIG: return NULL;
    case B3_REC_SOURCE: return source_fault(record, payload, source_count);
    case B3_REC_FRAME: return record->source < source_count ? NULL : "record: a frame of no known source";
    case B3_REC_EVENTS:
        if (record->source >= source_count) return "record: events of no known source";
        return events_fault(record, payload, event_size);
    case B3_REC_COMMAND:
    case B3_REC_OUTPUT: return events_fault(record, payload, event_size);
    default: return "record: a type that cannot stand here";
    }
}

int32_t b3_recording_fail(b3_error *error, int32_t status, uint64_t position, int64_t value, const char *what) {
    if (error != NULL) *error = (b3_error){.status = status, .position = position, .value = value, .what = what};
    return status;
}

int32_t b3_recording_fail_io(b3_error *error, uint64_t position, const char *what) {
    const int32_t os_errno = errno;
    if (error != NULL) *error = (b3_error){.status = B3_ERR_IO, .os_errno = os_errno, .position = position, .what = what};
    return B3_ERR_IO;
}
