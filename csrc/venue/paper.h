/* Paper venue, first form: takes our requests when they arrive there, fills them against what the real venue displayed.
 *
 * Market orders and marketable limits take the displayed liquidity at arrival: the fused touch first, then the depth book beyond it
 * (levels at or better than the touch's price are the touch's), each level once between two updates of it. What a limit does not fill
 * rests (GTC), expires (IOC), or nothing fills at all (FOK). A resting order fills as maker when the market trades through it (a trade
 * below our bid, or above our offer) or the opposite touch reaches it;
 * never more than the quantity that printed or is displayed there. Market impact, queue position and hidden liquidity are not
 * modelled here. Fees in the quote currency, rounded half to even.
 *
 * Time: the caller delivers each request at its arrival time (decision + order-entry latency). What it answers re-enters the engine as
 * inputs of their own, so nothing fills on the input that triggered it.
 */
#ifndef B3_VENUE_PAPER_H
#define B3_VENUE_PAPER_H

#include "bot3.h"

typedef struct b3_paper b3_paper;

size_t b3_paper_size(const b3_paper_config *config, uint32_t instrument_count);
b3_paper *b3_paper_init(void *memory, const b3_paper_config *config, const b3_instrument *instruments, uint32_t instrument_count);

/* The stage: B3_REQUEST (an arrival), B3_TRADE, B3_QUOTE (the fused touch has moved) -> B3_UPDATE events. Returns how many were
 * written; exactly cap means there may be more: call again with event = NULL until it returns fewer. */
int32_t b3_paper_on_event(void *state, const b3_header *event, const b3_view *view, b3_slot *out, int32_t cap);

#endif
