/* Blend: several indicators and the model's signal, each a score from -1 (sell) to 1 (buy), added up by weight on every bar:
 *
 *   blend = sum(weight x score) / sum(|weight|)        over the sources that are there
 *
 * so the weight of a source that is absent is shared out among the others, in proportion to theirs. Absent is the model while there is
 * none (no B3_SIGNAL of it came, or its newest is NaN), and the book's imbalance while the book is not whole. While an indicator with a
 * weight is warming up there is no blend. Long once blend >= enter, until blend <= leave; the mirror image with allow_short. The scores
 * are technical.h's, orders goal.h's.
 */
#include "goal.h"
#include "strategies.h"
#include "technical.h"

enum { MODEL = B3_TECHNICAL_COUNT, SOURCE_COUNT };
enum {
    WEIGHTS,
    ENTER = WEIGHTS + SOURCE_COUNT,
    LEAVE,
    ALLOW_SHORT,
    EMA_FAST,
    EMA_SLOW,
    RSI_PERIOD,
    MACD_FAST,
    MACD_SLOW,
    MACD_SIGNAL,
    BOLLINGER_PERIOD,
    BOLLINGER_WIDTH,
    LEVELS,
    ATR_PERIOD,
    SIZING,
    PARAM_COUNT = SIZING + B3_SIZING_PARAM_COUNT
};
enum { SIGNAL_BLEND = SOURCE_COUNT, SIGNAL_COUNT };

typedef struct blend {
    uint32_t size;
    uint32_t version;
    b3_goal goal;
    b3_sizing sizing;
    double weights[SOURCE_COUNT];
    double enter;
    double leave;
    double model; /* newest signal; NaN: none */
    b3_technical technical;
} blend;

static const b3_param PARAMS[] = {
    [WEIGHTS + B3_TECHNICAL_EMA] = {"w_ema", 0.1, -1, 1, "weight", "of the moving averages' score; below 0 turns it round, as with all"},
    [WEIGHTS + B3_TECHNICAL_RSI] = {"w_rsi", 0.1, -1, 1, "weight", "of the RSI's score"},
    [WEIGHTS + B3_TECHNICAL_MACD] = {"w_macd", 0.1, -1, 1, "weight", "of the MACD's score"},
    [WEIGHTS + B3_TECHNICAL_BOLLINGER] = {"w_bollinger", 0.1, -1, 1, "weight", "of the Bollinger bands' score"},
    [WEIGHTS + B3_TECHNICAL_OBI] = {"w_obi", 0.1, -1, 1, "weight", "of the order book's imbalance"},
    [WEIGHTS + MODEL] = {"w_model", 0.5, -1, 1, "weight", "of the model's signal; shared out among the others while there is no model"},
    [ENTER] = {"enter", 0.3, 0, 1, "score", "blend at or above which a position is opened"},
    [LEAVE] = {"leave", 0, -1, 1, "score", "blend at or below which it is closed; less than enter"},
    [ALLOW_SHORT] = {"allow_short", 0, 0, 1, "no|yes", "sell first when the blend is at or below -enter"},
    [EMA_FAST] = {"ema_fast", 12, 1, B3_BARS_MAX, "bars", "period of the fast EMA"},
    [EMA_SLOW] = {"ema_slow", 26, 2, B3_BARS_MAX, "bars", "period of the slow EMA; more than ema_fast"},
    [RSI_PERIOD] = {"rsi_period", 14, 2, B3_BARS_MAX, "bars", "Wilder's period of the RSI"},
    [MACD_FAST] = {"macd_fast", 12, 2, B3_BARS_MAX, "bars", "period of the fast EMA of the MACD"},
    [MACD_SLOW] = {"macd_slow", 26, 3, B3_BARS_MAX, "bars", "period of its slow EMA; more than macd_fast"},
    [MACD_SIGNAL] = {"macd_signal", 9, 1, B3_BARS_MAX, "bars", "period of its signal line"},
    [BOLLINGER_PERIOD] = {"bollinger_period", 20, 2, B3_STREAM_BARS_MAX, "bars", "of mean and deviation"},
    [BOLLINGER_WIDTH] = {"bollinger_width", 2, 0.01, 100, "deviations", "distance from the mean at which the score is 1 or -1"},
    [LEVELS] = {"levels", 5, 1, B3_TECHNICAL_LEVELS_MAX, "levels", "best levels of each side of the book that count"},
    [ATR_PERIOD] = {"atr_period", 14, 1, B3_BARS_MAX, "bars", "Wilder's period of the ATR that price differences are measured in"},
    B3_SIZING_PARAMS(SIZING, 0.01),
};
static const char *const SIGNALS[] = {
    [B3_TECHNICAL_EMA] = "score_ema",   [B3_TECHNICAL_RSI] = "score_rsi",
    [B3_TECHNICAL_MACD] = "score_macd", [B3_TECHNICAL_BOLLINGER] = "score_bollinger",
    [B3_TECHNICAL_OBI] = "score_obi",   [MODEL] = "score_model",
    [SIGNAL_BLEND] = "blend",
};

static int32_t init(void *state, const double *params, const b3_instrument *instrument) {
    blend *b = state;
    if (!b3_strategy_params_valid(PARAMS, PARAM_COUNT, params) || params[LEAVE] >= params[ENTER]) return B3_ERR_ARGUMENT;
    const b3_technical_config technical = {.ema_fast = (uint32_t)params[EMA_FAST],
                                           .ema_slow = (uint32_t)params[EMA_SLOW],
                                           .rsi_period = (uint32_t)params[RSI_PERIOD],
                                           .macd_fast = (uint32_t)params[MACD_FAST],
                                           .macd_slow = (uint32_t)params[MACD_SLOW],
                                           .macd_signal = (uint32_t)params[MACD_SIGNAL],
                                           .bollinger_period = (uint32_t)params[BOLLINGER_PERIOD],
                                           .atr_period = (uint32_t)params[ATR_PERIOD],
                                           .levels = (uint32_t)params[LEVELS],
                                           .bollinger_width = params[BOLLINGER_WIDTH]};
    double total = 0.0;
    for (uint32_t i = 0; i < SOURCE_COUNT; ++i) total += fabs(b->weights[i] = params[WEIGHTS + i]);
    if (total == 0.0 || b3_technical_init(&b->technical, &technical) != B3_OK) return B3_ERR_ARGUMENT;
    b->size = sizeof *b;
    b->version = 1;
    b->goal.allow_short = params[ALLOW_SHORT] > 0.0;
    b->enter = params[ENTER];
    b->leave = params[LEAVE];
    b->model = NAN;
    return b3_sizing_init(&b->sizing, &params[SIZING], instrument);
}

/* NaN: an indicator is warming up, or nothing with a weight is there. */
static double blended(const blend *b, const double *scores) {
    double sum = 0.0;
    double weight = 0.0;
    for (uint32_t i = 0; i < SOURCE_COUNT; ++i) {
        if (b->weights[i] == 0.0) continue;
        if (isnan(scores[i]) && (i == MODEL || i == B3_TECHNICAL_OBI)) continue;
        sum += b->weights[i] * scores[i];
        weight += fabs(b->weights[i]);
    }
    return weight > 0.0 ? sum / weight : NAN;
}

static int32_t on_bar(blend *b, const b3_bar *bar, const b3_view *view, b3_slot *out) {
    double scores[SIGNAL_COUNT];
    b3_sizing_on_bar(&b->sizing, bar, view->instrument);
    b3_technical_on_bar(&b->technical, bar, view, scores);
    scores[MODEL] = b->model;
    scores[SIGNAL_BLEND] = blended(b, scores);
    if (isnan(scores[SIGNAL_BLEND])) return 0;
    b3_goal_on_score(&b->goal, scores[SIGNAL_BLEND], b->enter, b->leave);
    int32_t count = b3_goal_trade(&b->goal, &b->sizing, view, out);
    for (uint32_t i = 0; i < SIGNAL_COUNT; ++i)
        if (!isnan(scores[i])) count += b3_strategy_put_signal(&out[count], i, scores[i]);
    return count;
}

static int32_t on_event(void *state, const b3_header *event, const b3_view *view, b3_slot *out, int32_t cap) {
    blend *b = state;
    if (cap < 1 + SIGNAL_COUNT) return B3_ERR_CAPACITY;
    if (event->kind == B3_SIGNAL) {
        const double value = ((const b3_signal *)(const void *)event)->value;
        b->model = value > 1.0 ? 1.0 : value < -1.0 ? -1.0 : value;
    }
    return b3_is_own_bar(event) ? on_bar(b, (const b3_bar *)(const void *)event, view, out) : 0;
}

const b3_strategy b3_strategy_blend = {
    .name = "blend",
    .text = "long while a weighted blend of indicators, order book and model is high (short while it is low)",
    .abi = B3_STRATEGY_ABI,
    .state_size = sizeof(blend),
    .param_count = PARAM_COUNT,
    .signal_count = SIGNAL_COUNT,
    .params = PARAMS,
    .signals = SIGNALS,
    .kinds = 1U << B3_BAR | 1U << B3_SIGNAL,
    .init = init,
    .on_event = on_event,
};
