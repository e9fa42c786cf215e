/* The journal's log: records from the hot thread to one housekeeping thread that writes them to disk.
 *
 * A ring of bytes in shared memory, mapped twice in a row so that every record is contiguous:
 *
 *      | ring of size bytes | the same bytes again |
 *                 ^ head (hot thread)     ^ tail (drain thread)          head - tail <= size
 *
 * Records have the layout of the file (b3_record + payload, padded to 8); the crc is left 0 by the hot thread and filled in by the
 * drain, which owns the bytes between tail and head. Hot side: no system call; when the log is full it spins until the drain has made
 * room (counted), or fails when the drain has failed.
 *   head: released by the hot thread after the bytes are whole, acquired by the drain.
 *   tail: released by the drain after it has written the bytes out, acquired by the hot thread before it overwrites them.
 */
#ifndef B3_ENGINE_LOG_H
#define B3_ENGINE_LOG_H

#include "base/atomics.h"
#include "bot3.h"
#include "net/recording_format.h"

typedef struct b3_log {
    uint8_t *ring;
    uint64_t size; /* a power of two; 0: no journal */
    uint64_t waits;
    uint64_t tail_seen; /* hot thread's last look at tail */
    uint64_t reserved_end;
    _Alignas(B3_CACHE_LINE) uint64_t head;
    _Alignas(B3_CACHE_LINE) uint64_t tail;
    _Alignas(B3_CACHE_LINE) uint32_t finished; /* hot thread: nothing follows */
    uint32_t drain_failed;
} b3_log;

/* size: rounded up to a power of two of pages. All pages are resident on return. B3_ERR_MEMORY. */
int32_t b3_log_open(b3_log *log, uint32_t size, b3_error *error);
void b3_log_close(b3_log *log);

/* Waits until bytes fit and says whether they ever will. Out of line: the hot path only comes here when the log looks full. */
int32_t b3_log_wait(b3_log *log, uint64_t bytes);

/* Room for a record with len bytes of payload: its head is filled in, the payload is the caller's to write, then b3_log_commit. NULL
 * when the drain has failed or the record can never fit. */
static inline b3_record *b3_log_reserve(b3_log *log, uint16_t type, uint32_t len) {
    const uint64_t bytes = b3_record_bytes(len);
    if (__builtin_expect(log->head + bytes - log->tail_seen > log->size, 0) && b3_log_wait(log, bytes) != B3_OK) return NULL;
    uint8_t *at = log->ring + (log->head & (log->size - 1));
    uint64_t zero = 0;
    if (len != 0) __builtin_memcpy(at + bytes - 8, &zero, 8);
    b3_record *record = (b3_record *)at;
    *record = (b3_record){.len = len, .type = type};
    log->reserved_end = log->head + bytes;
    return record;
}

static inline void b3_log_commit(b3_log *log) {
    b3_store_release(&log->head, log->reserved_end);
}

/* Writes a whole record. */
int32_t b3_log_put(b3_log *log, const b3_record *head, const void *payload, uint32_t len);

/* Nothing follows: the drain ends when it has written what is there. */
void b3_log_finish(b3_log *log);

/* The drain: fills in checksums and writes to fd (-1: nowhere) until the log is finished. Blocking; one thread. B3_ERR_IO. */
int32_t b3_log_drain(b3_log *log, int32_t fd, b3_error *error);

#endif
