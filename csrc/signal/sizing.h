/* How much one entry is, by parameters that every strategy shares:
 *
 *   fixed       qty
 *   notional    notional / touch price of the side that would be taken
 *   volatility  risk / ATR(vol_period) of the bars, but at most what notional buys; nothing before the ATR is known
 *
 * All in integers, rounded down to a raw unit: the ATR is rounded to price_raw first, and a rounded ATR of 0 leaves the cap alone.
 * Rounding to the lot is the order's affair: order_size.h.
 */
#ifndef B3_SIGNAL_SIZING_H
#define B3_SIGNAL_SIZING_H

#include "math/average_range.h"
#include "stream.h"

enum b3_sizing_mode { B3_SIZING_FIXED = 0, B3_SIZING_NOTIONAL = 1, B3_SIZING_VOLATILITY = 2 };

/* Places of the shared parameters after the first one's, and their rows. */
enum { B3_SIZING_MODE, B3_SIZING_QTY, B3_SIZING_MONEY, B3_SIZING_RISK, B3_SIZING_PERIOD, B3_SIZING_PARAM_COUNT };

#define B3_SIZING_PARAMS(first, qty)                                                                                                       \
    [(first) +                                                                                                                             \
        B3_SIZING_MODE] = {"sizing", 0, 0, 2, "fixed|notional|volatility", "how much one entry is"},                                       \
        [(first) + B3_SIZING_QTY] = {"qty", qty, 0, 1e9, "base", "fixed: size of one entry; rounded down to the lot, as all of them"},     \
        [(first) + B3_SIZING_MONEY] = {"notional", 500,     0,                                                                             \
                                       9e10,       "quote", "notional: worth of one entry at the touch; volatility: its worth at most"},   \
        [(first) +                                                                                                                         \
            B3_SIZING_RISK] = {"risk", 0.1, 0, 9e10, "quote", "volatility: what an entry loses or gains when the price moves by one ATR"}, \
        [(first) + B3_SIZING_PERIOD] = {"vol_period", 14, 1, B3_STREAM_BARS_MAX, "bars", "volatility: period of that ATR (Wilder)"}

typedef struct b3_sizing {
    uint32_t mode; /* b3_sizing_mode */
    uint32_t reserved;
    int64_t qty_raw;
    int64_t notional_raw;
    int64_t risk_raw;
    int64_t atr_raw; /* at price_scale; -1: not known yet */
    b3_average_range range;
} b3_sizing;

/* params: from the first shared one on, within their bounds. B3_ERR_ARGUMENT: more than int64 holds. */
int32_t b3_sizing_init(b3_sizing *sizing, const double *params, const b3_instrument *instrument);
/* Every bar of ours, before anything is sized at it. */
void b3_sizing_on_bar(b3_sizing *sizing, const b3_bar *bar, const b3_instrument *instrument);
/* What an entry on a side (b3_side) is now; 0 when it is not known. */
int64_t b3_sizing_qty_raw(const b3_sizing *sizing, const b3_view *view, uint8_t side);

#endif
