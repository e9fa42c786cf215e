/* What becomes a recording: text lines, and other recordings. */
#include <string.h>

#include "base/alloc.h"
#include "net/recording.h"

/* "<recv_ns> <bytes>": the time, and where the message starts. NULL: *what says why not. */
static const char *line_message(const char *line, const char *end, int64_t *recv_ns, const char **what) {
    const char *at = line;
    uint64_t value = 0;
    while (at < end && at - line < 19 && *at >= '0' && *at <= '9') value = value * 10 + (uint64_t)(*at++ - '0');
    *what = "line: it does not start with a receive time in ns and one blank";
    if (at == line || at == end || *at != ' ') return NULL;
    *what = "line: its receive time does not fit 64 bits";
    if (value > INT64_MAX) return NULL;
    *what = "line: no message after the receive time";
    if (at + 1 == end) return NULL;
    *what = "line: its message is larger than a record can be";
    if ((uint64_t)(end - at - 1) > UINT32_MAX) return NULL;
    *recv_ns = (int64_t)value;
    return at + 1;
}

int32_t b3_recorder_lines_blocking(b3_recorder *recorder, const char *data, uint64_t len, uint16_t source, uint16_t snapshot_source,
                                   uint64_t *used, b3_error *error) {
    static const char snapshot[] = "{\"lastUpdateId\"";
    const char *line = data;
    const char *newline;
    *used = 0;
    while ((newline = memchr(line, '\n', (size_t)(data + len - line))) != NULL) {
        const char *end = newline > line && newline[-1] == '\r' ? newline - 1 : newline;
        if (end > line) {
            const char *what;
            b3_record record = {.type = B3_REC_FRAME, .source = source, .stamp = B3_STAMP_RECORDED};
            const char *message = line_message(line, end, &record.recv_ns, &what);
            if (message == NULL) return b3_recording_fail(error, B3_ERR_FORMAT, *used, 0, what);
            const uint32_t bytes = (uint32_t)(end - message);
            if (bytes >= sizeof snapshot - 1 && memcmp(message, snapshot, sizeof snapshot - 1) == 0) record.source = snapshot_source;
            const int32_t status = b3_recorder_write_blocking(recorder, &record, message, bytes, error);
            if (status != B3_OK) return status;
        }
        line = newline + 1;
        *used = (uint64_t)(line - data);
        if (line == data + len) break;
    }
    return B3_OK;
}

/* Events as another version wrote them, at the sizes that this one writes. */
static int32_t copy_events(b3_recorder *recorder, const b3_recording *recording, const b3_record *record, const b3_record *head,
                           b3_error *error) {
    const uint32_t ours = (uint32_t)b3_event_size(record->kind);
    const uint32_t theirs = b3_recording_event_size(recording, record->kind);
    if (ours == theirs) return b3_recorder_write_blocking(recorder, head, record + 1, record->len, error);
    if (ours == 0)
        return b3_recording_fail(error, B3_ERR_VERSION, 0, record->kind, "record: events of a kind that this version does not know");

    const uint32_t count = record->len / theirs;
    uint8_t *events = b3_alloc_array(count, ours);
    if (events == NULL) return b3_recording_fail(error, B3_ERR_MEMORY, 0, count, "no memory to convert events");
    b3_slot slot;
    for (uint32_t index = 0; b3_recording_event_at(recording, record, index, &slot) == B3_OK; index++)
        memcpy(events + (size_t)index * ours, &slot, ours);
    const int32_t status = b3_recorder_write_blocking(recorder, head, events, count * ours, error);
    b3_alloc_free(events);
    return status;
}

int32_t b3_recorder_copy_blocking(b3_recorder *recorder, b3_recording *recording, uint16_t first_source, b3_error *error) {
    const uint64_t ahead_bytes = (uint64_t)1 << 20;
    const b3_record *record = NULL;
    int32_t outcome;
    while ((outcome = b3_recording_advance(recording, &record)) != B3_END) {
        if (outcome == B3_EMPTY) {
            b3_recording_check_blocking(recording, ahead_bytes, NULL); /* a fault is told below, after what lies before it */
            continue;
        }
        if (record->type == B3_REC_CONFIG) continue;
        b3_record head = *record;
        if (head.type == B3_REC_SOURCE || head.type == B3_REC_FRAME || head.type == B3_REC_EVENTS) {
            if (head.source > UINT16_MAX - first_source)
                return b3_recording_fail(error, B3_ERR_CAPACITY, 0, UINT16_MAX, "record: more sources than a file can have");
            head.source = (uint16_t)(head.source + first_source);
        }
        const int32_t status = head.type >= B3_REC_EVENTS ? copy_events(recorder, recording, record, &head, error)
                                                          : b3_recorder_write_blocking(recorder, &head, record + 1, head.len, error);
        if (status != B3_OK) return status;
    }
    if (recording->damage.status != B3_OK && error != NULL) *error = recording->damage;
    return recording->damage.status;
}
