#include "technical.h"

#include "imbalance.h"
#include "strategies.h"

int32_t b3_technical_init(b3_technical *t, const b3_technical_config *config) {
    const double rsi = config->rsi_period;
    const double macd[] = {config->macd_fast, config->macd_slow, config->macd_signal};
    const double atr = config->atr_period;
    const double zscore = config->bollinger_period;
    if (config->ema_fast >= config->ema_slow || config->macd_fast >= config->macd_slow) return B3_ERR_ARGUMENT;
    t->bollinger_width = config->bollinger_width;
    t->bollinger_period = config->bollinger_period;
    t->levels = config->levels;
    b3_ema_init(&t->ema_fast, config->ema_fast, B3_SEED_SMA);
    b3_ema_init(&t->ema_slow, config->ema_slow, B3_SEED_SMA);
    int32_t status = b3_stream_init(&b3_indicator_rsi, &rsi, 1, &t->rsi, sizeof t->rsi);
    if (status == B3_OK) status = b3_stream_init(&b3_indicator_macd, macd, 3, &t->macd, sizeof t->macd);
    if (status == B3_OK) status = b3_stream_init(&b3_indicator_atr, &atr, 1, &t->atr, sizeof t->atr);
    return status != B3_OK ? status : b3_stream_init(&b3_indicator_zscore, &zscore, 1, t->zscore, sizeof t->zscore);
}

static double cut(double score) {
    return score > 1.0 ? 1.0 : score < -1.0 ? -1.0 : score;
}

/* A price difference in units of the ATR; NaN while either is not known. */
static double moved(double difference, double atr) {
    return atr == 0.0 ? difference * 0.0 : cut(difference / atr);
}

static double imbalance(const b3_technical *t, const b3_view *view) {
    b3_book_level bids[B3_TECHNICAL_LEVELS_MAX];
    b3_book_level asks[B3_TECHNICAL_LEVELS_MAX];
    if ((view->flags & B3_VIEW_SYNCED) == 0) return NAN;
    const uint32_t bid_count = view->levels(view->book, B3_BUY, bids, t->levels);
    return b3_imbalance(bids, bid_count, asks, view->levels(view->book, B3_SELL, asks, t->levels));
}

void b3_technical_on_bar(b3_technical *t, const b3_bar *bar, const b3_view *view, double scores[B3_TECHNICAL_COUNT]) {
    const double range[] = {b3_strategy_price(view->instrument, bar->high_raw), b3_strategy_price(view->instrument, bar->low_raw),
                            b3_strategy_price(view->instrument, bar->close_raw)};
    const double close = range[2];
    double atr = NAN;
    double macd[3];
    b3_indicator_atr.update(&t->atr, range, &atr);
    b3_indicator_macd.update(&t->macd, &close, macd);
    const double fast = b3_smooth_push(&t->ema_fast, close);
    const double slow = b3_smooth_push(&t->ema_slow, close);
    const double z = b3_stream_push(&b3_indicator_zscore, t->zscore, close);
    const int flat = ++t->bars >= t->bollinger_period && isnan(z);
    scores[B3_TECHNICAL_EMA] = moved(fast - slow, atr);
    scores[B3_TECHNICAL_RSI] = (50.0 - b3_rsi_push(&t->rsi, close)) / 50.0;
    scores[B3_TECHNICAL_MACD] = moved(macd[2], atr);
    scores[B3_TECHNICAL_BOLLINGER] = flat ? 0.0 : cut(-z / t->bollinger_width);
    scores[B3_TECHNICAL_OBI] = imbalance(t, view);
}
