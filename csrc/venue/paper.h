/* Paper venue, first form: takes our requests when they arrive there, fills them against what the real venue displayed.
 *
 * Taking. Market orders and marketable limits take the displayed liquidity at arrival, best price first, each level at its own price (so
 * the taker gets the improvement over his limit): the fused touch, then the depth book beyond it (levels at or better than the touch's
 * price are the touch's), at most B3_PAPER_LEVELS levels, and of a book that is not synced none. Displayed liquidity is taken once: what
 * was taken of a (price, quantity) is remembered until a look at that price shows another quantity, or none, or the touch has moved
 * behind it. The venue looks at the touch on every quote and arrival, and at the depth as far as an order walks; it remembers
 * B3_PAPER_LEVELS prices a side, the best ones. Orders of ours do not meet one another.
 *   MARKET     what is not filled expires (rule NO_LIQUIDITY)       IOC  the rest expires (NO_LIQUIDITY when nothing filled)
 *   FOK        wholly, or nothing and it expires (rule FOK)         GTC  the rest rests
 *   POST_ONLY  rejected (rule POST_ONLY) when the displayed opposite touch reaches its price, else rests
 * Making. A resting order fills at its own price, as maker, best price first and then first come first served:
 *   a trade through it (below our bid, above our offer): together never more than the quantity that printed
 *   a touch that reaches it (ask <= our bid, bid >= our offer): together never more than is displayed there and not yet taken
 * A trade at our price does not fill: the queue ahead of us is not modelled here, nor are market impact and hidden liquidity.
 *
 * Answers. NEW: WORKING, then fills, then EXPIRED if it does not rest; or REJECTED alone, or EXPIRED alone (FOK). REPLACE: the original's
 * CANCELED, then as a NEW, in one step. A cancel or replace of an order that is not here: an update on the original with
 * B3_FLAG_CANCEL_REJECT and rule UNKNOWN_ORDER, and the new leg REJECTED by the same rule. Fees: rate x notional, in the quote currency,
 * each rounded half to even; a fill whose money does not fit expires the order (rule OVERFLOW).
 *
 * Time: the caller delivers each request at its arrival time (decision + order-entry latency). What it answers re-enters the engine as
 * inputs of their own, so nothing fills on the input that triggered it.
 */
#ifndef B3_VENUE_PAPER_H
#define B3_VENUE_PAPER_H

#include "bot3.h"

#define B3_PAPER_LEVELS 256

typedef struct b3_paper b3_paper;

/* memory: zeroed, aligned to 64. instruments: borrowed. NULL: order_capacity 0, or a fee rate beyond +-100 %. */
size_t b3_paper_size(const b3_paper_config *config, uint32_t instrument_count);
b3_paper *b3_paper_init(void *memory, const b3_paper_config *config, const b3_instrument *instruments, uint32_t instrument_count);

/* The stage: B3_REQUEST (an arrival), B3_TRADE, B3_QUOTE (the fused touch has moved; it is read from the view) -> B3_UPDATE events.
 * Returns how many were written; exactly cap means there may be more: call again with event = NULL and the same view until it
 * returns fewer, before any other event. B3_ERR_ARGUMENT: instrument out of range, cap < 1; B3_ERR_STATE: an event before the last one
 * was drained. Cost: O(1) while nothing of ours rests there; resting: O(our orders ahead on that side). */
int32_t b3_paper_on_event(void *state, const b3_header *event, const b3_view *view, b3_slot *out, int32_t cap);

#endif
