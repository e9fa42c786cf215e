/* The inside of the pre-trade checks: what limits.c (judges exactly, names the rule), quick.c (bounds) and passes.h (says yes fast) share.
 */
#ifndef B3_RISK_INSIDE_H
#define B3_RISK_INSIDE_H

#include "risk/limits.h"
#include "risk/quick.h"
#include "risk/reservations.h"
#include "risk/worst_case.h"

#define B3_NS_PER_SECOND 1000000000

struct b3_risk {
    b3_worst_case worst;
    b3_reservations held;
    b3_bounds *bounds; /* by instrument */
    b3_most most;
    b3_limits limits;
    const b3_instrument *instruments;
    const b3_standing *standing;
    b3_account *account;
    uint64_t last_id;
    uint64_t bucket; /* 10^-9 orders: what it holds when full */
    uint64_t spent;
    int64_t spent_ns;
    int64_t fee_rate_raw;
    uint32_t instrument_count;
    uint32_t currency_count;
    uint32_t reporting_currency;
    uint32_t order_capacity;
};

/* One request being judged: found out once, used by several checks and by the charge. */
typedef struct b3_case {
    const b3_request *request;
    const b3_view *view;
    const b3_instrument *instrument;
    b3_desk *desk;
    b3_purse *purse;      /* what the order locks is there */
    int64_t mid_raw;      /* 0: unknown */
    int64_t price_raw;    /* what the order is valued at; 0: unknown */
    int64_t reach_raw;    /* the worst price it can trade at */
    int64_t notional_raw; /* at price_raw, rounded up */
    int64_t lock_raw;
    int64_t limit_raw;
    int64_t value_raw;
} b3_case;

/* Both sides of the touch are there. */
static inline int64_t b3_risk_mid(const b3_touch *touch) {
    return touch->bid_price_raw + (touch->ask_price_raw - touch->bid_price_raw) / 2;
}

/* The bucket holds as many orders as pass in a second; spent: 10^-9 orders, what is missing in it. A clock that steps back gives none. */
static inline void b3_risk_refill(b3_risk *risk, int64_t now_ns) {
    if (now_ns <= risk->spent_ns) return;
    const uint64_t elapsed_ns = (uint64_t)now_ns - (uint64_t)risk->spent_ns;
    const uint64_t refill = elapsed_ns * risk->limits.orders_per_second;
    risk->spent_ns = now_ns;
    risk->spent = elapsed_ns >= B3_NS_PER_SECOND || refill >= risk->spent ? 0 : risk->spent - refill;
}

static inline int b3_risk_has_token(const b3_risk *risk) {
    return risk->spent + B3_NS_PER_SECOND <= risk->bucket;
}

#endif
