#include "feed/sequence.h"

#include <string.h>

/* Messages kept back lie in one array of levels, each whole and in one piece; the last level of a message carries B3_FLAG_LAST.
 *
 *   not wrapped        . . . [head ====== tail) . . .
 *   wrapped            [0 == tail) . . . [head ====== wrap) . .
 *
 * A message that does not fit between tail and the end of the array begins anew at 0. */
struct b3_sequence {
    uint32_t capacity;
    uint32_t head; /* first level of the oldest message */
    uint32_t tail; /* where the next message goes */
    uint32_t wrap; /* end of what lies above tail; meaningful when wrapped */
    int32_t wrapped;
    int32_t first; /* synced, and no diff applied since the snapshot */
    b3_sequence_stats stats;
    b3_level levels[];
};

size_t b3_sequence_size(uint32_t level_capacity) {
    return sizeof(b3_sequence) + level_capacity * sizeof(b3_level);
}

b3_sequence *b3_sequence_init(void *memory, uint32_t level_capacity) {
    b3_sequence *sequence = memory;
    memset(sequence, 0, sizeof *sequence);
    sequence->capacity = level_capacity;
    return sequence;
}

/* ---------------------------------------------------------------- the store */

static void store_clear(b3_sequence *s) {
    s->head = 0;
    s->tail = 0;
    s->wrapped = 0;
    s->stats.kept = 0;
}

static uint32_t message_levels(const b3_level *levels) {
    uint32_t count = 1;
    while ((levels[count - 1].hdr.flags & B3_FLAG_LAST) == 0) count++;
    return count;
}

static uint32_t store_pop(b3_sequence *s) {
    const uint32_t count = message_levels(&s->levels[s->head]);
    s->head += count;
    s->stats.kept--;
    if (s->wrapped && s->head == s->wrap) {
        s->head = 0;
        s->wrapped = 0;
    }
    if (s->stats.kept == 0) store_clear(s);
    return count;
}

/* Room for count levels in one piece at tail, if need be by beginning anew at 0. */
static int store_fits(b3_sequence *s, uint32_t count) {
    if (s->wrapped) return s->head - s->tail >= count;
    if (s->capacity - s->tail >= count) return 1;
    if (s->head < count) return 0;
    s->wrap = s->tail;
    s->tail = 0;
    s->wrapped = 1;
    return 1;
}

static void store_push(b3_sequence *s, const b3_level *levels, uint32_t count) {
    while (s->stats.kept > 0 && !store_fits(s, count)) {
        store_pop(s);
        s->stats.dropped++;
    }
    if (count > s->capacity) {
        s->stats.dropped++;
        return;
    }
    memcpy(&s->levels[s->tail], levels, count * sizeof *levels);
    s->levels[s->tail + count - 1].hdr.flags |= B3_FLAG_LAST;
    s->tail += count;
    s->stats.kept++;
}

/* ---------------------------------------------------------------- the rules */

/* What becomes of a diff while synced: B3_SEQ_APPLY, B3_SEQ_STALE or B3_SEQ_GAP. */
static int32_t judge(const b3_sequence *s, const b3_level *diff, int64_t *expected, int64_t *found) {
    const int64_t local = s->stats.last_update_id;
    if ((diff->hdr.flags & B3_FLAG_CHAINED) == 0) {
        if (diff->last_update_id <= local) return B3_SEQ_STALE;
        if (diff->first_update_id <= local + 1) return B3_SEQ_APPLY;
        *expected = local + 1;
        *found = diff->first_update_id;
        return B3_SEQ_GAP;
    }
    if (diff->prev_update_id == local) return B3_SEQ_APPLY;
    if (s->first && diff->first_update_id <= local && diff->last_update_id >= local) return B3_SEQ_APPLY;
    if (diff->last_update_id <= local) return B3_SEQ_STALE;
    *expected = local;
    *found = diff->prev_update_id;
    return B3_SEQ_GAP;
}

static void apply(b3_sequence *s, const b3_level *diff) {
    s->stats.last_update_id = diff->last_update_id;
    s->stats.applied++;
    s->first = 0;
}

static void lose(b3_sequence *s) {
    s->stats.synced = 0;
    s->stats.gaps++;
}

/* Does the oldest diff kept back begin beyond what the snapshot holds? */
static int too_old(const b3_sequence *s, int64_t snapshot_id) {
    if (s->stats.kept == 0) return 0;
    const b3_level *oldest = &s->levels[s->head];
    if ((oldest->hdr.flags & B3_FLAG_CHAINED) != 0) return snapshot_id < oldest->first_update_id && snapshot_id != oldest->prev_update_id;
    return snapshot_id < oldest->first_update_id - 1;
}

static int32_t on_snapshot(b3_sequence *s, int64_t snapshot_id) {
    if (s->stats.synced && snapshot_id < s->stats.last_update_id) return B3_SEQ_SNAPSHOT_OLD;
    if (!s->stats.synced && too_old(s, snapshot_id)) return B3_SEQ_SNAPSHOT_OLD;
    s->stats.last_update_id = snapshot_id;
    s->stats.synced = 1;
    s->stats.snapshots++;
    s->first = 1;
    return B3_SEQ_SNAPSHOT;
}

int32_t b3_sequence_on_message(b3_sequence *sequence, const b3_level *levels, uint32_t count, int64_t *expected, int64_t *found) {
    if ((levels->hdr.flags & B3_FLAG_SNAPSHOT) != 0) return on_snapshot(sequence, levels->last_update_id);
    if (!sequence->stats.synced) {
        store_push(sequence, levels, count);
        return B3_SEQ_KEPT;
    }
    const int32_t verdict = judge(sequence, levels, expected, found);
    if (verdict == B3_SEQ_APPLY) apply(sequence, levels);
    else if (verdict == B3_SEQ_STALE) sequence->stats.stale++;
    else {
        lose(sequence);
        store_push(sequence, levels, count);
    }
    return verdict;
}

int32_t b3_sequence_next(b3_sequence *sequence, const b3_level **levels, int64_t *expected, int64_t *found) {
    while (sequence->stats.kept > 0) {
        const b3_level *oldest = &sequence->levels[sequence->head];
        const int32_t verdict = judge(sequence, oldest, expected, found);
        if (verdict == B3_SEQ_GAP) {
            lose(sequence);
            return -1;
        }
        const uint32_t count = store_pop(sequence);
        if (verdict == B3_SEQ_STALE) {
            sequence->stats.stale++;
            continue;
        }
        apply(sequence, oldest);
        *levels = oldest;
        return (int32_t)count;
    }
    return 0;
}

void b3_sequence_reset(b3_sequence *sequence) {
    store_clear(sequence);
    sequence->stats.last_update_id = 0;
    sequence->stats.synced = 0;
    sequence->first = 0;
}

void b3_sequence_read_stats(const b3_sequence *sequence, b3_sequence_stats *out) {
    *out = sequence->stats;
}
