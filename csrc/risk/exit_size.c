#include "risk/exit_size.h"

#include "risk/filters.h"

static int64_t smaller_bound(int64_t qty, int64_t bound) {
    return bound > 0 && bound < qty ? bound : qty;
}

static int64_t whole(int64_t qty, int64_t step) {
    return step > 0 ? qty - qty % step : qty;
}

int64_t b3_exit_size(const b3_instrument *instrument, const b3_instrument_limits *limits, const b3_touch *touch, uint8_t side,
                     int64_t held_raw) {
    int64_t qty = smaller_bound(held_raw, limits->order_qty_max_raw);
    qty = smaller_bound(qty, instrument->lot_max_raw);
    qty = smaller_bound(qty, instrument->market_lot_max_raw);
    qty = whole(whole(qty, instrument->lot_step_raw), instrument->market_lot_step_raw);
    if (qty <= 0) return 0;
    const b3_request request = {.action = B3_NEW, .side = side, .order_type = B3_MARKET, .tif = B3_IOC, .qty_raw = qty};
    const int known = touch->bid_qty_raw > 0 && touch->ask_qty_raw > 0;
    const int64_t mid = known ? touch->bid_price_raw + (touch->ask_price_raw - touch->bid_price_raw) / 2 : 0;
    int64_t limit = 0;
    int64_t value = 0;
    return b3_filters_check(instrument, &request, mid, 0, 0, &limit, &value) == B3_RULE_NONE ? qty : 0;
}
