#include "venue/state.h"

#include <string.h>

b3_update b3_paper_answer(const b3_paper_order *order, uint8_t state, uint16_t rule) {
    return (b3_update){
        .hdr = {.kind = B3_UPDATE,
                .version = 1,
                .venue = order->venue,
                .account = order->account,
                .instrument = order->instrument,
                .strategy = order->strategy},
        .state = state,
        .side = order->side,
        .order_type = order->order_type,
        .rule = rule,
        .order_id = order->order_id,
        .venue_order_id = order->venue_order_id,
        .price_raw = order->price_raw,
        .qty_raw = order->qty_raw,
        .cum_qty_raw = order->cum_qty_raw,
    };
}

void b3_paper_write(b3_slot *out, const b3_update *update) {
    memcpy(out, update, sizeof(*update));
}

void b3_paper_tell(b3_slot *out, const b3_paper_order *order, uint8_t state, uint16_t rule) {
    const b3_update update = b3_paper_answer(order, state, rule);
    b3_paper_write(out, &update);
}

int b3_paper_fill(b3_paper *paper, b3_slot *out, b3_paper_order *order, int64_t price_raw, int64_t qty_raw, uint8_t liquidity) {
    b3_fee fee = {0};
    if (b3_fees_on_fill(&paper->fees, &paper->instruments[order->instrument], order->side, liquidity, price_raw, qty_raw, &fee) != B3_OK) {
        b3_paper_tell(out, order, B3_EXPIRED, B3_RULE_OVERFLOW);
        return 1;
    }
    order->cum_qty_raw += qty_raw;
    const int whole = order->cum_qty_raw == order->qty_raw;
    b3_update update = b3_paper_answer(order, whole ? B3_FILLED : B3_PARTIALLY_FILLED, B3_RULE_NONE);
    update.liquidity = liquidity;
    update.exec_id = ++paper->exec_id;
    update.last_price_raw = price_raw;
    update.last_qty_raw = qty_raw;
    update.fee_raw = fee.fee_raw;
    update.fee_currency = (uint16_t)fee.currency;
    b3_paper_write(out, &update);
    return whole;
}
