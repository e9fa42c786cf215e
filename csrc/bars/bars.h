/* Trades -> bars of one instrument. Time bars are aligned to the epoch, [open, close), by the exchange's trade time.
 *
 * A time bar closes when a trade at or after its close arrives, or any event whose exchange time is at or after close + grace.
 * Intervals without a trade become explicit bars (B3_FLAG_EMPTY, prices = last close, volume 0), at most as many as fit in `out`: the
 * call says there are more by returning cap, and is then made again with event = NULL until it returns fewer.
 * Late trade (trade time before the open of the running bar): belongs to no bar, is counted, and is told as a b3_system
 * B3_SYS_LATE_TRADE. Tick, volume and notional bars take trades in order of arrival; the trade that fills the bar closes it, whole
 * (a trade is never split). A bar not full at the end is not emitted. A notional or volume beyond int64 is B3_ERR_OVERFLOW: that bar
 * is dropped and the next starts.
 */
#ifndef B3_BARS_BARS_H
#define B3_BARS_BARS_H

#include "bot3.h"

typedef struct b3_bars b3_bars;

typedef struct b3_bars_stats {
    uint64_t bars;
    uint64_t empty;
    uint64_t late_trades;
    uint64_t overflows;
} b3_bars_stats;

size_t b3_bars_size(void);
/* B3_ERR_ARGUMENT for an impossible config. */
int32_t b3_bars_init(void *memory, const b3_bars_config *config, const b3_instrument *instrument);
/* The stage. Trades build bars; every other event with an exchange time only moves the clock. */
int32_t b3_bars_on_event(void *state, const b3_header *event, const b3_view *view, b3_slot *out, int32_t cap);
void b3_bars_read_stats(const b3_bars *bars, b3_bars_stats *out);

#endif
