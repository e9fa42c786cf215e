/* Depth sequencing of one instrument: which messages may touch the book, in which order.
 *
 * States: WAITING (no snapshot yet, or a gap was found: diffs are kept back, bounded) -> SYNCED. Rules of the venue:
 *   spot     a diff with last <= local is stale; first > local + 1 is a gap; the first diff after a snapshot must hold
 *            snapshot + 1 in [first, last] (or snapshot in it, as newer documents say).
 *   futures  (B3_FLAG_CHAINED) after the first one, prev must equal local, and a diff with last <= local is stale; the first one after
 *            a snapshot must hold snapshot in [first, last + 1) or chain to it (prev = snapshot), and is stale if last < snapshot.
 * A snapshot older than the first diff kept back is refused (B3_SEQ_SNAPSHOT_OLD): another is needed. When the store of diffs kept
 * back is full its oldest messages go first, which the next snapshot then shows as old or as a gap.
 */
#ifndef B3_FEED_SEQUENCE_H
#define B3_FEED_SEQUENCE_H

#include "bot3.h"

enum b3_sequence_verdict {
    B3_SEQ_APPLY = 0,    /* give the message to the book */
    B3_SEQ_STALE = 1,    /* drop it */
    B3_SEQ_KEPT = 2,     /* kept back until a snapshot comes */
    B3_SEQ_GAP = 3,      /* chain broken: halt; the message was kept back */
    B3_SEQ_SNAPSHOT = 4, /* give it to the book, then drain b3_sequence_next until B3_EMPTY */
    B3_SEQ_SNAPSHOT_OLD = 5,
};

typedef struct b3_sequence b3_sequence;

typedef struct b3_sequence_stats {
    int64_t last_update_id; /* local */
    uint64_t applied;       /* diffs */
    uint64_t stale;
    uint64_t gaps;
    uint64_t snapshots;
    uint64_t kept;    /* held now */
    uint64_t dropped; /* kept ones that had to make room */
    int32_t synced;
    int32_t reserved;
} b3_sequence_stats;

/* level_capacity: levels kept back at most. */
size_t b3_sequence_size(uint32_t level_capacity);
b3_sequence *b3_sequence_init(void *memory, uint32_t level_capacity);

/* levels: one whole message (the last one flagged), count >= 1. Returns a verdict. On a gap *expected and *found are the ids. */
int32_t b3_sequence_on_message(b3_sequence *sequence, const b3_level *levels, uint32_t count, int64_t *expected, int64_t *found);

/* After B3_SEQ_SNAPSHOT: the next kept message to apply, oldest first, stale ones dropped. *levels points into the store, valid until
 * the next call. Returns its level count, 0 when none is left, -1 when the chain is broken (back to WAITING, ids in expected, found). */
int32_t b3_sequence_next(b3_sequence *sequence, const b3_level **levels, int64_t *expected, int64_t *found);

/* Forget the book: connection lost, or told to. */
void b3_sequence_reset(b3_sequence *sequence);
void b3_sequence_read_stats(const b3_sequence *sequence, b3_sequence_stats *out);

#endif
