#include "feed.h"

#include "base/cpu.h"
#include "feed/binance_json.h"
#include "feed/json_variants.h"
#include "feed/sequence.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define PAGE 4096

struct b3t_feed {
    b3_json *json;
};

struct b3t_sequence {
    b3_sequence *sequence;
};

b3t_feed *b3t_feed_new(const char *const *symbols, const uint8_t *price_scales, const uint8_t *qty_scales, uint32_t count, int32_t isa,
                       int32_t *status) {
    const size_t size = (b3_json_size(count) + 63) & ~(size_t)63;
    b3_json_symbol *list = calloc(count + 1, sizeof *list);
    b3t_feed *feed = malloc(sizeof *feed);
    feed->json = memset(aligned_alloc(64, size), 0, size);
    for (uint32_t i = 0; i < count; i++) {
        memcpy(list[i].symbol, symbols[i], strnlen(symbols[i], B3_SYMBOL_MAX));
        list[i].instrument = i;
        list[i].venue = 3;
        list[i].price_scale = price_scales[i];
        list[i].qty_scale = qty_scales[i];
    }
    *status = b3_json_init_isa(feed->json, list, count, isa);
    free(list);
    if (*status == B3_OK) return feed;
    b3t_feed_free(feed);
    return NULL;
}

void b3t_feed_free(b3t_feed *feed) {
    if (feed == NULL) return;
    free(feed->json);
    free(feed);
}

int32_t b3t_feed_isa(void) {
    return b3_cpu_isa();
}

int32_t b3t_feed_parse(b3t_feed *feed, const uint8_t *data, uint32_t len, int32_t default_symbol, void *out, size_t out_bytes,
                       b3t_parsed *parsed, b3_error *error) {
    const b3_input input = {.data = data, .len = len, .stamp = B3_STAMP_RECORDED, .recv_ns = 7, .input_no = 8};
    b3_parsed result = {0};
    const int32_t status = b3_json_parse(feed->json, &input, default_symbol, out, out_bytes, &result, error);
    *parsed = (b3t_parsed){.kind = result.kind, .count = result.count, .instrument = result.instrument};
    return status;
}

/* size bytes that end at an unreadable page. *mapped, *mapped_bytes: for munmap. */
static uint8_t *guarded(size_t size, void **mapped, size_t *mapped_bytes) {
    const size_t body = (size + PAGE - 1) / PAGE * PAGE;
    *mapped_bytes = body + PAGE;
    *mapped = mmap(NULL, *mapped_bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (*mapped == MAP_FAILED || mprotect((uint8_t *)*mapped + body, PAGE, PROT_NONE) != 0) abort();
    return (uint8_t *)*mapped + body - size;
}

int32_t b3t_feed_parse_guarded(b3t_feed *feed, const uint8_t *data, uint32_t len, const uint8_t *follow, int32_t default_symbol, void *out,
                               size_t out_bytes, b3t_parsed *parsed, b3_error *error) {
    void *maps[2];
    size_t bytes[2];
    uint8_t *bytes_in = guarded((size_t)len + B3_INPUT_PADDING, &maps[0], &bytes[0]);
    uint8_t *bytes_out = guarded(out_bytes, &maps[1], &bytes[1]);
    memcpy(bytes_in, data, len);
    memcpy(bytes_in + len, follow, B3_INPUT_PADDING);
    const int32_t status = b3t_feed_parse(feed, bytes_in, len, default_symbol, bytes_out, out_bytes, parsed, error);
    memcpy(out, bytes_out, out_bytes);
    munmap(maps[0], bytes[0]);
    munmap(maps[1], bytes[1]);
    return status;
}

void b3t_feed_stats(const b3t_feed *feed, uint64_t out[4]) {
    b3_json_stats stats;
    b3_json_read_stats(feed->json, &stats);
    out[0] = stats.messages;
    out[1] = stats.general;
    out[2] = stats.ignored;
    out[3] = stats.bad;
}

b3t_sequence *b3t_sequence_new(uint32_t level_capacity) {
    b3t_sequence *sequence = malloc(sizeof *sequence);
    sequence->sequence = b3_sequence_init(malloc(b3_sequence_size(level_capacity)), level_capacity);
    return sequence;
}

void b3t_sequence_free(b3t_sequence *sequence) {
    free(sequence->sequence);
    free(sequence);
}

int32_t b3t_sequence_on_message(b3t_sequence *sequence, const b3_level *levels, uint32_t count, int64_t *expected, int64_t *found) {
    return b3_sequence_on_message(sequence->sequence, levels, count, expected, found);
}

int32_t b3t_sequence_next(b3t_sequence *sequence, const b3_level **levels, int64_t *expected, int64_t *found) {
    return b3_sequence_next(sequence->sequence, levels, expected, found);
}

void b3t_sequence_reset(b3t_sequence *sequence) {
    b3_sequence_reset(sequence->sequence);
}

void b3t_sequence_stats_of(const b3t_sequence *sequence, b3t_sequence_stats *out) {
    b3_sequence_stats stats;
    b3_sequence_read_stats(sequence->sequence, &stats);
    *out = (b3t_sequence_stats){.last_update_id = stats.last_update_id,
                                .applied = stats.applied,
                                .stale = stats.stale,
                                .gaps = stats.gaps,
                                .snapshots = stats.snapshots,
                                .kept = stats.kept,
                                .dropped = stats.dropped,
                                .synced = stats.synced};
}
