/* Technical indicators of one instrument as scores from -1 (sell) to 1 (buy), so that they can be added up.
 *
 *   ema        (ema(close, fast) - ema(close, slow)) / atr       with the trend
 *   rsi        (50 - rsi) / 50                                   against it
 *   macd       macdhist / atr                                    with it
 *   bollinger  -z / width, z = (close - mean) / deviation        against it; 0 where nothing deviates
 *   obi        (bids - asks) / (bids + asks) over the best levels
 *
 * each cut off at -1 and 1. atr: average true range of the bars, Wilder; where it is 0 the price has not moved, and the score is 0.
 * NaN until warm; obi NaN while the book is not whole.
 */
#ifndef B3_SIGNAL_TECHNICAL_H
#define B3_SIGNAL_TECHNICAL_H

#include "math/average_range.h"
#include "math/macd.h"
#include "math/strength.h"
#include "stream.h"

enum { B3_TECHNICAL_EMA, B3_TECHNICAL_RSI, B3_TECHNICAL_MACD, B3_TECHNICAL_BOLLINGER, B3_TECHNICAL_OBI, B3_TECHNICAL_COUNT };

/* Book levels a side that may count. */
#define B3_TECHNICAL_LEVELS_MAX 50

/* Periods in bars. */
typedef struct b3_technical_config {
    uint32_t ema_fast;
    uint32_t ema_slow;
    uint32_t rsi_period;
    uint32_t macd_fast;
    uint32_t macd_slow;
    uint32_t macd_signal;
    uint32_t bollinger_period;
    uint32_t atr_period;
    uint32_t levels;
    uint32_t reserved;
    double bollinger_width;
} b3_technical_config;

typedef struct b3_technical {
    b3_smooth ema_fast;
    b3_smooth ema_slow;
    b3_strength rsi;
    b3_crossing macd;
    b3_average_range atr;
    double bollinger_width;
    uint32_t bollinger_period;
    uint32_t levels;
    uint64_t bars;
    uint64_t zscore[B3_STREAM_WORDS(B3_STREAM_BARS_MAX)];
} b3_technical;

/* B3_ERR_ARGUMENT: a fast period that is not the smaller one, or a period out of bounds. */
int32_t b3_technical_init(b3_technical *technical, const b3_technical_config *config);
/* One bar of ours, and the book as it is now. */
void b3_technical_on_bar(b3_technical *technical, const b3_bar *bar, const b3_view *view, double scores[B3_TECHNICAL_COUNT]);

#endif
