#include "venue/paper.h"

#include "venue/latency.h"
#include "venue/state.h"

static size_t rounded(size_t bytes) {
    return (bytes + 63) & ~(size_t)63;
}

/* Of those that fees can be counted in. */
static uint32_t currency_count(const b3_paper_config *config, const b3_instrument *instruments, uint32_t instrument_count) {
    uint32_t highest = config->fee_currency;
    for (uint32_t i = 0; i < instrument_count; i++)
        if (instruments[i].quote_currency > highest) highest = instruments[i].quote_currency;
    return highest + 1;
}

size_t b3_paper_size(const b3_paper_config *config, const b3_instrument *instruments, uint32_t instrument_count) {
    return rounded(sizeof(b3_paper)) + rounded(instrument_count * sizeof(b3_paper_market)) +
           2 * rounded(currency_count(config, instruments, instrument_count) * sizeof(int64_t)) + b3_lanes_size(config->order_capacity) +
           b3_map_size(config->order_capacity);
}

b3_paper *b3_paper_init(void *memory, const b3_paper_config *config, const b3_instrument *instruments, uint32_t instrument_count) {
    b3_latency_state latency;
    if (config->order_capacity == 0 || config->order_capacity > INT32_MAX) return NULL;
    if (config->queue_model < B3_QUEUE_NONE || config->queue_model > B3_QUEUE_PROPORTIONAL) return NULL;
    if (b3_fees_check(config) != B3_OK || b3_latency_init(&latency, config) != B3_OK) return NULL;
    const uint32_t currencies = currency_count(config, instruments, instrument_count);
    uint8_t *at = memory;
    b3_paper *paper = memory;
    paper->config = *config;
    paper->instruments = instruments;
    paper->instrument_count = instrument_count;
    at += rounded(sizeof(b3_paper));
    paper->markets = (b3_paper_market *)at;
    at += rounded(instrument_count * sizeof(b3_paper_market));
    paper->fees = (b3_fees){.config = &paper->config, .volumes = (int64_t *)at, .left_raw = INT64_MAX, .currency_count = currencies};
    at += rounded(currencies * sizeof(int64_t));
    paper->fees.rates = (int64_t *)at;
    at += rounded(currencies * sizeof(int64_t));
    b3_lanes_init(&paper->lanes, at, config->order_capacity);
    at += b3_lanes_size(config->order_capacity);
    paper->by_id = b3_map_init(at, config->order_capacity);
    for (uint32_t i = 0; i < instrument_count; i++)
        for (uint32_t side = 0; side < 2; side++) {
            b3_ladder_init(&paper->markets[i].resting[side], side);
            b3_ladder_init(&paper->markets[i].stops[side], side);
            paper->markets[i].shelves[side].side = side;
        }
    return paper;
}

static void start(b3_paper *paper, const b3_header *event, const b3_view *view) {
    paper->event_no++;
    switch (event->kind) {
    case B3_REQUEST: b3_paper_start_request(paper, (const b3_request *)(const void *)event, view); break;
    case B3_TRADE: b3_paper_start_trade(paper, (const b3_trade *)(const void *)event, view); break;
    case B3_QUOTE: b3_paper_start_quote(paper, event->instrument, view); break;
    default: break;
    }
}

int b3_paper_is_idle(const b3_paper *paper, uint32_t instrument) {
    const b3_paper_market *market = &paper->markets[instrument];
    uint32_t awake = 0;
    for (uint32_t side = 0; side < 2; side++)
        awake |= (market->resting[side].first ^ B3_LANE_NONE) | (market->stops[side].first ^ B3_LANE_NONE) | market->shelves[side].count;
    return awake == 0;
}

int32_t b3_paper_on_event(void *state, const b3_header *event, const b3_view *view, b3_slot *out, int32_t cap) {
    b3_paper *paper = state;
    if (cap < 1) return B3_ERR_ARGUMENT;
    if (event != NULL) {
        if (paper->task.stage != B3_STEP_IDLE) return B3_ERR_STATE;
        if (event->kind == B3_RATE) {
            b3_fees_on_rate(&paper->fees, (const b3_rate *)(const void *)event);
            return 0;
        }
        if (event->kind == B3_BALANCE) {
            b3_fees_on_balance(&paper->fees, (const b3_balance *)(const void *)event);
            return 0;
        }
        if (event->instrument >= paper->instrument_count) return B3_ERR_ARGUMENT;
        start(paper, event, view);
    }
    int32_t count = 0;
    while (paper->task.stage != B3_STEP_IDLE && count < cap) {
        b3_slot *to = out + count;
        switch (paper->task.stage) {
        case B3_STEP_CANCEL: count += b3_paper_step_cancel(paper, to); break;
        case B3_STEP_ARRIVE: count += b3_paper_step_arrive(paper, view, to); break;
        case B3_STEP_TAKE: count += b3_paper_step_take(paper, view, to); break;
        case B3_STEP_FILLS: count += b3_paper_step_fill(paper, to); break;
        case B3_STEP_SETTLE: count += b3_paper_step_settle(paper, view, to); break;
        case B3_STEP_SWEEP: count += b3_paper_step_sweep(paper, to); break;
        case B3_STEP_TRIGGER: count += b3_paper_step_trigger(paper, view, to); break;
        case B3_STEP_IDLE: break;
        }
    }
    return count;
}

int32_t b3_paper_read_ahead(const b3_paper *paper, uint64_t order_id, int64_t *ahead_raw) {
    uint64_t slot = 0;
    if (b3_map_get(paper->by_id, order_id, &slot) != B3_OK || b3_waits_for_trigger(&paper->lanes.orders[slot])) return B3_EMPTY;
    const b3_paper_order *order = &paper->lanes.orders[slot];
    const b3_queue *queue = &paper->lanes.lanes[order->lane].queue;
    *ahead_raw = order->ahead_raw;
    for (uint32_t i = 0; i < queue->count; i++)
        if (order->arrived_no < queue->reductions[i].seen_no) *ahead_raw = b3_queue_after_cancel(*ahead_raw, &queue->reductions[i]);
    return B3_OK;
}
