#include "strategies.h"

#include <string.h>

static const b3_strategy *const TABLE[] = {&b3_strategy_ema_cross, &b3_strategy_obi};

const b3_strategy *b3_strategy_at(uint32_t index) {
    return index < sizeof TABLE / sizeof TABLE[0] ? TABLE[index] : NULL;
}

const b3_strategy *b3_strategy_find(const char *name) {
    for (uint32_t i = 0; i < sizeof TABLE / sizeof TABLE[0]; ++i)
        if (strcmp(TABLE[i]->name, name) == 0) return TABLE[i];
    return NULL;
}

int b3_strategy_in_bounds(const b3_param *params, uint32_t count, const double *values) {
    for (uint32_t i = 0; i < count; ++i)
        if (!(values[i] >= params[i].min && values[i] <= params[i].max)) return 0;
    return 1;
}

int32_t b3_strategy_put_market(b3_slot *slot, uint8_t side, int64_t qty_raw) {
    const b3_request request = {
        .hdr.kind = B3_REQUEST, .action = B3_NEW, .side = side, .order_type = B3_MARKET, .tif = B3_IOC, .qty_raw = qty_raw};
    memcpy(slot, &request, sizeof request);
    return 1;
}

int32_t b3_strategy_put_signal(b3_slot *slot, uint32_t signal, double value) {
    const b3_signal event = {.hdr.kind = B3_SIGNAL, .value = value, .signal = signal};
    memcpy(slot, &event, sizeof event);
    return 1;
}
