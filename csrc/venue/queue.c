#include "venue/queue.h"

#include "base/money.h"

#include <string.h>

static int64_t least(int64_t a, int64_t b) {
    return a < b ? a : b;
}

static void drop_first(b3_queue *queue) {
    queue->count--;
    memmove(queue->reductions, queue->reductions + 1, queue->count * sizeof(b3_reduction));
}

static void forget_shown_trades(b3_queue *queue, int64_t depth_ns) {
    if (depth_ns > queue->traded_ns) queue->traded_raw = 0;
}

static void keep(b3_queue *queue, const b3_reduction *reduction) {
    if (queue->count == B3_REDUCTIONS) {
        b3_reduction *second = &queue->reductions[1];
        second->qty_raw += queue->reductions[0].qty_raw;
        second->before_raw = queue->reductions[0].before_raw > second->qty_raw ? queue->reductions[0].before_raw : second->qty_raw;
        drop_first(queue);
    }
    queue->reductions[queue->count++] = *reduction;
}

void b3_queue_show(b3_queue *queue, int64_t qty_raw, int64_t update_id, int64_t depth_ns, int64_t seen_ns, uint64_t seen_no) {
    if (update_id <= queue->shown_id) return;
    forget_shown_trades(queue, depth_ns);
    const int64_t fall = queue->shown_raw - qty_raw;
    if (fall > 0) {
        const int64_t explained = least(fall, queue->traded_raw);
        queue->traded_raw -= explained;
        const b3_reduction reduction = {
            .qty_raw = fall - explained, .before_raw = queue->shown_raw - explained, .seen_ns = seen_ns, .seen_no = seen_no};
        if (reduction.qty_raw > 0) keep(queue, &reduction);
    }
    queue->shown_raw = qty_raw;
    queue->shown_id = update_id;
}

void b3_queue_trade(b3_queue *queue, int64_t qty_raw, int64_t depth_ns, int64_t traded_ns) {
    forget_shown_trades(queue, depth_ns);
    while (qty_raw > 0 && queue->count > 0) {
        b3_reduction *oldest = &queue->reductions[0];
        const int64_t explained = least(qty_raw, oldest->qty_raw);
        qty_raw -= explained;
        oldest->qty_raw -= explained;
        oldest->before_raw -= explained;
        if (oldest->qty_raw == 0) drop_first(queue);
    }
    if (qty_raw == 0 || depth_ns > traded_ns) return;
    if (__builtin_add_overflow(queue->traded_raw, qty_raw, &queue->traded_raw)) queue->traded_raw = INT64_MAX;
    queue->traded_ns = traded_ns;
}

int b3_queue_settle(b3_queue *queue, int64_t happened_ns, b3_reduction *out) {
    if (queue->count == 0 || queue->reductions[0].seen_ns >= happened_ns) return 0;
    *out = queue->reductions[0];
    drop_first(queue);
    return 1;
}

int64_t b3_queue_bound(const b3_queue *queue) {
    int64_t bound = queue->shown_raw - least(queue->traded_raw, queue->shown_raw);
    for (uint32_t i = 0; i < queue->count; i++)
        if (__builtin_add_overflow(bound, queue->reductions[i].qty_raw, &bound)) return INT64_MAX;
    return bound;
}

int64_t b3_queue_after_cancel(int64_t ahead_raw, const b3_reduction *cancel) {
    const int64_t after_raw = cancel->before_raw - cancel->qty_raw;
    if (after_raw <= 0) return 0;
    const int64_t share = (int64_t)((b3_int128)ahead_raw * cancel->qty_raw / cancel->before_raw);
    return least(ahead_raw - share, after_raw);
}
