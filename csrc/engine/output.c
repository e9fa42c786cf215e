#include <string.h>

#include "base/alloc.h"
#include "engine/engine.h"

int32_t b3_outlet_put(b3_outlet *outlet, const b3_header *event) {
    if (outlet->count == outlet->capacity) {
        const uint32_t wider = outlet->capacity * 2;
        b3_tap_slot *slots = b3_alloc(sizeof(b3_tap_slot) * wider);
        if (slots == NULL) return B3_ERR_MEMORY;
        memcpy(slots, outlet->slots, sizeof(b3_tap_slot) * outlet->count);
        b3_alloc_free(outlet->slots);
        outlet->slots = slots;
        outlet->capacity = wider;
    }
    b3_tap_slot *slot = &outlet->slots[outlet->count++];
    slot->sequence = ++outlet->sequence;
    memset(&slot->event, 0, sizeof(slot->event));
    memcpy(&slot->event, event, b3_event_size(event->kind));
    return B3_OK;
}

int32_t b3_output_market(b3_engine *engine, const b3_header *event, b3_error *error) {
    if ((engine->config.tap_kinds >> event->kind & 1) != 0 && b3_outlet_put(&engine->tap, event) != B3_OK)
        return b3_engine_fail(error, B3_ERR_MEMORY, "tap: no memory to widen it", engine->input_no, engine->tap.capacity);
    return B3_OK;
}

int32_t b3_output(b3_engine *engine, b3_header *event, b3_error *error) {
    event->version = 1;
    event->input_no = engine->input_no;
    if (event->ts_recv_ns == 0) event->ts_recv_ns = engine->now_ns;
    engine->notes += event->kind == B3_SYSTEM;
    const b3_record record = {.type = B3_REC_OUTPUT, .kind = event->kind, .recv_ns = engine->now_ns, .input_no = engine->input_no};
    if (b3_log_put(&engine->log, &record, event, (uint32_t)b3_event_size(event->kind)) != B3_OK)
        return b3_engine_fail(error, B3_ERR_IO, "journal: its writer failed; nothing more is decided", engine->input_no, 0);
    return b3_output_market(engine, event, error);
}

int32_t b3_output_inbox(b3_engine *engine, const b3_header *event, uint16_t strategy, b3_error *error) {
    const int32_t status = b3_outlet_put(&engine->inbox, event);
    if (status == B3_OK) ((b3_header *)&engine->inbox.slots[engine->inbox.count - 1].event)->strategy = strategy;
    else return b3_engine_fail(error, status, "inbox: no memory to widen it", engine->input_no, engine->inbox.capacity);
    return B3_OK;
}

int32_t b3_output_system(b3_engine *engine, b3_market *market, uint16_t code, int64_t a, int64_t b, b3_error *error) {
    b3_system system = {.hdr = {.kind = B3_SYSTEM, .venue = market->view.instrument->venue}, .code = code, .a = a, .b = b};
    system.hdr.instrument = (uint32_t)(market - engine->markets);
    const int32_t failed = b3_output(engine, &system.hdr, error);
    return failed != B3_OK ? failed : b3_trading_dispatch(engine, market, &system.hdr, error);
}

const b3_tap_slot *b3_engine_tap(const b3_engine *engine, uint32_t *count) {
    *count = engine->tap.count;
    return engine->tap.slots;
}

void b3_engine_tap_clear(b3_engine *engine) {
    engine->tap.count = 0;
}

const b3_tap_slot *b3_engine_inbox(const b3_engine *engine, uint32_t *count) {
    *count = engine->inbox.count;
    return engine->inbox.slots;
}

void b3_engine_inbox_clear(b3_engine *engine) {
    engine->inbox.count = 0;
}
