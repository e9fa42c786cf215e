#include "exec/orders.h"

#include "base/map.h"

struct b3_orders {
    b3_order *slots;
    b3_map *by_id;
    uint32_t *open; /* [instrument][strategy]; in column 0 the sum over strategies */
    uint64_t last_id;
    b3_orders_stats stats;
    uint32_t capacity;
    uint32_t instrument_count;
    uint32_t columns;   /* strategy_count + 2: the sum, no strategy, 1..strategy_count */
    uint32_t free_head; /* capacity: none */
};

static size_t rounded(size_t bytes) {
    return (bytes + 63) & ~(size_t)63;
}

size_t b3_orders_size(uint32_t capacity, uint32_t instrument_count, uint32_t strategy_count) {
    return rounded(sizeof(b3_orders)) + rounded(capacity * sizeof(b3_order)) +
           rounded((size_t)instrument_count * ((size_t)strategy_count + 2) * sizeof(uint32_t)) + b3_map_size(capacity);
}

b3_orders *b3_orders_init(void *memory, uint32_t capacity, uint32_t instrument_count, uint32_t strategy_count) {
    uint8_t *at = memory;
    b3_orders *orders = memory;
    orders->capacity = capacity;
    orders->instrument_count = instrument_count;
    orders->columns = strategy_count + 2;
    at += rounded(sizeof(b3_orders));
    orders->slots = (b3_order *)at;
    at += rounded(capacity * sizeof(b3_order));
    orders->open = (uint32_t *)at;
    at += rounded((size_t)instrument_count * orders->columns * sizeof(uint32_t));
    orders->by_id = b3_map_init(at, capacity);
    for (uint32_t i = 0; i < capacity; i++) orders->slots[i].next_free = i + 1;
    return orders;
}

static b3_order *find(const b3_orders *orders, uint64_t order_id) {
    uint64_t index = 0;
    return b3_map_get(orders->by_id, order_id, &index) == B3_OK ? &orders->slots[index] : NULL;
}

static void count(b3_orders *orders, const b3_header *hdr, int32_t step) {
    uint32_t *row = &orders->open[(size_t)hdr->instrument * orders->columns];
    row[0] += (uint32_t)step;
    row[hdr->strategy + 1] += (uint32_t)step;
    orders->stats.open += (uint64_t)(int64_t)step;
}

static int32_t add(b3_orders *orders, const b3_request *request) {
    const uint32_t index = orders->free_head;
    b3_order *order = &orders->slots[index];
    const int32_t rc = b3_map_put(orders->by_id, request->order_id, index);
    if (rc != B3_OK) return rc;
    orders->free_head = order->next_free;
    *order = (b3_order){.request = *request, .state = B3_PENDING_NEW};
    orders->last_id = request->order_id;
    count(orders, &request->hdr, 1);
    orders->stats.sent++;
    return B3_OK;
}

static void done(b3_orders *orders, b3_order *order) {
    (void)b3_map_remove(orders->by_id, order->request.order_id); /* the caller found it there */
    count(orders, &order->request.hdr, -1);
    order->next_free = orders->free_head;
    orders->free_head = (uint32_t)(order - orders->slots);
}

int32_t b3_orders_on_request(b3_orders *orders, const b3_request *request) {
    const int adds = request->action == B3_NEW || request->action == B3_REPLACE;
    const int cancels = request->action == B3_CANCEL || request->action == B3_REPLACE;
    b3_order *original = NULL;
    if (!adds && !cancels) return B3_ERR_ARGUMENT;
    if (request->hdr.instrument >= orders->instrument_count || request->hdr.strategy + 1u >= orders->columns) return B3_ERR_ARGUMENT;
    if (adds && request->order_id <= orders->last_id) return B3_ERR_STATE;
    if (cancels) {
        original = find(orders, request->orig_order_id);
        if (original == NULL || original->request.hdr.instrument != request->hdr.instrument) return B3_ERR_STATE;
    }
    if (adds) {
        if (orders->free_head == orders->capacity) return B3_FULL;
        const int32_t rc = add(orders, request);
        if (rc != B3_OK) return rc;
    }
    if (cancels) {
        original->state = B3_PENDING_CANCEL;
        orders->stats.cancels_sent++;
    }
    return B3_OK;
}

/* The state of an order that nothing is asked of. */
static uint8_t resting_state(const b3_order *order) {
    if (order->cum_qty_raw > 0) return B3_PARTIALLY_FILLED;
    return order->acked ? B3_WORKING : B3_PENDING_NEW;
}

static int32_t on_cancel_reject(b3_order *order) {
    if (order == NULL) return B3_EMPTY;
    order->state = resting_state(order); /* also of a second cancel that was refused */
    return B3_OK;
}

static int is_stop(const b3_order *order) {
    return order->request.order_type == B3_STOP || order->request.order_type == B3_STOP_LIMIT;
}

static int32_t on_trigger(b3_order *order, const b3_update *update) {
    if (!is_stop(order) || order->triggered || !order->acked || update->state != B3_WORKING) return B3_ERR_STATE;
    order->triggered = 1;
    if (order->state != B3_PENDING_CANCEL) order->state = B3_WORKING;
    return B3_OK;
}

static int32_t on_fill(b3_orders *orders, b3_order *order, const b3_update *update) {
    int64_t cum = 0;
    if (is_stop(order) && !order->triggered) return B3_ERR_STATE;
    if (__builtin_add_overflow(order->cum_qty_raw, update->last_qty_raw, &cum)) return B3_ERR_STATE;
    if (update->cum_qty_raw != cum || cum > order->request.qty_raw) return B3_ERR_STATE;
    if ((update->state == B3_FILLED) != (cum == order->request.qty_raw)) return B3_ERR_STATE;
    order->cum_qty_raw = cum;
    orders->stats.fills++;
    if (update->state == B3_FILLED) {
        order->state = B3_FILLED;
        orders->stats.filled++;
        done(orders, order);
    } else if (order->state != B3_PENDING_CANCEL) {
        order->state = B3_PARTIALLY_FILLED;
    }
    return B3_OK;
}

static int32_t on_end(b3_orders *orders, b3_order *order, const b3_update *update) {
    if (update->state == B3_REJECTED && (order->acked || order->cum_qty_raw != 0)) return B3_ERR_STATE;
    if (update->state == B3_CANCELED) orders->stats.canceled++;
    else if (update->state == B3_EXPIRED) orders->stats.expired++;
    else orders->stats.rejected++;
    order->state = update->state;
    done(orders, order);
    return B3_OK;
}

static int32_t on_ack(b3_order *order) {
    if (order->acked) return B3_ERR_STATE;
    order->acked = 1;
    if (order->state != B3_PENDING_CANCEL) order->state = resting_state(order);
    return B3_OK;
}

int32_t b3_orders_on_update(b3_orders *orders, const b3_update *update) {
    b3_order *order = find(orders, update->order_id);
    if (update->hdr.flags & B3_FLAG_CANCEL_REJECT) return on_cancel_reject(order);
    if (order == NULL) return B3_ERR_STATE;
    const b3_request *request = &order->request;
    if (update->hdr.instrument != request->hdr.instrument || update->side != request->side || update->qty_raw != request->qty_raw)
        return B3_ERR_STATE;
    const int fills = update->state == B3_PARTIALLY_FILLED || update->state == B3_FILLED;
    if (fills ? update->last_qty_raw <= 0 : update->last_qty_raw != 0 || update->cum_qty_raw != order->cum_qty_raw) return B3_ERR_STATE;
    if (update->hdr.flags & B3_FLAG_TRIGGERED) return on_trigger(order, update);
    int32_t rc = B3_OK;
    switch (update->state) {
    case B3_PARTIALLY_FILLED:
    case B3_FILLED: rc = on_fill(orders, order, update); break;
    case B3_CANCELED:
    case B3_EXPIRED:
    case B3_REJECTED: rc = on_end(orders, order, update); break;
    case B3_WORKING: rc = on_ack(order); break;
    case B3_UNKNOWN: order->state = B3_UNKNOWN; break;
    default: rc = B3_ERR_STATE; break;
    }
    if (rc == B3_OK && update->venue_order_id != 0) order->venue_order_id = update->venue_order_id;
    return rc;
}

const b3_order *b3_orders_find(const b3_orders *orders, uint64_t order_id) {
    return find(orders, order_id);
}

/* A slot never used is all zero, one given back keeps the state that its order ended in. */
static int is_open(uint8_t state) {
    return state != 0 && state != B3_FILLED && state != B3_CANCELED && state != B3_REJECTED && state != B3_EXPIRED;
}

const b3_order *b3_orders_next(const b3_orders *orders, uint32_t instrument, uint32_t *at) {
    while (*at < orders->capacity) {
        const b3_order *order = &orders->slots[(*at)++];
        if (is_open(order->state) && order->request.hdr.instrument == instrument) return order;
    }
    return NULL;
}

uint32_t b3_orders_open(const b3_orders *orders, uint32_t instrument, uint16_t strategy) {
    if (instrument >= orders->instrument_count || strategy + 1u >= orders->columns) return 0;
    return orders->open[(size_t)instrument * orders->columns + (strategy == 0 ? 0 : strategy + 1u)];
}

void b3_orders_read_stats(const b3_orders *orders, b3_orders_stats *out) {
    *out = orders->stats;
}
