#include <string.h>
#include <sys/resource.h>

#include "base/alloc.h"
#include "base/prefault.h"
#include "engine/engine.h"

/* ---------------------------------------------------------------- what the hot loop costs */

typedef struct b3_cost {
    uint64_t ns;
    uint64_t allocations;
    struct rusage usage;
} b3_cost;

static void read_cost(b3_cost *cost) {
    getrusage(RUSAGE_THREAD, &cost->usage);
    cost->allocations = b3_alloc_count();
    cost->ns = (uint64_t)b3_clock_raw_ns();
}

/* Adds what was spent since `from`. Only the time counts before the engine is warm. */
static void add_cost(b3_engine *engine, const b3_cost *from, int warm) {
    b3_cost now;
    b3_totals *totals = &engine->totals;
    read_cost(&now);
    totals->hot_ns += now.ns - from->ns;
    if (!warm) return;
    totals->hot_allocations += now.allocations - from->allocations;
    totals->hot_page_faults += (uint64_t)(now.usage.ru_minflt - from->usage.ru_minflt + now.usage.ru_majflt - from->usage.ru_majflt);
    totals->hot_voluntary_switches += (uint64_t)(now.usage.ru_nvcsw - from->usage.ru_nvcsw);
}

/* ---------------------------------------------------------------- inputs */

static int is_asked(const b3_engine *engine) {
    return (b3_load_relaxed(&engine->stop) | b3_load_relaxed(&engine->interrupt)) != 0;
}

/* Recorded time passes at `pace` times its speed. 0: somebody asks for the loop before it is the next record's turn. */
static __attribute__((noinline)) int keep_pace(b3_engine *engine, const b3_recording *recording) {
    const b3_record *record = NULL;
    if (b3_recording_peek(recording, &record) != B3_OK || record->recv_ns == 0) return 1;
    if (engine->pace_recv_ns == 0) {
        engine->pace_recv_ns = record->recv_ns;
        engine->pace_ticks = b3_clock_ticks(&engine->clock);
    }
    const double due_ns = (double)(record->recv_ns - engine->pace_recv_ns) / engine->config.pace;
    while ((double)b3_clock_elapsed_ns(&engine->clock, engine->pace_ticks, b3_clock_ticks(&engine->clock)) < due_ns) {
        if (is_asked(engine)) return 0;
        b3_cpu_pause();
    }
    return 1;
}

static int32_t on_source(b3_engine *engine, const b3_record *record, b3_error *error) {
    const b3_source *source = (const b3_source *)(record + 1);
    if (record->len < sizeof(*source) || record->source >= B3_SOURCES_MAX)
        return b3_engine_fail(error, B3_ERR_FORMAT, "recording: a source that is none", record->source, record->len);
    int32_t symbol = -1;
    for (uint32_t i = 0; i < engine->market_count; i++)
        if (memcmp(engine->instruments[i].symbol, source->symbol, B3_SYMBOL_MAX) == 0) symbol = (int32_t)i;
    engine->source_symbol[record->source] = symbol;
    /* The name is for people and may be a file's: it does not belong to what a run is. */
    b3_source unnamed = *source;
    memset(unnamed.name, 0, sizeof(unnamed.name));
    if (b3_log_put(&engine->log, record, &unnamed, sizeof(unnamed)) != B3_OK)
        return b3_engine_fail(error, B3_ERR_IO, "journal: its writer failed", engine->input_no, 0);
    return B3_OK;
}

/* An input of the control plane: a request, or a person's command. */
static int32_t command(b3_engine *engine, const b3_header *event, b3_error *error) {
    int32_t failed = b3_pipeline_begin(engine, engine->now_ns, error);
    if (failed != B3_OK) return failed;
    const b3_record record = {.type = B3_REC_COMMAND, .kind = event->kind, .recv_ns = engine->now_ns, .input_no = engine->input_no};
    if (b3_log_put(&engine->log, &record, event, (uint32_t)b3_event_size(event->kind)) != B3_OK)
        return b3_engine_fail(error, B3_ERR_IO, "journal: its writer failed", engine->input_no, 0);
    if (event->kind == B3_SYSTEM) {
        failed = b3_guarding_command(engine, (const b3_system *)event, error);
    } else {
        b3_request copy = *(const b3_request *)event;
        copy.hdr.flags &= (uint8_t)~B3_FLAG_EXIT; /* the engine's own to say, as for a strategy */
        failed = b3_trading_request(engine, &copy, error);
    }
    engine->sampling = 0;
    return failed;
}

static int is_command(const b3_header *event) {
    const b3_system *system = (const b3_system *)event;
    return event->kind == B3_SYSTEM && system->code == B3_SYS_COMMAND && system->a >= B3_COMMAND_KILL &&
           system->a <= B3_COMMAND_KILL_FLATTEN;
}

static int32_t recorded_command(b3_engine *engine, const b3_recording *recording, const b3_record *record, b3_error *error) {
    b3_slot slot;
    const b3_header *event = (const b3_header *)&slot;
    if (b3_recording_event_at(recording, record, 0, &slot) != B3_OK || event->kind != record->kind ||
        (record->kind != B3_REQUEST && !is_command(event)))
        return b3_engine_fail(error, B3_ERR_FORMAT, "journal: a command that is none", record->input_no, record->kind);
    return command(engine, event, error);
}

static int32_t step(b3_engine *engine, const b3_recording *recording, const b3_record *record, b3_error *error) {
    switch (record->type) {
    case B3_REC_FRAME: return b3_pipeline_frame(engine, record, (const uint8_t *)(record + 1), error);
    case B3_REC_EVENTS: return b3_pipeline_events(engine, recording, record, error);
    case B3_REC_SOURCE: return on_source(engine, record, error);
    case B3_REC_COMMAND: return recorded_command(engine, recording, record, error);
    default: return B3_OK; /* what a journal holds besides its inputs comes out again by itself */
    }
}

/* ---------------------------------------------------------------- the loop */

/* Whoever asked put down what he wants before he asked, so what is asked for after the load and lost by the store is seen all the same. */
static int32_t answer(b3_engine *engine) {
    if (b3_load_relaxed(&engine->stop) != 0) return B3_STOPPED;
    b3_store_relaxed(&engine->interrupt, 0);
    return B3_YIELD;
}

/* Works until something asks for the control plane. B3_EMPTY: the records checked so far are used up. */
static int32_t hot_loop(b3_engine *engine, b3_recording *recording, uint64_t last_input, int warm, b3_error *error) {
    for (;;) {
        if (is_asked(engine)) return answer(engine);
        if (engine->inbox.count != 0) return B3_YIELD;
        if (engine->tap.count >= engine->config.tap_capacity && engine->tap.count != 0) return B3_FULL;
        if (engine->totals.inputs >= last_input) return B3_OK;
        if (!warm && engine->totals.inputs >= B3_WARM_UP_INPUTS) return B3_EMPTY; /* comes back warm */
        const b3_record *record = NULL;
        if (engine->config.pace > 0 && !keep_pace(engine, recording)) continue;
        const int32_t status = b3_recording_advance(recording, &record);
        if (status != B3_OK) return status;
        const int32_t failed = step(engine, recording, record, error);
        if (failed != B3_OK) return failed;
    }
}

int32_t b3_engine_run_blocking(b3_engine *engine, b3_recording *recording, uint64_t max_inputs, b3_error *error) {
    if (!engine->started) return b3_engine_fail(error, B3_ERR_STATE, "engine: not started", 0, 0);
    b3_prefault_stack();
    const uint64_t inputs = engine->totals.inputs;
    const uint64_t last_input = max_inputs > UINT64_MAX - inputs ? UINT64_MAX : inputs + max_inputs;
    for (;;) {
        const int warm = engine->totals.inputs >= B3_WARM_UP_INPUTS;
        b3_cost before;
        read_cost(&before);
        const int32_t outcome = hot_loop(engine, recording, last_input, warm, error);
        add_cost(engine, &before, warm);
        if (outcome != B3_EMPTY && outcome != B3_END) return outcome;
        /* B3_END comes from the END record, or from damage, which the check names again. */
        const int32_t checked = b3_recording_check_blocking(recording, B3_CHECK_AHEAD, error);
        if (outcome == B3_END || checked < 0) {
            if (checked < 0 && outcome == B3_EMPTY) continue; /* what lies before the damage is still to be worked through */
            return checked < 0 ? checked : B3_END;
        }
    }
}

int32_t b3_engine_submit(b3_engine *engine, const b3_request *request, b3_error *error) {
    if (!engine->started) return b3_engine_fail(error, B3_ERR_STATE, "engine: not started", 0, 0);
    if (request->hdr.kind != B3_REQUEST || request->hdr.instrument >= engine->market_count)
        return b3_engine_fail(error, B3_ERR_ARGUMENT, "submit: not a request, or of no instrument", 0, request->hdr.instrument);
    return command(engine, &request->hdr, error);
}

int32_t b3_engine_command(b3_engine *engine, const b3_system *asked, b3_error *error) {
    if (!engine->started) return b3_engine_fail(error, B3_ERR_STATE, "engine: not started", 0, 0);
    if (!is_command(&asked->hdr)) return b3_engine_fail(error, B3_ERR_ARGUMENT, "command: there is no such one", 0, asked->a);
    return command(engine, &asked->hdr, error);
}

void b3_engine_stop(b3_engine *engine) {
    b3_store_relaxed(&engine->stop, 1);
}

void b3_engine_interrupt(b3_engine *engine) {
    b3_store_relaxed(&engine->interrupt, 1);
}

int32_t b3_engine_finish(b3_engine *engine, b3_error *error) {
    static const uint8_t zeros[64];
    const b3_record record = {.type = B3_REC_END, .input_no = engine->input_no};
    const int32_t failed = b3_log_put(&engine->log, &record, zeros, sizeof(zeros));
    b3_log_finish(&engine->log);
    return failed == B3_OK ? B3_OK : b3_engine_fail(error, failed, "journal: cannot be ended", engine->input_no, 0);
}
