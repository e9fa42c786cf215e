/* Bodies of the public book and bars calls that own memory or take batches; the others are the stages' own. */
#include <string.h>

#include "bars/bars.h"
#include "base/alloc.h"
#include "book/l2.h"

static void told(b3_error *error, int32_t status, const char *what, uint64_t position, int64_t value) {
    *error = (b3_error){.status = status, .what = what, .position = position, .value = value};
}

/* ---------------------------------------------------------------- book */

b3_book *b3_book_new(int64_t tick_raw, uint32_t dense_ticks, uint32_t sparse_levels, b3_error *error) {
    const size_t bytes = b3_book_size(dense_ticks, sparse_levels);
    if (bytes == 0) {
        told(error, B3_ERR_ARGUMENT, "book: dense_ticks must be a power of two in 4096..262144, sparse_levels in 1..16777216", 0,
             dense_ticks);
        return NULL;
    }
    void *const memory = b3_alloc(bytes);
    if (memory == NULL) {
        told(error, B3_ERR_MEMORY, "book: no memory", 0, (int64_t)bytes);
        return NULL;
    }
    b3_book *const book = b3_book_init(memory, tick_raw, dense_ticks, sparse_levels);
    if (book != NULL) return book;
    b3_alloc_free(memory);
    told(error, B3_ERR_ARGUMENT, "book: tick_raw must be in 1..2^44", 0, tick_raw);
    return NULL;
}

void b3_book_free(b3_book *book) {
    b3_alloc_free(book);
}

static const char *fault_text(const b3_level *level, int32_t status) {
    if (status == B3_ERR_CAPACITY) return "book: more levels outside the window than sparse_levels";
    if (level->hdr.kind != B3_LEVEL) return "book: not a level event";
    return level->price_raw < 1 ? "book: a price below 1" : "book: a negative quantity";
}

int32_t b3_book_apply_blocking(b3_book *book, const b3_level *levels, uint32_t count, b3_quote *quotes, uint32_t cap, b3_error *error) {
    uint32_t made = 0;
    if (count > INT32_MAX) {
        told(error, B3_ERR_ARGUMENT, "book: more than 2^31-1 levels at once", 0, count);
        return B3_ERR_ARGUMENT;
    }
    if (count > 0 && (levels[count - 1].hdr.flags & B3_FLAG_LAST) == 0) {
        told(error, B3_ERR_ARGUMENT, "book: the last message lacks its last level", count - 1, 0);
        return B3_ERR_ARGUMENT;
    }
    for (uint32_t i = 0; i < count; i++) {
        b3_slot quote;
        const int32_t status = levels[i].hdr.kind == B3_LEVEL ? b3_book_on_event(book, &levels[i].hdr, NULL, &quote, 1) : B3_ERR_ARGUMENT;
        if (status < 0) {
            told(error, status, fault_text(&levels[i], status), i, levels[i].price_raw);
            return status;
        }
        if (status == 0) continue;
        if (made == cap) {
            told(error, B3_ERR_ARGUMENT, "book: no room for the quotes of all messages", i, cap);
            return B3_ERR_ARGUMENT;
        }
        memcpy(&quotes[made++], &quote, sizeof(b3_quote));
    }
    return (int32_t)made;
}

/* ---------------------------------------------------------------- bars */

b3_bars *b3_bars_new(const b3_bars_config *config, uint8_t price_scale, uint8_t qty_scale, b3_error *error) {
    const b3_instrument instrument = {.price_scale = price_scale, .qty_scale = qty_scale};
    void *const memory = b3_alloc(b3_bars_size());
    if (memory == NULL) {
        told(error, B3_ERR_MEMORY, "bars: no memory", 0, (int64_t)b3_bars_size());
        return NULL;
    }
    const int32_t status = b3_bars_init(memory, config, &instrument);
    if (status == B3_OK) return memory;
    b3_alloc_free(memory);
    told(error, status, "bars: impossible kind, size, grace or scale", 0, config->size);
    return NULL;
}

void b3_bars_free(b3_bars *bars) {
    b3_alloc_free(bars);
}

#define CHUNK 64

/* One event, NULL for what is left of the one before. *made grows by the bars. Returns 1 when all of it is out. */
static int bars_of(b3_bars *bars, const b3_header *event, b3_bar *out, uint32_t cap, uint32_t *made) {
    for (;;) {
        b3_slot slots[CHUNK];
        const int32_t room = cap - *made < CHUNK ? (int32_t)(cap - *made) : CHUNK;
        if (room == 0) return 0;
        const int32_t count = b3_bars_on_event(bars, event, NULL, slots, room);
        for (int32_t i = 0; i < count; i++) {
            b3_bar bar;
            memcpy(&bar, &slots[i], sizeof bar);
            if (bar.hdr.kind == B3_BAR) out[(*made)++] = bar;
        }
        if (count < room) return 1;
        event = NULL;
    }
}

int32_t b3_bars_apply_blocking(b3_bars *bars, const b3_trade *trades, uint32_t count, b3_bar *out, uint32_t cap, uint32_t *used,
                               b3_error *error) {
    *used = 0;
    if (cap == 0 || cap > INT32_MAX) {
        told(error, B3_ERR_ARGUMENT, "bars: out must have room for 1..2^31-1 bars", 0, cap);
        return B3_ERR_ARGUMENT;
    }
    uint32_t made = 0;
    int done = bars_of(bars, NULL, out, cap, &made);
    while (done && *used < count && made < cap) {
        const b3_trade *const trade = &trades[*used];
        if (trade->hdr.kind != B3_TRADE) {
            told(error, B3_ERR_ARGUMENT, "bars: not a trade event", *used, trade->hdr.kind);
            return B3_ERR_ARGUMENT;
        }
        (*used)++;
        done = bars_of(bars, &trade->hdr, out, cap, &made);
    }
    return (int32_t)made;
}

int32_t b3_bars_advance_blocking(b3_bars *bars, int64_t now_ns, b3_bar *out, uint32_t cap, b3_error *error) {
    if (cap == 0 || cap > INT32_MAX) {
        told(error, B3_ERR_ARGUMENT, "bars: out must have room for 1..2^31-1 bars", 0, cap);
        return B3_ERR_ARGUMENT;
    }
    const b3_header clock = {.kind = B3_TIMER, .ts_exchange_ns = now_ns};
    uint32_t made = 0;
    if (bars_of(bars, NULL, out, cap, &made) && made < cap) (void)bars_of(bars, &clock, out, cap, &made);
    return (int32_t)made;
}
