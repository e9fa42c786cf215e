#include "engine/log.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#define DRAIN_PAUSE_NS 100000 /* when there is nothing to write; the hot thread never waits for this */
#define DRAIN_CHUNK (1u << 20)

static int32_t io_failed(b3_error *error, const char *what, int64_t value) {
    *error = (b3_error){.status = B3_ERR_IO, .os_errno = errno, .value = value, .what = what};
    return B3_ERR_IO;
}

int32_t b3_log_open(b3_log *log, uint32_t size, b3_error *error) {
    uint64_t rounded = 1u << 16;
    while (rounded < size) rounded *= 2;
    const int fd = memfd_create("bot3-journal", MFD_CLOEXEC);
    if (fd < 0) return io_failed(error, "journal log: no shared memory", (int64_t)rounded);
    uint8_t *both = MAP_FAILED;
    if (ftruncate(fd, (off_t)rounded) == 0) both = mmap(NULL, rounded * 2, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (both != MAP_FAILED) {
        const int flags = MAP_SHARED | MAP_FIXED | MAP_POPULATE;
        if (mmap(both, rounded, PROT_READ | PROT_WRITE, flags, fd, 0) == MAP_FAILED ||
            mmap(both + rounded, rounded, PROT_READ | PROT_WRITE, flags, fd, 0) == MAP_FAILED) {
            munmap(both, rounded * 2);
            both = MAP_FAILED;
        }
    }
    if (both == MAP_FAILED) {
        const int32_t failed = io_failed(error, "journal log: cannot map its memory", (int64_t)rounded);
        close(fd);
        return failed;
    }
    close(fd);
    *log = (b3_log){.ring = both, .size = rounded};
    return B3_OK;
}

void b3_log_close(b3_log *log) {
    if (log->ring != NULL) munmap(log->ring, log->size * 2);
    *log = (b3_log){0};
}

int32_t b3_log_wait(b3_log *log, uint64_t bytes) {
    if (bytes > log->size) return B3_ERR_CAPACITY;
    log->tail_seen = b3_load_acquire(&log->tail);
    if (log->head + bytes - log->tail_seen <= log->size) return B3_OK;
    log->waits++;
    do {
        if (b3_load_acquire(&log->drain_failed) != 0) return B3_ERR_IO;
        b3_cpu_pause();
        log->tail_seen = b3_load_acquire(&log->tail);
    } while (log->head + bytes - log->tail_seen > log->size);
    return B3_OK;
}

int32_t b3_log_put(b3_log *log, const b3_record *head, const void *payload, uint32_t len) {
    if (log->size == 0) return B3_OK;
    b3_record *record = b3_log_reserve(log, head->type, len);
    if (record == NULL) return B3_ERR_IO;
    *record = *head;
    record->crc = 0;
    record->len = len;
    if (len != 0) memcpy(record + 1, payload, len);
    b3_log_commit(log);
    return B3_OK;
}

void b3_log_finish(b3_log *log) {
    b3_store_release(&log->finished, 1);
}

/* Checksums the whole records from *from on, at most about a chunk of them; returns their bytes. */
static uint64_t seal(b3_log *log, uint64_t from, uint64_t head) {
    uint64_t at = from;
    while (at < head && at - from < DRAIN_CHUNK) {
        b3_record *record = (b3_record *)(log->ring + (at & (log->size - 1)));
        record->crc = b3_record_crc(record, record + 1);
        at += b3_record_bytes(record->len);
    }
    return at - from;
}

static int32_t write_all(int32_t fd, const uint8_t *data, uint64_t len, b3_error *error) {
    while (len > 0) {
        const ssize_t wrote = write(fd, data, len);
        if (wrote < 0 && errno == EINTR) continue;
        if (wrote < 0) return io_failed(error, "journal: cannot write to its file", (int64_t)len);
        data += wrote;
        len -= (uint64_t)wrote;
    }
    return B3_OK;
}

int32_t b3_log_drain(b3_log *log, int32_t fd, b3_error *error) {
    for (;;) {
        const uint32_t finished = b3_load_acquire(&log->finished);
        const uint64_t head = b3_load_acquire(&log->head);
        const uint64_t tail = log->tail;
        if (head == tail) {
            if (finished != 0) break;
            nanosleep(&(struct timespec){.tv_nsec = DRAIN_PAUSE_NS}, NULL);
            continue;
        }
        if (fd < 0) {
            b3_store_release(&log->tail, head);
            continue;
        }
        const uint64_t bytes = seal(log, tail, head);
        if (write_all(fd, log->ring + (tail & (log->size - 1)), bytes, error) != B3_OK) {
            b3_store_release(&log->drain_failed, 1);
            return B3_ERR_IO;
        }
        b3_store_release(&log->tail, tail + bytes);
    }
    if (fd >= 0 && fsync(fd) != 0 && errno != EINVAL && errno != EROFS) return io_failed(error, "journal: cannot sync its file", 0);
    return B3_OK;
}
