/* Trades -> bars of one instrument. Time bars are aligned to the epoch, [open, close), by the exchange's trade time.
 *
 * A time bar closes when a trade at or after its close arrives, or any event whose exchange time is at or after close + grace.
 * Intervals without a trade become explicit bars (B3_FLAG_EMPTY, prices = last close, volume 0), at most as many as fit in `out`: the
 * call says there are more by returning cap, and is then made again with event = NULL until it returns fewer. The first interval is
 * that of the first trade: before it there is no price, and no bar.
 * Late trade (trade time before the open of the running bar): belongs to no bar, is counted, and is told as a b3_system
 * B3_SYS_LATE_TRADE. A trade out of order inside the running bar belongs to it: open and close go by arrival.
 * Tick, volume and notional bars take trades in order of arrival; the trade that fills the bar closes it, whole (a trade is never
 * split). Their open_ts_ns is the time of the first trade. A bar not full at the end is not emitted.
 * An aggregate (B3_FLAG_AGGREGATE) counts as the trades that it stands for, first_trade_id .. last_trade_id.
 * A volume, notional or count that does not fit its field: that bar is dropped (of time bars: the rest of the interval with it), the next
 * starts, and it is told as a b3_system B3_SYS_BAD_MESSAGE with a = B3_ERR_OVERFLOW. A trade with a price or quantity below 1, an
 * aggregate whose ids run backwards, or, for time bars, a time that is unknown or beyond the year 2200, belongs to no bar and is told
 * with a = B3_ERR_ARGUMENT. What the venue sends never makes the stage fail.
 * A jump of more than B3_BARS_GAP_MAX intervals is not filled with empty bars: the running bar closes, and the interval of the event that
 * jumped comes next; how many were left out is in b3_bars_stats.skipped.
 */
#ifndef B3_BARS_BARS_H
#define B3_BARS_BARS_H

#include "bot3.h"

#define B3_BARS_GAP_MAX 1000000

size_t b3_bars_size(void);
/* memory: b3_bars_size bytes, aligned to 16, the caller's. B3_ERR_ARGUMENT for an impossible config: an unknown kind, a size below 1, a
 * time interval that is no whole number of ms, more than 2^32 - 1 of ms or trades, a grace below 0 or above one year, a scale above 10. */
int32_t b3_bars_init(void *memory, const b3_bars_config *config, const b3_instrument *instrument);
/* The stage (b3_on_event_fn). Trades build bars; every other event with an exchange time only moves the clock. Faults are the caller's:
 * B3_ERR_ARGUMENT for cap < 1, B3_ERR_STATE for an event while bars of the one before are still to be fetched with NULL. */
int32_t b3_bars_on_event(void *state, const b3_header *event, const b3_view *view, b3_slot *out, int32_t cap);
#endif
