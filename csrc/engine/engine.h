/* The engine's inside: what the fused pipeline holds and the calls between its files.
 *
 *   setup.c     new, add_strategy, start, free: sizes, one arena, who gets what
 *   loop.c      run: records in, one input at a time, timers first, pace, the cost of it all
 *   pipeline.c  one input through feed -> sequence -> book -> touch -> bars -> strategies -> venue
 *   trading.c   requests -> risk -> orders -> venue, and the way back of its answers
 *   guarding.c  stops, breaker, day, kill switch: what the guard decides, done
 *   output.c    what the engine says: journal, tap, inbox
 *   reads.c     the b3_engine_read_* calls
 *
 * One thread owns all of it. All pointers lie in the arena, or in blocks that live as long as the engine.
 */
#ifndef B3_ENGINE_ENGINE_H
#define B3_ENGINE_ENGINE_H

#include "bars/bars.h"
#include "base/arena.h"
#include "base/clock.h"
#include "base/hist.h"
#include "book/l2.h"
#include "book/touch.h"
#include "bot3.h"
#include "engine/log.h"
#include "engine/timers.h"
#include "exec/orders.h"
#include "feed/binance_json.h"
#include "feed/sequence.h"
#include "net/recording.h"
#include "risk/account.h"
#include "risk/guard.h"
#include "risk/limits.h"
#include "risk/stops.h"
#include "venue/latency.h"
#include "venue/paper.h"

#define B3_SOURCES_MAX 256
#define B3_STRATEGIES_MAX 256
#define B3_OUT_CAP 64             /* events a stage may write in one call */
#define B3_LEVELS_MAX 12000       /* of one message: a snapshot of 5,000 levels a side, and room */
#define B3_KEPT_LEVELS 4096       /* of diffs kept back until a snapshot comes */
#define B3_WARM_UP_INPUTS 1000    /* the hot loop's own cost is counted after so many */
#define B3_CHECK_AHEAD (8u << 20) /* bytes of a recording that are verified and made resident at a time */

enum b3_stage {
    B3_STAGE_PARSE,
    B3_STAGE_BOOK,
    B3_STAGE_BARS,
    B3_STAGE_SIGNAL,
    B3_STAGE_VENUE,
    B3_STAGE_RISK,
    B3_STAGE_INPUT,    /* a whole input */
    B3_STAGE_DECISION, /* input in -> order request judged and on its way */
    B3_STAGE_WIRE,     /* exchange time -> receive time: two clocks, negative means skew */
    B3_STAGE_END,
};

/* A position being taken out, or orders being cleared away. */
typedef struct b3_exit {
    uint64_t order_id; /* of the one exit in flight; 0: none */
    int64_t retry_ns;  /* no further exit before this time */
    uint8_t exiting;   /* until nothing is left that could be traded */
    uint8_t sweeping;  /* until no order is open */
} b3_exit;

/* Everything of one instrument. */
typedef struct b3_market {
    b3_view view;
    b3_touch touch;
    b3_position position;
    b3_sequence *sequence;
    b3_book *book;
    b3_bars *bars;
    b3_quote depth;
    uint64_t levels;
    uint64_t trades;
    uint64_t book_tickers;
    uint64_t klines;
    b3_stop stop;
    b3_exit exit;
    int64_t message_ns;      /* receive time of the newest message */
    uint32_t first_strategy; /* index + 1 of the first that trades here; 0: none */
    uint32_t next_foreign;   /* index + 1 of the next market of first_foreign's kind; 0: none */
    uint32_t watched;        /* 1: the guard looks at each move of the touch */
} b3_market;

typedef struct b3_member {
    const b3_strategy *strategy; /* NULL: lives in the control plane */
    void *state;
    double *params;
    uint32_t kinds;
    uint32_t instrument;
    uint32_t next; /* index + 1 of the next one on the same instrument */
    uint32_t open_orders;
    uint64_t seen;        /* changes, when its open orders and its view's cash were last brought up to date */
    b3_position position; /* its own */
} b3_member;

/* A growing list of events for the control plane. It grows only when one input says more than it was sized for. */
typedef struct b3_outlet {
    b3_tap_slot *slots;
    uint32_t count;
    uint32_t capacity;
    uint64_t sequence;
} b3_outlet;

struct b3_engine {
    b3_engine_config config;
    b3_arena arena;
    b3_clock clock;
    b3_log log;
    b3_timers timers;

    /* market data */
    b3_json *json;
    void *events; /* the parser's output */
    size_t events_bytes;
    b3_instrument *instruments;
    b3_market *markets;
    uint32_t market_count;
    uint32_t first_foreign; /* index + 1 of the first market quoted in another currency than the reporting one; one a currency */
    int32_t started;
    int32_t source_symbol[B3_SOURCES_MAX]; /* instrument of messages that name none; -1 */

    /* trading */
    b3_member *members;
    uint32_t member_count;
    b3_risk *risk;
    b3_guard *guard;
    b3_orders *orders;
    b3_account *account;
    b3_paper *paper;
    b3_latency_state latency; /* of the one session with the venue */
    uint64_t next_order_id;
    uint64_t changes;  /* requests and answers that may have changed cash or open orders; from 1 */
    b3_slot *deferred; /* due now, but asked for while timers were firing: they wait for the next external input */
    uint32_t deferred_count;
    int32_t firing;

    /* output */
    b3_outlet tap;
    b3_outlet inbox;
    b3_totals totals;
    uint64_t notes; /* B3_SYSTEM events */
    uint64_t cancels;
    uint64_t exits; /* these two: sent by the guard */

    /* time */
    int64_t now_ns;
    uint64_t input_no;
    uint64_t equity_input_no; /* of the last equity event: one an input is enough */
    int64_t pace_recv_ns;
    uint64_t pace_ticks;
    uint32_t stop;        /* any thread sets it */
    uint32_t interrupt;   /* any thread sets it; the hot thread clears it when it returns for it */
    int32_t offset_known; /* totals.clock_offset_ns is one, 0 or not */

    /* measuring */
    b3_hist *stages;
    uint32_t until_sample;
    int32_t sampling;
    uint64_t mark_ticks;  /* end of the stage before */
    uint64_t input_ticks; /* start of this input */

    /* blocks outside the arena, known before start */
    b3_instrument_limits *limits;
    b3_currency *currencies;
    char *config_json;
};

/* pipeline.c. A fault ends the run; bad bytes are not a fault. */
int32_t b3_pipeline_frame(b3_engine *engine, const b3_record *record, const uint8_t *payload, b3_error *error);
int32_t b3_pipeline_events(b3_engine *engine, const b3_recording *recording, const b3_record *record, b3_error *error);
/* Fires every timer due at or before now. */
int32_t b3_pipeline_timers(b3_engine *engine, int64_t now_ns, b3_error *error);
/* Starts an external input at its time, timers first: gives it its number. */
int32_t b3_pipeline_begin(b3_engine *engine, int64_t recv_ns, b3_error *error);

/* trading.c */
/* Gives an event to every strategy of its instrument that wants it, and what they answer to risk. */
int32_t b3_trading_dispatch(b3_engine *engine, b3_market *market, const b3_header *event, b3_error *error);
/* A request: numbered, journalled, judged, and sent on its way if allowed. */
int32_t b3_trading_request(b3_engine *engine, b3_request *request, b3_error *error);
/* Shows the venue an event (an arrival, a trade, a quote) and works through what it answers. */
int32_t b3_trading_venue(b3_engine *engine, b3_market *market, const b3_header *event, b3_error *error);
/* Asks for event at due_ns; it waits for the next external input if it would otherwise be due in the round that is firing now. */
int32_t b3_trading_schedule(b3_engine *engine, int64_t due_ns, const b3_header *event, b3_error *error);
/* Brings the positions of a market, its own and its strategies', to the mark; says the account's, if it has traded there, and equity. */
int32_t b3_trading_marked(b3_engine *engine, b3_market *market, const b3_header *cause, b3_error *error);

/* guarding.c. Each is called for what is named; those with a flag only while it is set, so that an idle guard costs a branch. */
int32_t b3_guarding_touch(b3_engine *engine, b3_market *market, b3_error *error); /* market->watched */
int32_t b3_guarding_time(b3_engine *engine, b3_error *error);                     /* guard->timed */
int32_t b3_guarding_exchange_time(b3_engine *engine, int64_t ts_exchange_ns, b3_error *error);
/* Before a request is judged: the guard stands as things are now. */
int32_t b3_guarding_request(b3_engine *engine, b3_error *error);
/* Risk has decided on a request. */
int32_t b3_guarding_decision(b3_engine *engine, const b3_request *request, const b3_decision *decision, b3_error *error);
/* The venue has answered; before and after orders, account and risk took it in. */
int32_t b3_guarding_answer(b3_engine *engine, b3_market *market, const b3_update *update, b3_error *error);
int32_t b3_guarding_update(b3_engine *engine, b3_market *market, const b3_update *update, b3_error *error);
int32_t b3_guarding_command(b3_engine *engine, const b3_system *command, b3_error *error);

/* output.c: to the journal, and to the tap if its kind is asked for. The header's input number and time are filled in. */
int32_t b3_output(b3_engine *engine, b3_header *event, b3_error *error);
int32_t b3_output_market(b3_engine *engine, const b3_header *event, b3_error *error); /* tap only */
/* A copy for an external strategy, whose id its header then carries. */
int32_t b3_output_inbox(b3_engine *engine, const b3_header *event, uint16_t strategy, b3_error *error);
int32_t b3_outlet_put(b3_outlet *outlet, const b3_header *event);
int32_t b3_output_system(b3_engine *engine, b3_market *market, uint16_t code, int64_t a, int64_t b, b3_error *error);

/* Sampled stage times. */
static inline void b3_stage_end(b3_engine *engine, int stage) {
    if (__builtin_expect(engine->sampling != 0, 0)) {
        const uint64_t now = b3_clock_ticks(&engine->clock);
        b3_hist_record(&engine->stages[stage], b3_clock_elapsed_ns(&engine->clock, engine->mark_ticks, now));
        engine->mark_ticks = now;
    }
}

static inline int32_t b3_engine_fail(b3_error *error, int32_t status, const char *what, uint64_t position, int64_t value) {
    *error = (b3_error){.status = status, .position = position, .value = value, .what = what};
    return status;
}

#endif
