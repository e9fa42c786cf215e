#include "net/recording.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/crc.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif

/* Maps the file over the start of a larger anonymous region: what follows its last page is readable too. */
static int32_t map_file(b3_recording *recording, b3_error *error) {
    const uint64_t page = (uint64_t)sysconf(_SC_PAGESIZE);
    recording->mapped_bytes = ((recording->size + page - 1) & ~(page - 1)) + page;
    void *region = mmap(NULL, recording->mapped_bytes, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (region == MAP_FAILED) return b3_recording_fail_io(error, 0, "cannot map the recording");
    recording->base = region;
    if (mmap(region, recording->size, PROT_READ, MAP_PRIVATE | MAP_FIXED, recording->fd, 0) == MAP_FAILED)
        return b3_recording_fail_io(error, 0, "cannot map the recording");
    return B3_OK;
}

/* Faults in all pages of [from, to) at once; a kernel before 5.14 lets the checksum do it page by page. */
static int32_t make_resident(const b3_recording *recording, const uint8_t *from, const uint8_t *to) {
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    const uintptr_t start = (uintptr_t)from & ~(page - 1);
    const uintptr_t end = ((uintptr_t)to + page - 1) & ~(page - 1);
    struct stat now;
    if (fstat(recording->fd, &now) != 0 || (uint64_t)now.st_size < recording->size) return B3_ERR_TRUNCATED;
    if (madvise((void *)start, end - start, MADV_POPULATE_READ) != 0 && errno == EFAULT) return B3_ERR_TRUNCATED;
    return B3_OK;
}

static int32_t check_header(const b3_recording *recording, uint32_t content, b3_error *error) {
    const b3_file_header *file = (const b3_file_header *)recording->base;
    if (memcmp(file->magic, "BOT3REC", sizeof file->magic) != 0)
        return b3_recording_fail(error, B3_ERR_FORMAT, 0, 0, "file header: not a file of bot3");
    if (file->crc != b3_crc32c(0, file, offsetof(b3_file_header, crc)))
        return b3_recording_fail(error, B3_ERR_CORRUPT, offsetof(b3_file_header, crc), 0, "file header: wrong checksum");
    if (file->format != B3_FILE_FORMAT)
        return b3_recording_fail(error, B3_ERR_VERSION, offsetof(b3_file_header, format), file->format,
                                 "file header: a format of another version");
    if (file->content != content)
        return b3_recording_fail(error, B3_ERR_FORMAT, offsetof(b3_file_header, content), file->content,
                                 content == B3_CONTENT_RECORDING ? "file header: not a recording, but another file of bot3"
                                                                 : "file header: not a journal, but another file of bot3");
    return B3_OK;
}

static int32_t damaged(b3_recording *recording, int32_t status, int64_t value, const char *what) {
    recording->at_checked = B3_END;
    return b3_recording_fail(&recording->damage, status, recording->checked_records, value, what);
}

/* Frame and checksum of the record at `checked`. */
static int32_t check_bytes(b3_recording *recording, const b3_record **record) {
    const uint64_t left = recording->size - (uint64_t)(recording->checked - recording->base);
    const b3_record *head = (const b3_record *)recording->checked;
    if (left < sizeof *head) return damaged(recording, B3_ERR_TRUNCATED, (int64_t)left, "record: missing, the file ends without END");
    if (left < b3_record_bytes(head->len)) return damaged(recording, B3_ERR_TRUNCATED, head->len, "record: the file ends inside it");
    if (head->crc != b3_record_crc(head, head + 1)) return damaged(recording, B3_ERR_CORRUPT, head->crc, "record: wrong checksum");
    *record = head;
    return B3_OK;
}

/* One record further: B3_OK, B3_END at the END record, or the damage. */
static int32_t check_record(b3_recording *recording) {
    const b3_record *record = NULL;
    const int32_t status = check_bytes(recording, &record);
    if (status != B3_OK) return status;
    if (record->type == B3_REC_END) {
        const uint8_t *end = recording->checked + b3_record_bytes(record->len);
        if (record->len != B3_RECORD_END_BYTES || end != recording->base + recording->size)
            return damaged(recording, B3_ERR_FORMAT, record->len, "record: END, but not at the end of the file");
        recording->at_checked = B3_END;
        return B3_END;
    }
    if (record->type > B3_REC_END)
        return damaged(recording, B3_ERR_VERSION, record->type, "record: a type that this version does not know");
    const uint32_t event_size = b3_recording_event_size(recording, record->kind);
    const char *fault = b3_record_fault(record, record + 1, event_size, recording->source_count);
    if (fault != NULL) return damaged(recording, B3_ERR_FORMAT, record->type, fault);
    if (record->type == B3_REC_SOURCE) recording->source_count++;
    recording->checked += b3_record_bytes(record->len);
    recording->checked_records++;
    return B3_OK;
}

/* The record after the header: sizes of events. Records start after it. */
static int32_t check_layout(b3_recording *recording, b3_error *error) {
    const b3_record *record = NULL;
    recording->checked = recording->base + sizeof(b3_file_header);
    if (check_bytes(recording, &record) != B3_OK) {
        if (error != NULL) *error = recording->damage;
        return recording->damage.status;
    }
    const uint32_t count = record->len / (uint32_t)sizeof(uint16_t);
    if (record->type != B3_REC_LAYOUT || record->len % sizeof(uint16_t) != 0 || count > recording->kind_count)
        return b3_recording_fail(error, B3_ERR_FORMAT, 0, record->type, "record: not a LAYOUT");
    memcpy(recording->layout, record + 1, record->len);
    recording->kind_count = count;
    for (uint32_t kind = 0; kind < count; kind++) {
        const uint16_t size = recording->layout[kind];
        if (size != 0 && (size < sizeof(b3_header) || size % 8 != 0))
            return b3_recording_fail(error, B3_ERR_FORMAT, 0, size, "record: a LAYOUT with an impossible event size");
    }
    recording->checked += b3_record_bytes(record->len);
    recording->checked_records = 1;
    recording->first = recording->checked;
    recording->cursor = recording->checked;
    recording->at_checked = B3_EMPTY;
    return B3_OK;
}

static int32_t open_checked(b3_recording *recording, const char *path, uint32_t content, b3_error *error) {
    struct stat about;
    recording->fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (recording->fd < 0 || fstat(recording->fd, &about) != 0) return b3_recording_fail_io(error, 0, "cannot open the recording");
    if (!S_ISREG(about.st_mode)) return b3_recording_fail(error, B3_ERR_FORMAT, 0, 0, "file header: not a regular file");
    recording->size = (uint64_t)about.st_size;
    if (recording->size < sizeof(b3_file_header))
        return b3_recording_fail(error, B3_ERR_TRUNCATED, recording->size, 0, "file header: the file ends inside it");
    int32_t status = map_file(recording, error);
    if (status == B3_OK) status = check_header(recording, content, error);
    if (status == B3_OK) status = check_layout(recording, error);
    return status;
}

/* A LAYOUT of later versions may know more kinds than we do; kinds are 16 bits wide, so this bounds it. */
#define KINDS_MAX 1024

b3_recording *b3_recording_open_blocking(const char *path, uint32_t content, b3_error *error) {
    b3_recording *recording = b3_alloc(sizeof *recording + KINDS_MAX * sizeof recording->layout[0]);
    if (recording == NULL) {
        b3_recording_fail(error, B3_ERR_MEMORY, 0, 0, "no memory for the recording's handle");
        return NULL;
    }
    recording->fd = -1;
    recording->kind_count = KINDS_MAX;
    if (open_checked(recording, path, content, error) == B3_OK) return recording;
    b3_recording_free(recording);
    return NULL;
}

void b3_recording_free(b3_recording *recording) {
    if (recording == NULL) return;
    if (recording->base != NULL) munmap((void *)(uintptr_t)recording->base, recording->mapped_bytes);
    if (recording->fd >= 0) close(recording->fd);
    b3_alloc_free(recording);
}

int32_t b3_recording_check_blocking(b3_recording *recording, uint64_t ahead_bytes, b3_error *error) {
    const uint8_t *end = recording->base + recording->size;
    const uint64_t left = (uint64_t)(end - recording->cursor);
    const uint8_t *target = recording->cursor + (ahead_bytes < left ? ahead_bytes : left);
    if (recording->at_checked != B3_END) {
        const uint8_t *ahead = target > recording->checked ? target : recording->checked;
        if (make_resident(recording, recording->checked, ahead + B3_INPUT_PADDING) != B3_OK)
            damaged(recording, B3_ERR_TRUNCATED, 0, "record: cut off, the file became shorter while it was read");
    }
    while (recording->at_checked != B3_END) {
        if (check_record(recording) != B3_OK || recording->checked < target) continue;
        const uint8_t last = recording->checked[B3_INPUT_PADDING - 1]; /* of the padding: may lie in a page not touched yet */
        __asm__ __volatile__("" : : "r"(last));
        return B3_OK;
    }
    if (recording->damage.status == B3_OK) return B3_END;
    if (error != NULL) *error = recording->damage;
    return recording->damage.status;
}

int32_t b3_recording_next(b3_recording *recording, const b3_record **record) {
    return b3_recording_advance(recording, record);
}

void b3_recording_rewind(b3_recording *recording) {
    recording->cursor = recording->first;
}

uint32_t b3_recording_event_size(const b3_recording *recording, uint16_t kind) {
    return kind < recording->kind_count ? recording->layout[kind] : 0;
}

int32_t b3_recording_event_at(const b3_recording *recording, const b3_record *record, uint32_t index, b3_slot *out) {
    const size_t ours = b3_event_size(record->kind);
    const size_t theirs = b3_recording_event_size(recording, record->kind);
    if (ours == 0 || theirs == 0) return B3_ERR_VERSION;
    if (index >= record->len / theirs) return B3_END;
    *out = (b3_slot){0};
    memcpy(out, (const uint8_t *)(record + 1) + index * theirs, theirs < ours ? theirs : ours);
    return B3_OK;
}

uint32_t b3_recording_source_count(const b3_recording *recording) {
    return recording->source_count;
}

uint64_t b3_recording_position(const b3_recording *recording) {
    return (uint64_t)(recording->cursor - recording->base);
}

uint64_t b3_recording_size(const b3_recording *recording) {
    return recording->size;
}
