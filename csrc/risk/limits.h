/* Pre-trade checks: a request and what is known -> a decision. Fails closed: what cannot be judged is refused.
 *
 * Order of the checks; the first that refuses is the answer, and a refusal charges nothing:
 *   MALFORMED      a field outside its enum, quantity or limit price <= 0, order id 0, a stop price (not supported yet), MARKET with
 *                  POST_ONLY, an instrument that is not the view's; limit and value 0
 *   DUPLICATE_ID   the order id is not above every id allowed before: ids grow
 *   UNKNOWN_ORDER  REPLACE of an order that holds no reservation in this instrument
 *   HALTED         the view is halted, or its book is not synced
 *   NOT_TRADING    the venue takes no orders for the instrument
 *   NO_TOUCH       a side of the touch is missing          limit and value 0
 *   STALE          now - touch > stale_after_ns, or the touch has no time
 *   CROSSED        bid >= ask
 *   ORDER_RATE     token bucket, burst = rate; integer arithmetic on view->now_ns, a clock that steps back gives no tokens
 *   QTY_MAX, NOTIONAL_MAX
 *   OPEN_ORDERS    all instruments, in flight included; also when order_capacity is reached
 *   POSITION_MAX   worst case: long = position + all open buys, short = position - all open sells; only the side that the order moves
 *   EXPOSURE_MAX   sum of worst-case |position| x mark; refused only when the order makes it larger
 *   CASH           BUY: free quote >= notional + taker fee, both rounded up; SELL: free base >= quantity, unless allow_short
 *   the venue's filters (filters.h)
 *   OVERFLOW       wherever a number does not fit
 * CANCEL is always allowed and charges nothing. A rule with limit 0 in the settings is off.
 *
 * Prices: a LIMIT is valued at its limit; a MARKET at the worst displayed price that its quantity reaches (the touch if that is enough,
 * else the depth book; beyond the displayed depth, its last level). A market order may still cost more than was locked when the market
 * moves before it arrives, and each fill is rounded for itself: the balance then shows it, nothing is hidden.
 * The notional and exposure limits are in the reporting currency: an instrument quoted in another one is refused by them, when they are
 * on, until a rate is known.
 *
 * Reservations: an allowed order reserves its quantity (worst case), an open-order count and its cash until the venue has told what
 * became of it: each fill gives back its part, the last update the rest, each exactly once (by the cumulative quantity, so that a
 * repeated update changes nothing). Both legs of a replace are held until then.
 */
#ifndef B3_RISK_LIMITS_H
#define B3_RISK_LIMITS_H

#include "bot3.h"
#include "risk/account.h"
#include "risk/standing.h"

typedef struct b3_risk b3_risk;

/* Everything is copied but instruments and account, which are borrowed. */
typedef struct b3_risk_config {
    b3_limits limits;
    const b3_instrument_limits *per_instrument; /* instrument_count of them */
    const b3_instrument *instruments;
    b3_account *account; /* positions and balances are read there, locks are kept there */
    uint32_t instrument_count;
    uint32_t currency_count;
    uint32_t reporting_currency;
    uint32_t order_capacity; /* reservations at once */
    int64_t taker_fee_rate_raw;
    const b3_standing *standing; /* NULL: nothing is blocked */
} b3_risk_config;

/* memory: zeroed, aligned to 64. NULL: order_capacity 0, or reporting_currency >= currency_count. */
size_t b3_risk_size(const b3_risk_config *config);
b3_risk *b3_risk_init(void *memory, const b3_risk_config *config);

/* Judges a request in the form the strategy gave it (ids already set). Writes *decision whole but for its header's times and number.
 * Allowed: everything that the order may become has been charged. Cost: see benches. */
void b3_risk_decide(b3_risk *risk, const b3_request *request, const b3_view *view, b3_decision *decision);

/* Every update passes here once, after b3_account_on_update has taken a fill into the position. */
void b3_risk_on_update(b3_risk *risk, const b3_update *update);

/* Latest mark of an instrument (mid of the touch), for exposure. decide takes the view's own first. */
void b3_risk_on_mark(b3_risk *risk, uint32_t instrument, int64_t price_raw);

/* One unit of rate->base in rate->quote; used when quote is the reporting currency. O(instruments). */
void b3_risk_on_rate(b3_risk *risk, const b3_rate *rate);

/* Worst case of an instrument, open orders over all, exposure in the reporting currency (0 while its limit is off). */
typedef struct b3_risk_state {
    int64_t pending_buy_raw;
    int64_t pending_sell_raw;
    int64_t exposure_raw;
    uint32_t instrument_orders;
    uint32_t open_orders;
} b3_risk_state;
void b3_risk_read(const b3_risk *risk, uint32_t instrument, b3_risk_state *out);

#endif
