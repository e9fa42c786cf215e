#include "features.h"

#include "base/money.h"
#include "imbalance.h"
#include "plain_math.h"
#include "strategies.h"

/* The order of the vector. */
enum {
    RETURN_1,
    RETURN_5,
    RETURN_15,
    RETURN_60,
    RANGE,
    VWAP_GAP,
    VOLATILITY_20,
    VOLATILITY_60,
    ATR,
    RSI,
    MACD_HIST,
    BOLLINGER_Z,
    VOLUME_Z,
    TRADES,
    FLOW_1,
    FLOW_10,
    FLOW_60,
    SPREAD,
    IMBALANCE_1,
    IMBALANCE_5,
    IMBALANCE_10,
    MICROPRICE,
    TOUCH_GAP,
    TIME_SIN,
    TIME_COS,
    COUNT
};
_Static_assert(COUNT == B3_FEATURE_COUNT, "the header says how many");

static const b3_feature FEATURES[COUNT] = {
    [RETURN_1] = {"return_1_bps", "bps", "1e4 * (close / close[-1] - 1)", "return over one bar"},
    [RETURN_5] = {"return_5_bps", "bps", "1e4 * (close / close[-5] - 1)", "return over five bars"},
    [RETURN_15] = {"return_15_bps", "bps", "1e4 * (close / close[-15] - 1)", "return over fifteen bars"},
    [RETURN_60] = {"return_60_bps", "bps", "1e4 * (close / close[-60] - 1)", "return over sixty bars"},
    [RANGE] = {"range_bps", "bps", "1e4 * (high - low) / close", "how far the price went within the bar"},
    [VWAP_GAP] = {"vwap_gap_bps", "bps", "1e4 * (close / vwap - 1)", "close against the bar's average price"},
    [VOLATILITY_20] = {"volatility_20_bps", "bps a bar", "sqrt(sum(return_1_bps^2, 20) / 20)", "realised volatility over twenty bars"},
    [VOLATILITY_60] = {"volatility_60_bps", "bps a bar", "sqrt(sum(return_1_bps^2, 60) / 60)", "realised volatility over sixty bars"},
    [ATR] = {"atr_14_bps", "bps", "1e4 * atr(14) / close", "average true range (Wilder)"},
    [RSI] = {"rsi_14", "0..100", "rsi(close, 14)", "relative strength index (Wilder)"},
    [MACD_HIST] = {"macd_hist_bps", "bps", "1e4 * macdhist(close, 12, 26, 9) / close", "MACD less its signal line"},
    [BOLLINGER_Z] = {"bollinger_z_20", "deviations", "zscore(close, 20)", "close against its mean; 0 where nothing deviates"},
    [VOLUME_Z] = {"volume_z_20", "deviations", "zscore(volume, 20)", "volume against its mean; 0 where nothing deviates"},
    [TRADES] = {"trades", "trades", "trade_count", "trades in the bar"},
    [FLOW_1] = {"flow_1", "-1..1", "(bought - sold) / (bought + sold)",
                "signed flow: quantity that takers bought and sold since the bar before; 0 without a trade"},
    [FLOW_10] = {"flow_10", "-1..1", "(sum(bought, 10) - sum(sold, 10)) / (sum(bought, 10) + sum(sold, 10))", "the same over ten bars"},
    [FLOW_60] = {"flow_60", "-1..1", "(sum(bought, 60) - sum(sold, 60)) / (sum(bought, 60) + sum(sold, 60))", "the same over sixty bars"},
    [SPREAD] = {"spread_bps", "bps", "1e4 * (ask - bid) / mid", "of the fused touch, mid = (bid + ask) / 2"},
    [IMBALANCE_1] = {"imbalance_1", "-1..1", "(bids - asks) / (bids + asks), best level", "quantities of the depth book"},
    [IMBALANCE_5] = {"imbalance_5", "-1..1", "(bids - asks) / (bids + asks), 5 best levels", "quantities of the depth book"},
    [IMBALANCE_10] = {"imbalance_10", "-1..1", "(bids - asks) / (bids + asks), 10 best levels", "quantities of the depth book"},
    [MICROPRICE] = {"microprice_bps", "bps",
                    "1e4 * (microprice - mid) / mid, microprice = (bid * ask_qty + ask * bid_qty) / (bid_qty + ask_qty)",
                    "where the touch's quantities lean"},
    [TOUCH_GAP] = {"touch_gap_bps", "bps", "1e4 * (mid / close - 1)", "the mid now against the bar's close"},
    [TIME_SIN] = {"time_sin", "-1..1", "sin(2 pi t / 86400)", "time of day: t seconds of UTC at the bar's close"},
    [TIME_COS] = {"time_cos", "-1..1", "cos(2 pi t / 86400)", "time of day: t seconds of UTC at the bar's close"},
};

const b3_feature *b3_feature_at(uint32_t index) {
    return index < COUNT ? &FEATURES[index] : NULL;
}

/* ---------------------------------------------------------------- streams */

enum {
    ROC_1,
    ROC_5,
    ROC_15,
    ROC_60,
    SQUARES_20,
    SQUARES_60,
    TRUE_RANGE,
    STRENGTH,
    CROSSING,
    CLOSE_Z,
    AMOUNT_Z,
    BOUGHT_10,
    SOLD_10,
    BOUGHT_60,
    SOLD_60,
    STREAMS
};
_Static_assert(STREAMS == B3_FEATURE_STREAMS, "the header says how many");

static const struct {
    const b3_indicator *row;
    uint32_t count; /* of params; the others have their defaults */
    double params[3];
} TABLE[STREAMS] = {
    [ROC_1] = {&b3_indicator_roc, 1, {1}},
    [ROC_5] = {&b3_indicator_roc, 1, {5}},
    [ROC_15] = {&b3_indicator_roc, 1, {15}},
    [ROC_60] = {&b3_indicator_roc, 1, {60}},
    [SQUARES_20] = {&b3_indicator_sum, 1, {20}},
    [SQUARES_60] = {&b3_indicator_sum, 1, {60}},
    [TRUE_RANGE] = {&b3_indicator_atr, 1, {14}},
    [STRENGTH] = {&b3_indicator_rsi, 1, {14}},
    [CROSSING] = {&b3_indicator_macd, 3, {12, 26, 9}},
    [CLOSE_Z] = {&b3_indicator_zscore, 1, {20}},
    [AMOUNT_Z] = {&b3_indicator_zscore, 1, {20}},
    [BOUGHT_10] = {&b3_indicator_sum, 1, {10}},
    [SOLD_10] = {&b3_indicator_sum, 1, {10}},
    [BOUGHT_60] = {&b3_indicator_sum, 1, {60}},
    [SOLD_60] = {&b3_indicator_sum, 1, {60}},
};

int32_t b3_features_init(b3_features *f) {
    f->size = sizeof *f;
    f->version = 1;
    for (uint32_t i = 0; i < STREAMS; ++i)
        if (b3_stream_init(TABLE[i].row, TABLE[i].params, TABLE[i].count, f->streams[i], sizeof f->streams[i]) != B3_OK)
            return B3_ERR_ARGUMENT;
    return B3_OK;
}

static double push(b3_features *f, uint32_t stream, double x) {
    return b3_stream_push(TABLE[stream].row, f->streams[stream], x);
}

/* ---------------------------------------------------------------- values */

#define BPS 1e4

static double score(b3_features *f, uint32_t stream, double x) {
    const double z = push(f, stream, x);
    return isnan(z) && f->bars >= (uint64_t)TABLE[stream].params[0] ? 0.0 : z;
}

static double flow(double bought, double sold) {
    return bought + sold == 0.0 ? 0.0 : (bought - sold) / (bought + sold);
}

static void from_bar(b3_features *f, const b3_bar *bar, const b3_instrument *instrument, double *out) {
    const double range[] = {b3_strategy_price(instrument, bar->high_raw), b3_strategy_price(instrument, bar->low_raw),
                            b3_strategy_price(instrument, bar->close_raw)};
    const double close = range[2];
    double atr = NAN;
    double macd[3];
    for (uint32_t i = 0; i < 4; ++i) out[RETURN_1 + i] = 100.0 * push(f, ROC_1 + i, close); /* roc is in percent */
    const double square = out[RETURN_1] * out[RETURN_1];
    TABLE[TRUE_RANGE].row->update(f->streams[TRUE_RANGE], range, &atr);
    TABLE[CROSSING].row->update(f->streams[CROSSING], &close, macd);
    out[RANGE] = BPS * (range[0] - range[1]) / close;
    out[VWAP_GAP] = BPS * (close / b3_strategy_price(instrument, bar->vwap_raw) - 1.0);
    out[VOLATILITY_20] = sqrt(push(f, SQUARES_20, square) / 20.0);
    out[VOLATILITY_60] = sqrt(push(f, SQUARES_60, square) / 60.0);
    out[ATR] = BPS * atr / close;
    out[RSI] = push(f, STRENGTH, close);
    out[MACD_HIST] = BPS * macd[2] / close;
    out[BOLLINGER_Z] = score(f, CLOSE_Z, close);
    out[VOLUME_Z] = score(f, AMOUNT_Z, (double)bar->volume_raw / (double)b3_pow10[instrument->qty_scale]);
    out[TRADES] = bar->trade_count;
}

static void from_trades(b3_features *f, double *out) {
    const double bought = (double)f->bought_raw; /* whole numbers: sums are exact below 2^53 */
    const double sold = (double)f->sold_raw;
    f->bought_raw = f->sold_raw = 0;
    out[FLOW_1] = flow(bought, sold);
    const double bought_10 = push(f, BOUGHT_10, bought);
    const double bought_60 = push(f, BOUGHT_60, bought);
    out[FLOW_10] = flow(bought_10, push(f, SOLD_10, sold));
    out[FLOW_60] = flow(bought_60, push(f, SOLD_60, sold));
}

static void from_book(const b3_view *view, double close, double *out) {
    static const uint32_t DEPTHS[] = {1, 5, 10};
    const b3_touch *touch = view->touch;
    b3_book_level bids[10];
    b3_book_level asks[10];
    const int whole = (view->flags & B3_VIEW_SYNCED) != 0;
    const uint32_t bid_count = whole ? view->levels(view->book, B3_BUY, bids, 10) : 0;
    const uint32_t ask_count = whole ? view->levels(view->book, B3_SELL, asks, 10) : 0;
    for (uint32_t i = 0; i < 3; ++i) {
        const uint32_t depth = DEPTHS[i];
        out[IMBALANCE_1 + i] = b3_imbalance(bids, bid_count < depth ? bid_count : depth, asks, ask_count < depth ? ask_count : depth);
    }
    out[MICROPRICE] = b3_microprice_deviation(touch);
    out[SPREAD] = out[TOUCH_GAP] = NAN;
    if (touch->bid_qty_raw <= 0 || touch->ask_qty_raw <= 0) return;
    const double bid = b3_strategy_price(view->instrument, touch->bid_price_raw);
    const double ask = b3_strategy_price(view->instrument, touch->ask_price_raw);
    const double mid = 0.5 * (bid + ask);
    out[SPREAD] = BPS * (ask - bid) / mid;
    out[TOUCH_GAP] = BPS * (mid / close - 1.0);
}

static void from_clock(int64_t close_ts_ns, double *out) {
    const int64_t day_ns = 86400 * INT64_C(1000000000);
    b3_plain_turn((double)(close_ts_ns % day_ns) / (double)day_ns, &out[TIME_SIN], &out[TIME_COS]);
}

void b3_features_on_trade(b3_features *f, const b3_trade *trade) {
    if ((trade->hdr.flags & B3_FLAG_BUYER_MAKER) != 0) f->sold_raw += trade->qty_raw;
    else f->bought_raw += trade->qty_raw;
}

void b3_features_on_bar(b3_features *f, const b3_bar *bar, const b3_view *view, double *out) {
    ++f->bars;
    from_bar(f, bar, view->instrument, out);
    from_trades(f, out);
    from_book(view, b3_strategy_price(view->instrument, bar->close_raw), out);
    from_clock(bar->close_ts_ns, out);
}

/* ---------------------------------------------------------------- as an observer */

static int32_t init(void *state, const double *params, const b3_instrument *instrument) {
    (void)params;
    (void)instrument;
    return b3_features_init(state);
}

static int32_t on_event(void *state, const b3_header *event, const b3_view *view, b3_slot *out, int32_t cap) {
    b3_features *f = state;
    double values[COUNT];
    if (cap < COUNT) return B3_ERR_CAPACITY;
    if (event->kind == B3_TRADE) b3_features_on_trade(f, (const b3_trade *)(const void *)event);
    if (!b3_is_own_bar(event)) return 0;
    const b3_bar *bar = (const b3_bar *)(const void *)event;
    b3_features_on_bar(f, bar, view, values);
    for (uint32_t i = 0; i < COUNT; ++i) {
        (void)b3_strategy_put_signal(&out[i], i, values[i]);
        ((b3_header *)(void *)&out[i])->ts_exchange_ns = bar->close_ts_ns;
    }
    return COUNT;
}

static const char *const SIGNALS[COUNT] = {[RETURN_1] = "return_1_bps",
                                           [RETURN_5] = "return_5_bps",
                                           [RETURN_15] = "return_15_bps",
                                           [RETURN_60] = "return_60_bps",
                                           [RANGE] = "range_bps",
                                           [VWAP_GAP] = "vwap_gap_bps",
                                           [VOLATILITY_20] = "volatility_20_bps",
                                           [VOLATILITY_60] = "volatility_60_bps",
                                           [ATR] = "atr_14_bps",
                                           [RSI] = "rsi_14",
                                           [MACD_HIST] = "macd_hist_bps",
                                           [BOLLINGER_Z] = "bollinger_z_20",
                                           [VOLUME_Z] = "volume_z_20",
                                           [TRADES] = "trades",
                                           [FLOW_1] = "flow_1",
                                           [FLOW_10] = "flow_10",
                                           [FLOW_60] = "flow_60",
                                           [SPREAD] = "spread_bps",
                                           [IMBALANCE_1] = "imbalance_1",
                                           [IMBALANCE_5] = "imbalance_5",
                                           [IMBALANCE_10] = "imbalance_10",
                                           [MICROPRICE] = "microprice_bps",
                                           [TOUCH_GAP] = "touch_gap_bps",
                                           [TIME_SIN] = "time_sin",
                                           [TIME_COS] = "time_cos"};

const b3_strategy b3_strategy_features = {
    .name = "features",
    .text = "trades nothing: publishes the feature vector with every bar",
    .abi = B3_STRATEGY_ABI,
    .state_size = sizeof(b3_features),
    .signal_count = COUNT,
    .signals = SIGNALS,
    .kinds = 1U << B3_TRADE | 1U << B3_BAR,
    .init = init,
    .on_event = on_event,
};
