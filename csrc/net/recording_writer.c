/* The recorder: records into a file through one buffer. After a failed write the file is a truncated one: it stays readable up to the
 * last record that reached it, and every later call tells the same fault. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "net/recording.h"

#define BUFFER_BYTES ((size_t)1 << 20)

struct b3_recorder {
    int32_t fd;
    uint32_t source_count;
    uint64_t records; /* written, LAYOUT included: number of the next one */
    size_t used;      /* of buffer */
    b3_error failed;  /* status 0 while all is well */
    uint8_t buffer[BUFFER_BYTES];
};

static int32_t write_out(b3_recorder *recorder, const uint8_t *data, size_t len) {
    while (len > 0) {
        const ssize_t written = write(recorder->fd, data, len);
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) return b3_recording_fail_io(&recorder->failed, recorder->records, "cannot write the recording");
        data += written;
        len -= (size_t)written;
    }
    return B3_OK;
}

static int32_t flush(b3_recorder *recorder) {
    const size_t used = recorder->used;
    recorder->used = 0;
    return write_out(recorder, recorder->buffer, used);
}

static int32_t put(b3_recorder *recorder, const void *data, size_t len) {
    if (len > BUFFER_BYTES - recorder->used) {
        if (flush(recorder) != B3_OK) return B3_ERR_IO;
        if (len > BUFFER_BYTES) return write_out(recorder, data, len);
    }
    if (len != 0) memcpy(recorder->buffer + recorder->used, data, len);
    recorder->used += len;
    return B3_OK;
}

static int32_t put_record(b3_recorder *recorder, const b3_record *record, const void *payload, uint32_t len) {
    static const uint8_t zeros[8];
    b3_record head = *record;
    head.len = len;
    head.crc = b3_record_crc(&head, payload);
    int32_t status = put(recorder, &head, sizeof head);
    if (status == B3_OK) status = put(recorder, payload, len);
    if (status == B3_OK) status = put(recorder, zeros, (size_t)(b3_record_bytes(len) - sizeof head - len));
    if (status == B3_OK) recorder->records++;
    return status;
}

static int32_t told(const b3_recorder *recorder, b3_error *error) {
    if (error != NULL) *error = recorder->failed;
    return recorder->failed.status;
}

b3_recorder *b3_recorder_new_blocking(const char *path, uint32_t content, b3_error *error) {
    if (content != B3_CONTENT_RECORDING && content != B3_CONTENT_JOURNAL) {
        b3_recording_fail(error, B3_ERR_ARGUMENT, 0, content, "content is neither recording nor journal");
        return NULL;
    }
    b3_recorder *recorder = b3_alloc(sizeof *recorder);
    if (recorder == NULL) {
        b3_recording_fail(error, B3_ERR_MEMORY, 0, 0, "no memory for the recorder");
        return NULL;
    }
    recorder->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    if (recorder->fd < 0) {
        b3_recording_fail_io(error, 0, "cannot make the recording");
        b3_alloc_free(recorder);
        return NULL;
    }
    b3_recording_write_head(recorder->buffer, content);
    recorder->used = B3_FILE_HEAD_BYTES;
    recorder->records = 1;
    return recorder;
}

int32_t b3_recorder_write_blocking(b3_recorder *recorder, const b3_record *record, const void *payload, uint32_t len, b3_error *error) {
    if (recorder->failed.status != B3_OK) return told(recorder, error);
    b3_record head = *record;
    head.len = len;
    const char *fault = b3_record_fault(&head, payload, (uint32_t)b3_event_size(head.kind), recorder->source_count);
    if (fault != NULL) return b3_recording_fail(error, B3_ERR_ARGUMENT, recorder->records, head.type, fault);
    if (head.type == B3_REC_SOURCE && recorder->source_count > UINT16_MAX)
        return b3_recording_fail(error, B3_ERR_CAPACITY, recorder->records, UINT16_MAX + 1, "record: more sources than a file can have");
    if (put_record(recorder, &head, payload, len) != B3_OK) return told(recorder, error);
    if (head.type == B3_REC_SOURCE) recorder->source_count++;
    return B3_OK;
}

int32_t b3_recorder_close_blocking(b3_recorder *recorder, b3_error *error) {
    static const uint8_t zeros[B3_RECORD_END_BYTES];
    if (recorder == NULL) return B3_OK;
    if (recorder->failed.status == B3_OK) {
        const b3_record end = {.type = B3_REC_END};
        if (put_record(recorder, &end, zeros, sizeof zeros) == B3_OK && flush(recorder) == B3_OK && fsync(recorder->fd) != 0 &&
            errno != EINVAL) /* EINVAL: a device or pipe, which has nothing to sync */
            b3_recording_fail_io(&recorder->failed, recorder->records, "cannot sync the recording");
    }
    if (close(recorder->fd) != 0 && recorder->failed.status == B3_OK)
        b3_recording_fail_io(&recorder->failed, recorder->records, "cannot close the recording");
    const int32_t status = told(recorder, error);
    b3_alloc_free(recorder);
    return status;
}
