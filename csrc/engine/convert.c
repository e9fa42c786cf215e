/* Raw recordings into parsed ones: the feed parser over every frame, its events as EVENTS records. */
#include <string.h>

#include "base/alloc.h"
#include "base/arena.h"
#include "feed/binance_json.h"
#include "net/recording.h"

#define EVENT_BYTES ((size_t)8 << 20) /* of one message */
#define CHECK_AHEAD ((uint64_t)1 << 20)

typedef struct conversion {
    b3_recorder *recorder;
    uint16_t first_source;
    b3_json *json;
    uint8_t *events;
    int32_t *symbol_of; /* by source of the raw recording: index in instruments, or -1 */
    const b3_instrument *instruments;
    uint32_t instrument_count;
    b3_conversion *totals;
} conversion;

static int32_t init_parser(conversion *to, void *memory, b3_error *error) {
    b3_json_symbol *symbols = b3_alloc_array(to->instrument_count, sizeof *symbols);
    if (symbols == NULL) return b3_recording_fail(error, B3_ERR_MEMORY, 0, to->instrument_count, "no memory for the symbols");
    for (uint32_t i = 0; i < to->instrument_count; i++) {
        const b3_instrument *instrument = &to->instruments[i];
        memcpy(symbols[i].symbol, instrument->symbol, B3_SYMBOL_MAX);
        symbols[i].instrument = i;
        symbols[i].venue = instrument->venue;
        symbols[i].price_scale = instrument->price_scale;
        symbols[i].qty_scale = instrument->qty_scale;
    }
    const int32_t status = b3_json_init(memory, symbols, to->instrument_count);
    b3_alloc_free(symbols);
    to->json = memory;
    return status == B3_OK ? B3_OK : b3_recording_fail(error, status, 0, 0, "the same symbol twice, or a scale that is none");
}

static void on_source(conversion *to, const b3_record *record) {
    const b3_source *source = (const b3_source *)(record + 1);
    to->symbol_of[record->source] = -1;
    for (uint32_t i = 0; i < to->instrument_count; i++)
        if (strncmp(to->instruments[i].symbol, source->symbol, B3_SYMBOL_MAX) == 0) to->symbol_of[record->source] = (int32_t)i;
}

static int32_t on_frame(conversion *to, const b3_record *record, uint64_t number, b3_error *error) {
    const b3_input input = {.data = (const uint8_t *)(record + 1), .len = record->len, .stamp = record->stamp, .recv_ns = record->recv_ns};
    b3_parsed parsed;
    b3_error why;
    to->totals->frames++;
    const int32_t status = b3_json_parse(to->json, &input, to->symbol_of[record->source], to->events, EVENT_BYTES, &parsed, &why);
    if (status == B3_EMPTY || status == B3_ERR_SYMBOL) {
        to->totals->ignored++;
        return B3_OK;
    }
    if (status < 0) {
        if (to->totals->bad++ == 0) {
            to->totals->first_bad = why;
            to->totals->first_bad_record = number;
        }
        return B3_OK;
    }
    to->totals->events += parsed.count;
    const b3_record events = {.type = B3_REC_EVENTS,
                              .source = (uint16_t)(to->first_source + parsed.instrument),
                              .stamp = record->stamp,
                              .kind = parsed.kind,
                              .recv_ns = record->recv_ns};
    return b3_recorder_write_blocking(to->recorder, &events, to->events, parsed.count * (uint32_t)b3_event_size(parsed.kind), error);
}

/* One record after the other; damage is told after what lies before it. */
static int32_t convert(conversion *to, b3_recording *recording, b3_error *error) {
    const b3_record *record = NULL;
    for (uint64_t number = 1;; number++) { /* LAYOUT is 0 */
        int32_t status = b3_recording_advance(recording, &record);
        if (status == B3_EMPTY) {
            b3_recording_check_blocking(recording, CHECK_AHEAD, NULL);
            status = b3_recording_advance(recording, &record);
        }
        if (status == B3_END) {
            const int32_t checked = b3_recording_check_blocking(recording, 0, error);
            return checked == B3_END ? B3_OK : checked;
        }
        status = B3_OK;
        if (record->type == B3_REC_SOURCE) on_source(to, record);
        if (record->type == B3_REC_FRAME) status = on_frame(to, record, number, error);
        if (record->type == B3_REC_EVENTS)
            return b3_recording_fail(error, B3_ERR_UNSUPPORTED, number, 0, "record: the recording is parsed already");
        if (status != B3_OK) return status;
    }
}

int32_t b3_recorder_parse_blocking(b3_recorder *recorder, b3_recording *recording, const b3_instrument *instruments,
                                   uint32_t instrument_count, uint16_t first_source, b3_conversion *totals, b3_error *error) {
    memset(totals, 0, sizeof *totals);
    conversion to = {.recorder = recorder, .first_source = first_source, .instruments = instruments};
    to.instrument_count = instrument_count;
    to.totals = totals;
    const size_t json_bytes = (b3_json_size(instrument_count) + 63) & ~(size_t)63;
    const size_t symbol_bytes = ((size_t)UINT16_MAX + 1) * sizeof *to.symbol_of;
    b3_arena arena;
    if (b3_arena_open(&arena, json_bytes + EVENT_BYTES + symbol_bytes + 4096) != B3_OK)
        return b3_recording_fail(error, B3_ERR_MEMORY, 0, 0, "no memory to parse the recording");
    void *memory = b3_arena_take(&arena, "parser", json_bytes);
    to.events = b3_arena_take(&arena, "events", EVENT_BYTES);
    to.symbol_of = b3_arena_take(&arena, "sources", symbol_bytes);
    int32_t status = init_parser(&to, memory, error);
    if (status == B3_OK) status = convert(&to, recording, error);
    b3_arena_close(&arena);
    return status;
}
