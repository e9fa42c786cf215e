/* Paper venue: takes our requests when they arrive there, fills them against what the real venue displayed and traded.
 *
 * Taking. Market orders and marketable limits take the displayed liquidity at arrival, best price first, each level at its own price (so
 * the taker gets the improvement over his limit): the fused touch, then the depth book beyond it (levels at or better than the touch's
 * price are the touch's), at most B3_PAPER_LEVELS levels, and of a book that is not synced none. Displayed liquidity is taken once: what
 * was taken of a (price, quantity) is remembered until a look at that price shows another quantity, or none, or the touch has moved
 * behind it. The venue looks at the touch on every quote and arrival, and at the depth as far as an order walks; it remembers
 * B3_PAPER_LEVELS prices a side, the best ones. Orders of ours do not meet one another.
 *   MARKET     what is not filled expires (rule NO_LIQUIDITY)       IOC  the rest expires (NO_LIQUIDITY when nothing filled)
 *   FOK        wholly, or nothing and it expires (rule FOK)         GTC  the rest rests
 *   POST_ONLY  (LIMIT alone) rejected (rule POST_ONLY) when the displayed opposite touch reaches its price, else rests
 *   STOP       a market order, STOP_LIMIT a limit order, once the touch reaches stop_price_raw: a sell's when the bid is at or below it, a
 *              buy's when the ask is at or above it. Looked at on each quote, after what rests was filled, the stop reached first before
 *              the next, then first come first served; no latency on the way. One that the touch at arrival has reached already is
 *              rejected (rule WOULD_TRIGGER), as Binance does. The last trade price does not trigger
 * Making. A resting order fills at its own price, as maker, best price first and then first come first served:
 *   a trade through it (below our bid, above our offer): others at its price are gone
 *   a trade at it: others ahead eat first, by the queue model (venue/queue.h); only on the side that the trade took from
 *   a touch that reaches it (ask <= our bid, bid >= our offer): together never more than is displayed there and not yet taken
 * All that one trade fills and that others ahead of us eat is never more than it printed. A trade concerns orders that arrived before it
 * happened: its exchange time, on our clock, less a slack (venue/queue.h).
 *
 * Answers. NEW: WORKING, then fills, then EXPIRED if it does not rest; or REJECTED alone, or EXPIRED alone (FOK). A triggered stop: WORKING
 * with B3_FLAG_TRIGGERED, then fills, then EXPIRED if it does not rest. REPLACE: the original's CANCELED, then as a NEW, in one step: the
 * new order goes to the end of its queue. A cancel or replace of an order that is not here (a fill came first): an update on the original
 * with B3_FLAG_CANCEL_REJECT and rule UNKNOWN_ORDER, and the new leg REJECTED by the same rule. A fill with its fee: venue/fees.h; one
 * whose money does not fit expires the order (rule OVERFLOW).
 *
 * Time: the caller delivers each request at its arrival time (venue/latency.h). What it answers re-enters the engine as inputs of their
 * own, so nothing fills on the input that triggered it. What it cannot know: docs/PAPER.md.
 */
#ifndef B3_VENUE_PAPER_H
#define B3_VENUE_PAPER_H

#include "bot3.h"

#define B3_PAPER_LEVELS 256

typedef struct b3_paper b3_paper;

/* memory: zeroed, aligned to 64. instruments: borrowed. NULL: order_capacity 0 or above 2^31 - 1, impossible fees (venue/fees.h) or
 * latencies, no such queue model. */
size_t b3_paper_size(const b3_paper_config *config, const b3_instrument *instruments, uint32_t instrument_count);
b3_paper *b3_paper_init(void *memory, const b3_paper_config *config, const b3_instrument *instruments, uint32_t instrument_count);

/* The stage: B3_REQUEST (an arrival), B3_TRADE, B3_QUOTE (the fused touch has moved; it is read from the view) -> B3_UPDATE events;
 * B3_RATE, B3_BALANCE -> nothing. Returns how many were written; exactly cap means there may be more: call again with event = NULL and the
 * same view until it returns fewer, before any other event. B3_ERR_ARGUMENT: instrument out of range, cap < 1; B3_ERR_STATE: an event
 * before the last one was drained. Cost: O(1) while nothing of ours rests there; resting: O(our orders at the prices touched) + O(log our
 * prices). */
int32_t b3_paper_on_event(void *state, const b3_header *event, const b3_view *view, b3_slot *out, int32_t cap);

/* 1: nothing of ours is there and nothing that we took is still remembered: trades and quotes of the instrument change nothing. */
int b3_paper_is_idle(const b3_paper *paper, uint32_t instrument);

/* A depth message that the book has taken, before the quote that follows from it: what is displayed behind the touch. Cost: O(1), and with
 * the proportional model and resting orders O(levels x log our prices). */
void b3_paper_on_levels(b3_paper *paper, const b3_level *levels, uint32_t count, int64_t now_ns);

/* Where a resting order stands: how much of others is ahead of it, by the model, with every decrease that no trade has explained yet
 * taken for a cancel. B3_EMPTY: no such order rests. */
int32_t b3_paper_read_ahead(const b3_paper *paper, uint64_t order_id, int64_t *ahead_raw);

#endif
