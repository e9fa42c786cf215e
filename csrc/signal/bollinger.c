/* Bollinger bands, by z = (close - mean) / deviation over the period (the population's deviation; a close at a band has z = +-width).
 * reversion: long once z <= -width, until z >= -leave. breakout: long once z >= width, until z <= leave. With allow_short the mirror
 * image too. Nothing happens on a bar where no close of the period deviates. Orders are goal.h's.
 */
#include "goal.h"
#include "strategies.h"

enum { PERIOD, WIDTH, LEAVE, MODE, ALLOW_SHORT, SIZING, PARAM_COUNT = SIZING + B3_SIZING_PARAM_COUNT };
enum { SIGNAL_Z, SIGNAL_COUNT };
enum { REVERSION, BREAKOUT };

typedef struct bands {
    uint32_t size;
    uint32_t version;
    b3_goal goal;
    b3_sizing sizing;
    double width;
    double leave;
    double sign; /* of z in the score: what is far out is bought in a breakout, sold in a reversion */
    uint64_t zscore[B3_STREAM_WORDS(B3_STREAM_BARS_MAX)];
} bands;

static const b3_param PARAMS[] = {
    [PERIOD] = {"period", 20, 2, B3_STREAM_BARS_MAX, "bars", "of mean and deviation"},
    [WIDTH] = {"width", 2, 0, 100, "deviations", "distance of the bands from the mean: where a position is opened"},
    [LEAVE] = {"leave", 0, -100, 100, "deviations", "distance on the same side at which it is closed; less than width"},
    [MODE] = {"mode", REVERSION, REVERSION, BREAKOUT, "reversion|breakout", "trade back to the mean, or away from it"},
    [ALLOW_SHORT] = {"allow_short", 0, 0, 1, "no|yes", "trade the other band too, by selling first"},
    B3_SIZING_PARAMS(SIZING, 0.01),
};
static const char *const SIGNALS[] = {[SIGNAL_Z] = "bollinger_z"};

static int32_t init(void *state, const double *params, const b3_instrument *instrument) {
    bands *b = state;
    if (!b3_strategy_params_valid(PARAMS, PARAM_COUNT, params) || params[LEAVE] >= params[WIDTH]) return B3_ERR_ARGUMENT;
    b->size = sizeof *b;
    b->version = 1;
    b->goal.allow_short = params[ALLOW_SHORT] > 0.0;
    b->width = params[WIDTH];
    b->leave = params[LEAVE];
    b->sign = params[MODE] > 0.0 ? 1.0 : -1.0;
    if (b3_stream_init(&b3_indicator_zscore, &params[PERIOD], 1, b->zscore, sizeof b->zscore) != B3_OK) return B3_ERR_ARGUMENT;
    return b3_sizing_init(&b->sizing, &params[SIZING], instrument);
}

static int32_t on_event(void *state, const b3_header *event, const b3_view *view, b3_slot *out, int32_t cap) {
    bands *b = state;
    const b3_bar *bar = (const b3_bar *)(const void *)event;
    if (!b3_is_own_bar(event)) return 0;
    if (cap < 1 + SIGNAL_COUNT) return B3_ERR_CAPACITY;
    b3_sizing_on_bar(&b->sizing, bar, view->instrument);
    const double z = b3_stream_push(&b3_indicator_zscore, b->zscore, b3_strategy_price(view->instrument, bar->close_raw));
    if (isnan(z)) return 0;
    b3_goal_on_score(&b->goal, b->sign * z, b->width, b->leave);
    const int32_t count = b3_goal_trade(&b->goal, &b->sizing, view, out);
    return count + b3_strategy_put_signal(&out[count], SIGNAL_Z, z);
}

const b3_strategy b3_strategy_bollinger = {
    .name = "bollinger",
    .text = "long from one Bollinger band of the closes: the lower one back to the mean, or the upper one away from it",
    .abi = B3_STRATEGY_ABI,
    .state_size = sizeof(bands),
    .param_count = PARAM_COUNT,
    .signal_count = SIGNAL_COUNT,
    .params = PARAMS,
    .signals = SIGNALS,
    .kinds = 1U << B3_BAR,
    .init = init,
    .on_event = on_event,
};
