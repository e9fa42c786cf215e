#include "strategies.h"

#include <math.h>
#include <string.h>

#include "base/money.h"

static const b3_strategy *const TABLE[] = {
    &b3_strategy_ema_cross, &b3_strategy_rsi_reversion, &b3_strategy_macd,         &b3_strategy_bollinger,
    &b3_strategy_obi,       &b3_strategy_blend,         &b3_strategy_market_maker, &b3_strategy_features,
};

const b3_strategy *b3_strategy_at(uint32_t index) {
    return index < sizeof TABLE / sizeof TABLE[0] ? TABLE[index] : NULL;
}

const b3_strategy *b3_strategy_find(const char *name) {
    for (uint32_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; ++i)
        if (strcmp(TABLE[i]->name, name) == 0) return TABLE[i];
    return NULL;
}

static int counts(const char *unit) {
    return strcmp(unit, "bars") == 0 || strcmp(unit, "levels") == 0 || strcmp(unit, "ticks") == 0 || strcmp(unit, "samples") == 0 ||
           strchr(unit, '|') != NULL;
}

int b3_strategy_params_valid(const b3_param *params, uint32_t count, const double *values) {
    for (uint32_t i = 0; i < count; ++i) {
        if (!(values[i] >= params[i].min && values[i] <= params[i].max)) return 0;
        if (counts(params[i].unit) && values[i] != floor(values[i])) return 0;
    }
    return 1;
}

double b3_strategy_price(const b3_instrument *instrument, int64_t price_raw) {
    return (double)price_raw / (double)b3_pow10[instrument->price_scale];
}

static int32_t put(b3_slot *slot, const b3_request *request) {
    memcpy(slot, request, sizeof *request);
    return 1;
}

int32_t b3_strategy_put_market(b3_slot *slot, uint8_t side, int64_t qty_raw) {
    const b3_request request = {
        .hdr.kind = B3_REQUEST, .action = B3_NEW, .side = side, .order_type = B3_MARKET, .tif = B3_IOC, .qty_raw = qty_raw};
    return put(slot, &request);
}

int32_t b3_strategy_put_quote(b3_slot *slot, uint8_t side, int64_t price_raw, int64_t qty_raw, uint64_t orig_order_id) {
    const b3_request request = {.hdr.kind = B3_REQUEST,
                                .action = orig_order_id == 0 ? B3_NEW : B3_REPLACE,
                                .side = side,
                                .order_type = B3_LIMIT,
                                .tif = B3_POST_ONLY,
                                .orig_order_id = orig_order_id,
                                .price_raw = price_raw,
                                .qty_raw = qty_raw};
    return put(slot, &request);
}

int32_t b3_strategy_put_cancel(b3_slot *slot, uint8_t side, uint64_t order_id) {
    const b3_request request = {.hdr.kind = B3_REQUEST, .action = B3_CANCEL, .side = side, .orig_order_id = order_id};
    return put(slot, &request);
}

int32_t b3_strategy_put_signal(b3_slot *slot, uint32_t signal, double value) {
    const b3_signal event = {.hdr.kind = B3_SIGNAL, .value = value, .signal = signal};
    memcpy(slot, &event, sizeof event);
    return 1;
}
