/* What opens the circuit breaker: each call is told one thing and answers whether it is too much. Opening, cool-down and closing are the
 * guard's (guard.h).
 *
 * A window of breaker_window_ns is kept in B3_WINDOW_BUCKETS buckets of time, the newest of which is being filled, so that it reaches back
 * between 63/64 of its length and the whole of it. Each bucket knows the lowest and the highest value put into it.
 *   loss       highest equity in the window - equity now >= breaker_loss_max_raw
 *   drawdown   (peak - equity) / peak >= breaker_drawdown_rate_raw
 *   jump       mid >= lowest mid in the window x (1 + rate), or mid <= highest x (1 - rate)
 *   rejects    of the last breaker_reject_count requests at least the share breaker_reject_rate_raw was refused, by us or by the venue
 *   latency    first answer of the venue - request > breaker_latency_ns
 *   gap        silence of an instrument > breaker_gap_ns
 * A setting of 0 switches a cause off; without a window loss and jump are off.
 */
#ifndef B3_RISK_BREAKER_H
#define B3_RISK_BREAKER_H

#include "bot3.h"

#define B3_WINDOW_BUCKETS 64
#define B3_BREAKER_REQUESTS_MAX 1024

typedef struct b3_window {
    int64_t bucket;     /* number of the newest: time / length of a bucket */
    int64_t low_before; /* over all buckets but the newest */
    int64_t high_before;
    int64_t low[B3_WINDOW_BUCKETS];
    int64_t high[B3_WINDOW_BUCKETS];
} b3_window;

typedef struct b3_breaker {
    b3_window equity;
    b3_window *mids; /* by instrument, of twice the mid; instrument_count of them */
    int64_t bucket_ns;
    uint32_t instrument_count;
    uint32_t requests; /* known, at most reject_count */
    uint32_t refusals; /* among them */
    uint32_t next;
    uint8_t refused[B3_BREAKER_REQUESTS_MAX];
} b3_breaker;

/* What a cause compared, in its own unit: money, rate, price, count or ns. */
typedef struct b3_finding {
    int64_t limit_raw;
    int64_t value_raw;
} b3_finding;

/* mids: zeroed memory of the caller. 0: more requests asked for than are remembered. */
int b3_breaker_init(b3_breaker *breaker, const b3_guard_config *config, b3_window *mids, uint32_t instrument_count);
/* Forgets all windows. */
void b3_breaker_clear(b3_breaker *breaker);

/* (peak - equity) / peak, 8 digits, rounded down; 0 at the peak, and while there is none. */
int64_t b3_drawdown_rate(int64_t peak_raw, int64_t equity_raw);

/* B3_RULE_NONE, or the cause; *finding is then filled in. */
uint16_t b3_breaker_on_equity(b3_breaker *breaker, const b3_guard_config *config, int64_t now_ns, int64_t equity_raw, int64_t peak_raw,
                              b3_finding *finding);
uint16_t b3_breaker_on_mid(b3_breaker *breaker, const b3_guard_config *config, uint32_t instrument, int64_t now_ns, const b3_touch *touch,
                           b3_finding *finding);
uint16_t b3_breaker_on_request(b3_breaker *breaker, const b3_guard_config *config, int refused, b3_finding *finding);

#endif
