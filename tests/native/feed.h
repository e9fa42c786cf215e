/* Parser and sequencing as tests use them: memory from malloc, and a parse whose input ends right before an unreadable page. */
#include "bot3.h"

/* cdef: begin */
typedef struct b3t_feed b3t_feed;

/* isa: b3_isa, or -1 for the general parser alone. NULL on a fault of init, which goes to *status. */
b3t_feed *b3t_feed_new(const char *const *symbols, const uint8_t *price_scales, const uint8_t *qty_scales, uint32_t count, int32_t isa,
                       int32_t *status);
void b3t_feed_free(b3t_feed *feed);
int32_t b3t_feed_isa(void);

typedef struct b3t_parsed {
    uint16_t kind;
    uint32_t count;
    uint32_t instrument;
} b3t_parsed;

/* recv_ns, input_no and stamp of the input are 7, 8 and B3_STAMP_RECORDED. data needs its padding. */
int32_t b3t_feed_parse(b3t_feed *feed, const uint8_t *data, uint32_t len, int32_t default_symbol, void *out, size_t out_bytes,
                       b3t_parsed *parsed, b3_error *error);
/* The same for a copy of data whose padding ends at a page that may not be read; the padding is filled with follow's 64 bytes.
 * The output is bounded in the same way. */
int32_t b3t_feed_parse_guarded(b3t_feed *feed, const uint8_t *data, uint32_t len, const uint8_t *follow, int32_t default_symbol, void *out,
                               size_t out_bytes, b3t_parsed *parsed, b3_error *error);
/* messages, general, ignored, bad */
void b3t_feed_stats(const b3t_feed *feed, uint64_t out[4]);

typedef struct b3t_sequence b3t_sequence;

typedef struct b3t_sequence_stats {
    int64_t last_update_id;
    uint64_t applied;
    uint64_t stale;
    uint64_t gaps;
    uint64_t snapshots;
    uint64_t kept;
    uint64_t dropped;
    int32_t synced;
} b3t_sequence_stats;

b3t_sequence *b3t_sequence_new(uint32_t level_capacity);
void b3t_sequence_free(b3t_sequence *sequence);
int32_t b3t_sequence_on_message(b3t_sequence *sequence, const b3_level *levels, uint32_t count, int64_t *expected, int64_t *found);
int32_t b3t_sequence_next(b3t_sequence *sequence, const b3_level **levels, int64_t *expected, int64_t *found);
void b3t_sequence_reset(b3t_sequence *sequence);
void b3t_sequence_stats_of(const b3t_sequence *sequence, b3t_sequence_stats *out);
/* cdef: end */
