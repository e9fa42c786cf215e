/* Order state machine: every order from intent to its end, by our order id. Fixed capacity; a done order's slot is used again. Every call
 * is O(1), whatever number of orders went before.
 *
 *   PENDING_NEW -> WORKING -> PARTIALLY_FILLED* -> FILLED          any open state -> CANCELED | EXPIRED
 *        \-> REJECTED          (fills may come before the ack)     PENDING_CANCEL -> CANCELED, or back when the cancel is refused
 *   UNKNOWN (the venue has not told) from any open state; whatever it tells next is believed.
 * A stop that is triggered (B3_FLAG_TRIGGERED) is WORKING before and after; it happens once, after the ack and before any fill.
 * While a cancel is out, acks, triggers and fills are taken in and the state stays PENDING_CANCEL. An update that the state does not allow
 * is a fault and changes nothing: a fill on a done order, a cumulative quantity that is not the old one plus the fill (so the same fill
 * twice), more than the order's quantity, another instrument, side or quantity than the order's, a second ack, a reject after the ack, a
 * trigger of what is no stop, or a fill of a stop that was not triggered.
 */
#ifndef B3_EXEC_ORDERS_H
#define B3_EXEC_ORDERS_H

#include "bot3.h"

typedef struct b3_orders b3_orders;

/* An open order as it stands. */
typedef struct b3_order {
    b3_request request; /* as sent */
    uint8_t state;      /* b3_order_state */
    uint8_t acked;      /* 1: the venue has taken it */
    uint8_t triggered;  /* 1: a stop no longer */
    uint8_t reserved;
    uint32_t next_free; /* of the store */
    uint64_t venue_order_id;
    int64_t cum_qty_raw;
} b3_order;

typedef struct b3_orders_stats {
    uint64_t open;
    uint64_t sent;
    uint64_t filled; /* wholly */
    uint64_t canceled;
    uint64_t rejected; /* by the venue */
    uint64_t expired;
    uint64_t fills;        /* single executions */
    uint64_t cancels_sent; /* replaces included */
} b3_orders_stats;

/* capacity: open at once. strategy_count: strategy ids 0..strategy_count are counted (0: none). memory: zeroed, aligned to 64. */
size_t b3_orders_size(uint32_t capacity, uint32_t instrument_count, uint32_t strategy_count);
b3_orders *b3_orders_init(void *memory, uint32_t capacity, uint32_t instrument_count, uint32_t strategy_count);

/* Registers an allowed request before it is sent. B3_FULL. B3_ERR_STATE: the id of a NEW or REPLACE is not above every one before (ids
 * grow), or the order that a CANCEL or REPLACE means is not open in that instrument. B3_ERR_ARGUMENT: instrument, strategy or action out
 * of range. Nothing changed then. */
int32_t b3_orders_on_request(b3_orders *orders, const b3_request *request);
/* Applies what the venue said. B3_OK; B3_EMPTY: a refused cancel of an order that is done; B3_ERR_STATE (see above): nothing changed. */
int32_t b3_orders_on_update(b3_orders *orders, const b3_update *update);
/* NULL: not open. Valid until the next call that changes it. */
const b3_order *b3_orders_find(const b3_orders *orders, uint64_t order_id);
/* The open orders of an instrument one by one, in an order that depends on the history alone: start with *at = 0. NULL: no more. The store
 * may be changed in between but for the orders not yet seen. O(capacity) for all of them together. */
const b3_order *b3_orders_next(const b3_orders *orders, uint32_t instrument, uint32_t *at);
/* Open orders of an instrument and strategy (0: any). */
uint32_t b3_orders_open(const b3_orders *orders, uint32_t instrument, uint16_t strategy);
void b3_orders_read_stats(const b3_orders *orders, b3_orders_stats *out);

#endif
