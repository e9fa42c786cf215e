/* How long an order takes: what the configuration says is constant, plus a drawn part.
 *
 *   order_entry   decision -> the request is at the venue; cancels and replaces too
 *   market_data   the venue's event -> we see it. A replay shows us each event when it was recorded, so this latency is not added to the
 *                 events but to what an order takes: an order decided on an event seen market_data late and sent then meets the same
 *                 market as one decided at once and held back as long. The same fills follow, as long as an order answers a market event.
 *                 It is not the same for what looks at a clock: a timer finds a touch that is newer than it would be, the pre-trade checks
 *                 judge staleness and collar on it, and the venue's answers, which are events too, come back without it.
 *
 * A spread draws from an exponential distribution of that mean: spread x -ln(u / 2^64), u from 1 to 2^64 - 1, in integers throughout
 * (the logarithm bit by bit, 32 digits after the point), so that every machine draws the same. The generator counts: the n-th draw is a
 * hash (SplitMix64's, https://doi.org/10.1145/2714064.2660195) of seed and n, whatever was drawn before.
 *
 * Requests of a session do not overtake one another (one connection, in order): an arrival is never before the one asked for earlier.
 */
#ifndef B3_VENUE_LATENCY_H
#define B3_VENUE_LATENCY_H

#include "bot3.h"

#define B3_LATENCY_MAX_NS INT64_C(3600000000000) /* an hour; a draw is at most 44.4 times the spread */

typedef struct b3_latency_state {
    b3_latency_model order_entry;
    b3_latency_model market_data;
    uint64_t seed;
    uint64_t drawn;  /* requests so far */
    int64_t last_ns; /* when the newest request arrives */
} b3_latency_state;

/* B3_ERR_ARGUMENT: a part that is negative or above B3_LATENCY_MAX_NS. */
int32_t b3_latency_init(b3_latency_state *latency, const b3_paper_config *config);
/* When a request sent at now_ns arrives. */
int64_t b3_latency_arrival(b3_latency_state *latency, int64_t now_ns);
/* The n-th draw of a seed with this mean. */
int64_t b3_latency_draw(uint64_t seed, uint64_t n, int64_t mean_ns);

#endif
