#include "risk/worst_case.h"

/* In two steps, since the product needs more than 128 bits. */
b3_int128 b3_worst_converted(b3_int128 exposure, int64_t rate) {
    const uint64_t one = (uint64_t)b3_pow10[B3_MONEY_SCALE];
    const uint64_t high = (uint64_t)(exposure >> 64);
    uint64_t low = 0;
    uint64_t left = 0;
    (void)b3_div_wide((b3_uint128)(high % one) << 64 | (uint64_t)exposure, one, &low, &left); /* high % one < one: it fits */
    const b3_int128 whole = (b3_int128)(high / one) << 64 | low;
    if (whole > B3_EXPOSURE_UNKNOWN / rate) return B3_EXPOSURE_UNKNOWN;
    int64_t part = 0;
    (void)b3_mul_div_up((int64_t)left, rate, (int64_t)one, &part); /* left < one: at most the rate */
    const b3_int128 sum = whole * rate + part;
    return sum < B3_EXPOSURE_UNKNOWN ? sum : B3_EXPOSURE_UNKNOWN;
}

int64_t b3_worst_money(b3_int128 exposure) {
    const b3_int128 money = (exposure + B3_EXPOSURE_PER_MONEY - 1) / B3_EXPOSURE_PER_MONEY;
    return money > INT64_MAX ? INT64_MAX : (int64_t)money;
}

/* A fill moves the position by what it takes off the pending quantity: neither sum grows by it, and risk has seen that they fit. */
static int64_t clamped(b3_int128 value) {
    return value > INT64_MAX ? INT64_MAX : value < -INT64_MAX ? -INT64_MAX : (int64_t)value;
}

static void refresh_exposure(b3_worst_case *worst, b3_desk *desk) {
    if (!worst->counted) return;
    const int64_t qty = desk->high_raw > -desk->low_raw ? desk->high_raw : -desk->low_raw;
    b3_worst_set_exposure(worst, desk, b3_worst_exposure(worst, desk, desk->mark_raw, qty));
}

void b3_worst_refresh(b3_worst_case *worst, uint32_t instrument) {
    b3_desk *desk = &worst->desks[instrument];
    const int64_t held = b3_account_qty(worst->account, instrument);
    desk->high_raw = clamped((b3_int128)held + desk->pending_buy_raw);
    desk->low_raw = clamped((b3_int128)held - desk->pending_sell_raw);
    refresh_exposure(worst, desk);
}

void b3_worst_on_mark(b3_worst_case *worst, uint32_t instrument, int64_t price_raw) {
    b3_desk *desk = &worst->desks[instrument];
    if (desk->mark_raw == price_raw) return;
    desk->mark_raw = price_raw;
    refresh_exposure(worst, desk);
}

void b3_worst_on_rate(b3_worst_case *worst, uint32_t currency, int64_t rate_raw) {
    worst->rates[currency] = rate_raw > 0 ? rate_raw : 0;
    for (uint32_t i = 0; i < worst->instrument_count; i++)
        if (worst->desks[i].quote_currency == currency) refresh_exposure(worst, &worst->desks[i]);
}

void b3_worst_case_init(b3_worst_case *worst, b3_desk *desks, int64_t *rates, const b3_instrument *instruments,
                        const b3_instrument_limits *limits, uint32_t instrument_count, const b3_account *account, int counted) {
    worst->account = account;
    worst->desks = desks;
    worst->rates = rates;
    worst->instrument_count = instrument_count;
    worst->counted = counted != 0;
    for (uint32_t i = 0; i < instrument_count; i++) {
        const int digits = B3_EXPOSURE_SCALE - instruments[i].price_scale - instruments[i].qty_scale;
        desks[i].factor = (b3_int128)b3_pow10[digits / 2] * b3_pow10[digits - digits / 2];
        desks[i].product_max = B3_EXPOSURE_UNKNOWN / desks[i].factor;
        desks[i].limits = limits[i];
        desks[i].quote_currency = instruments[i].quote_currency;
        b3_worst_refresh(worst, i); /* the account may hold something already */
    }
}
