#include "trading.h"

#include "risk/passes.h"

uint32_t b3t_book_levels(const void *book, uint8_t side, b3_book_level *out, uint32_t cap) {
    const b3t_book *made = book;
    const uint32_t index = side == B3_BUY ? 0 : 1;
    const uint32_t count = made->counts[index] < cap ? made->counts[index] : cap;
    for (uint32_t i = 0; i < count; i++) out[i] = side == B3_BUY ? made->bids[i] : made->asks[i];
    return count;
}

int64_t b3t_book_qty_at(const void *book, uint8_t side, int64_t price_raw) {
    const b3t_book *made = book;
    const uint32_t count = made->counts[side == B3_BUY ? 0 : 1];
    const b3_book_level *levels = side == B3_BUY ? made->bids : made->asks;
    for (uint32_t i = 0; i < count; i++)
        if (levels[i].price_raw == price_raw) return levels[i].qty_raw;
    return 0;
}

void b3t_filters_check_many(const b3_instrument *instrument, const b3_request *requests, uint32_t count, int64_t reference_price_raw,
                            int64_t position_raw, uint32_t open_orders, uint16_t *rules, int64_t *limits, int64_t *values) {
    for (uint32_t i = 0; i < count; i++)
        rules[i] = b3_filters_check(instrument, &requests[i], reference_price_raw, position_raw, open_orders, &limits[i], &values[i]);
}

int b3t_risk_passes(b3_risk *risk, const b3_request *request, const b3_view *view) {
    b3_case c = {.request = request, .view = view};
    return b3_passes(risk, &c);
}
