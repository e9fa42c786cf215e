/* Order state machine: every order from intent to its end, by our order id. Fixed capacity; a done order's slot is used again.
 *
 *   PENDING_NEW -> WORKING -> PARTIALLY_FILLED* -> FILLED          any open state -> CANCELED | EXPIRED
 *        \-> REJECTED          (fills may come before the ack)     PENDING_CANCEL -> CANCELED, or back when the cancel is refused
 * An update that the state does not allow (fill on a done order, quantity above the order's) is a fault and changes nothing.
 */
#ifndef B3_EXEC_ORDERS_H
#define B3_EXEC_ORDERS_H

#include "bot3.h"

typedef struct b3_orders b3_orders;

/* An open order as it stands. */
typedef struct b3_order {
    b3_request request; /* as sent */
    uint8_t state;      /* b3_order_state */
    uint8_t reserved[7];
    uint64_t venue_order_id;
    int64_t cum_qty_raw;
} b3_order;

typedef struct b3_orders_stats {
    uint64_t open;
    uint64_t sent;
    uint64_t filled;   /* wholly */
    uint64_t canceled;
    uint64_t rejected; /* by the venue */
    uint64_t expired;
    uint64_t fills;    /* single executions */
    uint64_t cancels_sent;
} b3_orders_stats;

size_t b3_orders_size(uint32_t capacity);
b3_orders *b3_orders_init(void *memory, uint32_t capacity);

/* Registers an allowed request before it is sent. B3_FULL; B3_ERR_STATE: id known already, or CANCEL of an order not open. */
int32_t b3_orders_on_request(b3_orders *orders, const b3_request *request);
/* Applies what the venue said. B3_OK, or B3_ERR_STATE (see above): nothing changed. */
int32_t b3_orders_on_update(b3_orders *orders, const b3_update *update);
/* NULL: not open. Valid until the next call that changes it. */
const b3_order *b3_orders_find(const b3_orders *orders, uint64_t order_id);
/* Open orders of an instrument and strategy (0: any). */
uint32_t b3_orders_open(const b3_orders *orders, uint32_t instrument, uint16_t strategy);
void b3_orders_read_stats(const b3_orders *orders, b3_orders_stats *out);

#endif
