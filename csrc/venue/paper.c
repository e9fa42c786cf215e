#include "venue/paper.h"

#include "base/map.h"
#include "base/money.h"
#include "venue/displayed.h"

#include <string.h>

#define NONE UINT32_MAX

/* An order of ours at the venue; resting ones are linked best price first, then first come first. */
typedef struct b3_paper_order {
    uint64_t order_id;
    uint64_t venue_order_id;
    int64_t price_raw; /* 0: market */
    int64_t qty_raw;
    int64_t cum_qty_raw;
    uint32_t instrument;
    uint32_t next; /* in its list, or among the free slots */
    uint32_t prev;
    uint16_t strategy;
    uint16_t account;
    uint16_t venue;
    uint8_t side;
    uint8_t order_type;
    uint8_t tif;
    uint8_t reserved[7];
} b3_paper_order;

/* One instrument here. Index 0: bids, 1: asks; of our resting orders, and of what the market displays. */
typedef struct b3_lane {
    uint32_t head[2];
    b3_shelf shelves[2];
} b3_lane;

enum stage { IDLE, CANCEL_LEG, ARRIVE, FILLS, SETTLE, SWEEP };

/* What is left to be told of the event at hand, so that a full out is no loss. */
typedef struct b3_task {
    enum stage stage;
    uint8_t refusal; /* b3_rule: known before the order arrives */
    uint8_t action;
    uint16_t reserved;
    uint64_t orig_order_id;
    b3_paper_order order; /* arriving */
    uint32_t walked_at;
    b3_walk walk;
    uint32_t lane;    /* SWEEP: instrument */
    uint32_t side;    /* SWEEP: index of our side, 2: done */
    int64_t bound[2]; /* our bids at or above it are reached, our asks at or below it */
    int64_t budget[2];
    b3_touch touch; /* that sweeps; its prices are 0 when a trade does */
} b3_task;

struct b3_paper {
    b3_paper_config config;
    const b3_instrument *instruments;
    b3_lane *lanes;
    b3_paper_order *slots;
    b3_map *by_id;
    uint64_t venue_order_id; /* the last one given */
    uint64_t exec_id;
    uint32_t instrument_count;
    uint32_t free_head;
    b3_task task;
};

static size_t rounded(size_t bytes) {
    return (bytes + 63) & ~(size_t)63;
}

size_t b3_paper_size(const b3_paper_config *config, uint32_t instrument_count) {
    return rounded(sizeof(b3_paper)) + rounded(instrument_count * sizeof(b3_lane)) +
           rounded(config->order_capacity * sizeof(b3_paper_order)) + b3_map_size(config->order_capacity);
}

b3_paper *b3_paper_init(void *memory, const b3_paper_config *config, const b3_instrument *instruments, uint32_t instrument_count) {
    const int64_t whole = b3_pow10[B3_MONEY_SCALE];
    if (config->order_capacity == 0 || config->fee_tier_count == 0 || config->fee_tier_count > B3_FEE_TIERS) return NULL;
    for (uint32_t i = 0; i < config->fee_tier_count; i++) {
        const b3_fee_tier *tier = &config->fees[i];
        if (tier->maker_fee_rate_raw > whole || tier->maker_fee_rate_raw < -whole || tier->taker_fee_rate_raw > whole ||
            tier->taker_fee_rate_raw < -whole)
            return NULL;
    }
    uint8_t *at = memory;
    b3_paper *paper = memory;
    paper->config = *config;
    paper->instruments = instruments;
    paper->instrument_count = instrument_count;
    at += rounded(sizeof(b3_paper));
    paper->lanes = (b3_lane *)at;
    at += rounded(instrument_count * sizeof(b3_lane));
    paper->slots = (b3_paper_order *)at;
    at += rounded(config->order_capacity * sizeof(b3_paper_order));
    paper->by_id = b3_map_init(at, config->order_capacity);
    for (uint32_t i = 0; i < instrument_count; i++) {
        paper->lanes[i].head[0] = paper->lanes[i].head[1] = NONE;
        paper->lanes[i].shelves[1].side = 1;
    }
    for (uint32_t i = 0; i < config->order_capacity; i++) paper->slots[i].next = i + 1 < config->order_capacity ? i + 1 : NONE;
    return paper;
}

/* ---------------------------------------------------------------- answers */

static b3_update answer(const b3_paper_order *order, uint8_t state, uint16_t rule) {
    return (b3_update){
        .hdr = {.kind = B3_UPDATE,
                .version = 1,
                .venue = order->venue,
                .account = order->account,
                .instrument = order->instrument,
                .strategy = order->strategy},
        .state = state,
        .side = order->side,
        .order_type = order->order_type,
        .rule = rule,
        .order_id = order->order_id,
        .venue_order_id = order->venue_order_id,
        .price_raw = order->price_raw,
        .qty_raw = order->qty_raw,
        .cum_qty_raw = order->cum_qty_raw,
    };
}

static void write(b3_slot *out, const b3_update *update) {
    memcpy(out, update, sizeof(*update));
}

static void tell(b3_slot *out, const b3_paper_order *order, uint8_t state, uint16_t rule) {
    const b3_update update = answer(order, state, rule);
    write(out, &update);
}

/* Fills the order, or expires it when the money does not fit; returns 1 when the order is done. */
static int fill(b3_paper *paper, b3_slot *out, b3_paper_order *order, int64_t price, int64_t qty, uint8_t liquidity) {
    const b3_instrument *instrument = &paper->instruments[order->instrument];
    const int64_t rate = liquidity == B3_MAKER ? paper->config.fees[0].maker_fee_rate_raw : paper->config.fees[0].taker_fee_rate_raw;
    int64_t notional = 0;
    int64_t fee = 0;
    if (b3_notional(instrument, price, qty, &notional) != B3_OK || b3_mul_div(notional, rate, b3_pow10[B3_MONEY_SCALE], &fee) != B3_OK) {
        tell(out, order, B3_EXPIRED, B3_RULE_OVERFLOW);
        return 1;
    }
    order->cum_qty_raw += qty;
    const int whole = order->cum_qty_raw == order->qty_raw;
    b3_update update = answer(order, whole ? B3_FILLED : B3_PARTIALLY_FILLED, B3_RULE_NONE);
    update.liquidity = liquidity;
    update.exec_id = ++paper->exec_id;
    update.last_price_raw = price;
    update.last_qty_raw = qty;
    update.fee_raw = fee;
    update.fee_currency = instrument->quote_currency;
    write(out, &update);
    return whole;
}

/* ---------------------------------------------------------------- resting orders */

static void rest(b3_paper *paper, const b3_paper_order *order) {
    const uint32_t index = paper->free_head;
    const uint32_t side = b3_side_index(order->side);
    b3_paper_order *slot = &paper->slots[index];
    uint32_t *head = &paper->lanes[order->instrument].head[side];
    uint32_t before = NONE;
    uint32_t after = *head;
    while (after != NONE && b3_price_rank(side, paper->slots[after].price_raw) <= b3_price_rank(side, order->price_raw)) {
        before = after;
        after = paper->slots[after].next;
    }
    paper->free_head = slot->next;
    *slot = *order;
    slot->prev = before;
    slot->next = after;
    if (before == NONE) *head = index;
    else paper->slots[before].next = index;
    if (after != NONE) paper->slots[after].prev = index;
    (void)b3_map_put(paper->by_id, order->order_id, index); /* as many entries as slots: it cannot be full */
}

static void take_out(b3_paper *paper, b3_paper_order *order) {
    const uint32_t index = (uint32_t)(order - paper->slots);
    uint32_t *head = &paper->lanes[order->instrument].head[b3_side_index(order->side)];
    (void)b3_map_remove(paper->by_id, order->order_id); /* every resting order is there */
    if (order->prev == NONE) *head = order->next;
    else paper->slots[order->prev].next = order->next;
    if (order->next != NONE) paper->slots[order->next].prev = order->prev;
    order->next = paper->free_head;
    paper->free_head = index;
}

static b3_paper_order *resting(b3_paper *paper, uint64_t order_id, uint32_t instrument) {
    uint64_t index = 0;
    if (b3_map_get(paper->by_id, order_id, &index) != B3_OK || paper->slots[index].instrument != instrument) return NULL;
    return &paper->slots[index];
}

/* ---------------------------------------------------------------- an arriving request, one answer a step */

static uint16_t refusal_of(const b3_paper *paper, const b3_task *task) {
    const b3_paper_order *order = &task->order;
    const int market = order->order_type == B3_MARKET;
    uint64_t index = 0;
    if (task->refusal != B3_RULE_NONE) return task->refusal;
    if (order->order_id == 0 || order->qty_raw <= 0 || (order->side != B3_BUY && order->side != B3_SELL)) return B3_RULE_MALFORMED;
    if ((!market && order->order_type != B3_LIMIT) || order->tif < B3_GTC || order->tif > B3_POST_ONLY) return B3_RULE_MALFORMED;
    if (market ? order->tif == B3_POST_ONLY : order->price_raw <= 0) return B3_RULE_MALFORMED;
    if (b3_map_get(paper->by_id, order->order_id, &index) == B3_OK) return B3_RULE_DUPLICATE_ID;
    return paper->instruments[order->instrument].trading ? B3_RULE_NONE : B3_RULE_NOT_TRADING;
}

static int step_cancel(b3_paper *paper, b3_slot *out) {
    b3_task *task = &paper->task;
    b3_paper_order *original = resting(paper, task->orig_order_id, task->order.instrument);
    if (original != NULL) {
        tell(out, original, B3_CANCELED, B3_RULE_NONE);
        take_out(paper, original);
    } else {
        b3_paper_order unknown = task->order; /* of the order that was meant only the id is known */
        unknown.order_id = task->orig_order_id;
        unknown.venue_order_id = 0;
        b3_update update = answer(&unknown, B3_UNKNOWN, B3_RULE_UNKNOWN_ORDER);
        update.hdr.flags = B3_FLAG_CANCEL_REJECT;
        write(out, &update);
        task->refusal = B3_RULE_UNKNOWN_ORDER;
    }
    task->stage = task->action == B3_REPLACE ? ARRIVE : IDLE;
    return 1;
}

static int step_arrive(b3_paper *paper, const b3_view *view, b3_slot *out) {
    b3_task *task = &paper->task;
    b3_paper_order *order = &task->order;
    task->stage = IDLE;
    uint16_t rule = refusal_of(paper, task);
    if (rule != B3_RULE_NONE) {
        tell(out, order, B3_REJECTED, rule);
        return 1;
    }
    const uint32_t opposite = 1 - b3_side_index(order->side);
    const b3_touch *touch = view->touch;
    const int64_t best = b3_touch_price(touch, opposite);
    const int reached = b3_touch_qty(touch, opposite) > 0 &&
                        (order->price_raw == 0 || b3_price_rank(opposite, best) <= b3_price_rank(opposite, order->price_raw));
    b3_shelf *shelf = &paper->lanes[order->instrument].shelves[opposite];
    b3_shelf_look(shelf, touch);
    task->walk.count = 0;
    int64_t missing = order->qty_raw;
    if (order->tif == B3_POST_ONLY) rule = reached ? B3_RULE_POST_ONLY : B3_RULE_NONE;
    else if (reached) missing = b3_shelf_walk(shelf, view, order->price_raw, order->qty_raw, &task->walk);
    const int rests = order->order_type == B3_LIMIT && (order->tif == B3_GTC || order->tif == B3_POST_ONLY);
    if (rule == B3_RULE_NONE && rests && missing > 0 && paper->free_head == NONE) rule = B3_RULE_OPEN_ORDERS;
    if (rule != B3_RULE_NONE) {
        tell(out, order, B3_REJECTED, rule);
        return 1;
    }
    order->venue_order_id = ++paper->venue_order_id;
    if (order->tif == B3_FOK && missing > 0) {
        tell(out, order, B3_EXPIRED, B3_RULE_FOK);
        return 1;
    }
    b3_shelf_keep(shelf, &task->walk);
    tell(out, order, B3_WORKING, B3_RULE_NONE);
    task->stage = FILLS;
    return 1;
}

static int step_fill(b3_paper *paper, b3_slot *out) {
    b3_task *task = &paper->task;
    while (task->walked_at < task->walk.count && task->walk.levels[task->walked_at].take_raw == 0) task->walked_at++;
    if (task->walked_at == task->walk.count) {
        task->stage = SETTLE;
        return 0;
    }
    const b3_walked *walked = &task->walk.levels[task->walked_at++];
    if (fill(paper, out, &task->order, walked->before.price_raw, walked->take_raw, B3_TAKER)) task->stage = IDLE;
    return 1;
}

/* What was not filled rests or expires. */
static int step_settle(b3_paper *paper, b3_slot *out) {
    const b3_paper_order *order = &paper->task.order;
    paper->task.stage = IDLE;
    if (order->order_type == B3_LIMIT && (order->tif == B3_GTC || order->tif == B3_POST_ONLY)) {
        rest(paper, order);
        return 0;
    }
    tell(out, order, B3_EXPIRED, order->order_type == B3_MARKET || order->cum_qty_raw == 0 ? B3_RULE_NO_LIQUIDITY : B3_RULE_NONE);
    return 1;
}

/* ---------------------------------------------------------------- the market against our resting orders */

static int step_sweep(b3_paper *paper, b3_slot *out) {
    b3_task *task = &paper->task;
    b3_lane *lane = &paper->lanes[task->lane];
    for (; task->side < 2; task->side++) {
        const uint32_t side = task->side;
        const uint32_t index = lane->head[side];
        if (index == NONE || task->budget[side] <= 0) continue;
        b3_paper_order *order = &paper->slots[index];
        if (b3_price_rank(side, order->price_raw) > b3_price_rank(side, task->bound[side])) continue;
        const int64_t open = order->qty_raw - order->cum_qty_raw;
        const int64_t qty = open < task->budget[side] ? open : task->budget[side];
        task->budget[side] -= qty;
        if (task->touch.bid_price_raw != 0 || task->touch.ask_price_raw != 0) b3_shelf_take(&lane->shelves[1 - side], &task->touch, qty);
        else task->budget[1 - side] = task->budget[side]; /* one print, whichever side it meets */
        if (fill(paper, out, order, order->price_raw, qty, B3_MAKER)) take_out(paper, order);
        return 1;
    }
    task->stage = IDLE;
    return 0;
}

static void start_trade(b3_paper *paper, const b3_trade *trade) {
    b3_task *task = &paper->task;
    const b3_lane *lane = &paper->lanes[trade->hdr.instrument];
    if (lane->head[0] == NONE && lane->head[1] == NONE) return;
    if (trade->price_raw <= 0 || trade->qty_raw <= 0) return;
    task->stage = SWEEP;
    task->lane = trade->hdr.instrument;
    task->side = 0;
    task->bound[0] = trade->price_raw + (trade->price_raw < INT64_MAX);
    task->bound[1] = trade->price_raw - 1;
    task->budget[0] = task->budget[1] = trade->qty_raw;
    task->touch = (b3_touch){0};
}

static void start_quote(b3_paper *paper, uint32_t instrument, const b3_touch *touch) {
    b3_task *task = &paper->task;
    b3_lane *lane = &paper->lanes[instrument];
    for (uint32_t side = 0; side < 2; side++)
        if (lane->shelves[side].count > 0) b3_shelf_look(&lane->shelves[side], touch);
    if (lane->head[0] == NONE && lane->head[1] == NONE) return;
    task->stage = SWEEP;
    task->lane = instrument;
    task->side = 0;
    task->touch = *touch;
    for (uint32_t side = 0; side < 2; side++) {
        const uint32_t opposite = 1 - side;
        task->bound[side] = b3_touch_price(touch, opposite);
        task->budget[side] = b3_shelf_left(&lane->shelves[opposite], touch);
    }
}

static void start_request(b3_paper *paper, const b3_request *request) {
    b3_task *task = &paper->task;
    task->refusal =
        request->action >= B3_NEW && request->action <= B3_REPLACE && request->stop_price_raw == 0 ? B3_RULE_NONE : B3_RULE_MALFORMED;
    task->action = request->action;
    task->stage = request->action == B3_CANCEL || request->action == B3_REPLACE ? CANCEL_LEG : ARRIVE;
    task->orig_order_id = request->orig_order_id;
    task->walked_at = 0;
    task->order = (b3_paper_order){
        .order_id = request->order_id,
        .price_raw = request->order_type == B3_MARKET ? 0 : request->price_raw,
        .qty_raw = request->qty_raw,
        .instrument = request->hdr.instrument,
        .strategy = request->hdr.strategy,
        .account = request->hdr.account,
        .venue = request->hdr.venue,
        .side = request->side,
        .order_type = request->order_type,
        .tif = request->tif,
    };
}

int32_t b3_paper_on_event(void *state, const b3_header *event, const b3_view *view, b3_slot *out, int32_t cap) {
    b3_paper *paper = state;
    if (cap < 1) return B3_ERR_ARGUMENT;
    if (event != NULL) {
        if (paper->task.stage != IDLE) return B3_ERR_STATE;
        if (event->instrument >= paper->instrument_count) return B3_ERR_ARGUMENT;
        if (event->kind == B3_REQUEST) start_request(paper, (const b3_request *)(const void *)event);
        else if (event->kind == B3_TRADE) start_trade(paper, (const b3_trade *)(const void *)event);
        else if (event->kind == B3_QUOTE) start_quote(paper, event->instrument, view->touch);
    }
    int32_t count = 0;
    while (paper->task.stage != IDLE && count < cap) {
        b3_slot *to = out + count;
        switch (paper->task.stage) {
        case CANCEL_LEG: count += step_cancel(paper, to); break;
        case ARRIVE: count += step_arrive(paper, view, to); break;
        case FILLS: count += step_fill(paper, to); break;
        case SETTLE: count += step_settle(paper, to); break;
        case SWEEP: count += step_sweep(paper, to); break;
        case IDLE: break;
        }
    }
    return count;
}
