#include "risk/ledger.h"

#include "base/money.h"

static int64_t absolute(int64_t value) {
    return value < 0 ? -value : value;
}

/* ---------------------------------------------------------------- lots */

void b3_lots_init(b3_lots *lots, uint32_t method, b3_lot *pool, uint32_t capacity) {
    lots->pool = pool;
    lots->method = method;
    lots->first_free = capacity != 0;
    lots->free_count = capacity;
    for (uint32_t i = 0; i < capacity; i++) pool[i].older = i + 1 < capacity ? i + 2 : 0;
}

static void remember(b3_ledger *ledger, b3_lots *lots, int64_t price, int64_t qty, int64_t cost, uint64_t order_id) {
    if (ledger->newest != 0) {
        b3_lot *newest = &lots->pool[ledger->newest - 1];
        if (newest->order_id == order_id && newest->price_raw == price) {
            newest->qty_raw += qty;
            newest->cost_raw += cost;
            return;
        }
    }
    const uint32_t place = lots->first_free;
    b3_lot *lot = &lots->pool[place - 1];
    lots->first_free = lot->older;
    lots->free_count--;
    *lot = (b3_lot){.qty_raw = qty, .cost_raw = cost, .price_raw = price, .order_id = order_id, .older = ledger->newest};
    if (ledger->newest != 0) lots->pool[ledger->newest - 1].newer = place;
    else ledger->oldest = place;
    ledger->newest = place;
}

static void forget(b3_ledger *ledger, b3_lots *lots, uint32_t place) {
    b3_lot *lot = &lots->pool[place - 1];
    if (lot->older != 0) lots->pool[lot->older - 1].newer = lot->newer;
    else ledger->oldest = lot->newer;
    if (lot->newer != 0) lots->pool[lot->newer - 1].older = lot->older;
    else ledger->newest = lot->older;
    lot->older = lots->first_free;
    lots->first_free = place;
    lots->free_count++;
}

/* Takes a quantity out of the lots; returns its cost. */
static int64_t take_lots(b3_ledger *ledger, b3_lots *lots, int64_t qty) {
    int64_t taken = 0;
    while (qty > 0) {
        const uint32_t place = lots->method == B3_PNL_FIFO ? ledger->oldest : ledger->newest;
        b3_lot *lot = &lots->pool[place - 1];
        int64_t cost = lot->cost_raw;
        if (qty < lot->qty_raw) {
            (void)b3_mul_div(lot->cost_raw, qty, lot->qty_raw, &cost); /* a part of it: it fits */
            lot->qty_raw -= qty;
            lot->cost_raw -= cost;
            qty = 0;
        } else {
            qty -= lot->qty_raw;
            forget(ledger, lots, place);
        }
        taken += cost;
    }
    return taken;
}

/* ---------------------------------------------------------------- trades */

/* Whether five such values fit int64 together. */
#define SMALL ((int64_t)1 << 60)
static uint64_t shifted(int64_t value) {
    return (uint64_t)value + SMALL; /* below 2 x SMALL if it is small either way */
}

int32_t b3_ledger_check(const b3_ledger *ledger, int64_t qty_raw, int64_t notional_raw) {
    const uint64_t all = shifted(ledger->qty_raw) | shifted(ledger->cost_raw) | shifted(ledger->realized_raw) | shifted(ledger->fees_raw) |
                         shifted(qty_raw) | shifted(notional_raw);
    if (all < 2 * (uint64_t)SMALL) return B3_OK;
    const b3_int128 qty = (b3_int128)absolute(ledger->qty_raw) + qty_raw;
    const b3_int128 cost = (b3_int128)absolute(ledger->cost_raw) + notional_raw;
    const b3_int128 realized = cost + absolute(ledger->realized_raw) + notional_raw;
    const b3_int128 fees = (b3_int128)absolute(ledger->fees_raw) + notional_raw;
    return qty <= INT64_MAX && realized <= INT64_MAX && fees <= INT64_MAX ? B3_OK : B3_ERR_OVERFLOW;
}

/* qty: > 0, at most the position. */
static void close_part(b3_ledger *ledger, b3_lots *lots, int64_t qty, int64_t notional) {
    const int64_t sign = ledger->qty_raw > 0 ? 1 : -1;
    int64_t taken = 0;
    if (lots->method == B3_PNL_WEIGHTED_AVERAGE) (void)b3_mul_div(absolute(ledger->cost_raw), qty, absolute(ledger->qty_raw), &taken);
    else taken = take_lots(ledger, lots, qty);
    ledger->realized_raw += sign * (notional - taken);
    ledger->cost_raw -= sign * taken;
    ledger->qty_raw -= sign * qty;
}

void b3_ledger_trade(b3_ledger *ledger, b3_lots *lots, const b3_instrument *instrument, int64_t price_raw, int64_t qty_raw,
                     int64_t notional_raw, uint64_t order_id) {
    const int64_t sign = qty_raw > 0 ? 1 : -1;
    int64_t opening = absolute(qty_raw);
    if (ledger->qty_raw != 0 && (ledger->qty_raw > 0) != (qty_raw > 0)) {
        const int64_t held = absolute(ledger->qty_raw);
        const int64_t closing = opening < held ? opening : held;
        int64_t notional = notional_raw;
        if (closing < opening) (void)b3_notional(instrument, price_raw, closing, &notional); /* at most the whole: it fits */
        close_part(ledger, lots, closing, notional);
        opening -= closing;
        notional_raw -= notional;
    }
    if (opening == 0) return;
    ledger->qty_raw += sign * opening;
    ledger->cost_raw += sign * notional_raw;
    if (lots->method != B3_PNL_WEIGHTED_AVERAGE) remember(ledger, lots, price_raw, opening, notional_raw, order_id);
}
