#include "risk/worst_case.h"

/* value x rate / 10^8 in two steps, since the product needs more than 128 bits. */
static b3_int128 converted(b3_int128 value, int64_t rate, int up) {
    const uint64_t one = (uint64_t)b3_pow10[B3_MONEY_SCALE];
    const uint64_t high = (uint64_t)(value >> 64);
    uint64_t low = 0;
    uint64_t left = 0;
    (void)b3_div_wide((b3_uint128)(high % one) << 64 | (uint64_t)value, one, &low, &left); /* high % one < one: it fits */
    const b3_int128 whole = (b3_int128)(high / one) << 64 | low;
    if (whole > B3_EXPOSURE_UNKNOWN / rate) return B3_EXPOSURE_UNKNOWN;
    uint64_t part = 0;
    uint64_t rest = 0;
    (void)b3_div_wide((b3_uint128)left * (uint64_t)rate, one, &part, &rest); /* left < one: at most the rate */
    const b3_int128 sum = whole * rate + (b3_int128)part + (up && rest != 0);
    return sum < B3_EXPOSURE_UNKNOWN ? sum : B3_EXPOSURE_UNKNOWN;
}

b3_int128 b3_worst_value(const b3_worst_case *worst, const b3_desk *desk, int64_t mark, int64_t qty, int up) {
    const int64_t rate = worst->rates[desk->quote_currency];
    const b3_int128 product = (b3_int128)mark * qty;
    b3_int128 value = B3_EXPOSURE_UNKNOWN;
    if (qty == 0) return 0;
    if (mark > 0 && rate != 0 && product <= desk->product_max) value = desk->factor == 1 ? product : product * desk->factor;
    if (value < B3_EXPOSURE_UNKNOWN && rate != b3_pow10[B3_MONEY_SCALE]) value = converted(value, rate, up);
    return up || value < B3_EXPOSURE_UNKNOWN ? value : 0;
}

/* A fill moves the position by what it takes off the pending quantity: neither sum grows by it, and risk has seen that they fit. */
static int64_t clamped(b3_int128 value) {
    return value > INT64_MAX ? INT64_MAX : value < -INT64_MAX ? -INT64_MAX : (int64_t)value;
}

int64_t b3_worst_money(const b3_worst_case *worst, b3_int128 exposure) {
    const b3_int128 carry = exposure > 0 ? worst->per_money - 1 : 0;
    return clamped((exposure + carry) / worst->per_money);
}

static b3_exposure exposure_now(const b3_worst_case *worst, const b3_desk *desk) {
    return b3_worst_exposure(worst, desk, desk->mark_raw, desk->high_raw, desk->low_raw);
}

static void add(b3_exposure *sums, const b3_exposure *exposure) {
    sums->of_buys += exposure->of_buys;
    sums->of_sells += exposure->of_sells;
    sums->gross += exposure->gross;
}

static void take_out(b3_exposure *sums, const b3_exposure *exposure) {
    sums->of_buys -= exposure->of_buys;
    sums->of_sells -= exposure->of_sells;
    sums->gross -= exposure->gross;
}

b3_exposure b3_worst_others(const b3_worst_case *worst, const b3_desk *desk) {
    b3_exposure others = worst->sums;
    if (!worst->counted || worst->apart == desk) return others;
    if (desk != NULL) take_out(&others, &desk->exposure);
    if (worst->apart != NULL) {
        const b3_exposure apart = exposure_now(worst, worst->apart);
        add(&others, &apart);
    }
    return others;
}

void b3_worst_set_apart(b3_worst_case *worst, b3_desk *desk) {
    b3_desk *before = worst->apart;
    if (before != NULL) {
        before->exposure = exposure_now(worst, before);
        add(&worst->sums, &before->exposure);
    }
    take_out(&worst->sums, &desk->exposure);
    worst->apart = desk;
}

static void refresh_exposure(b3_worst_case *worst, b3_desk *desk) {
    if (!worst->counted || desk == worst->apart) return;
    take_out(&worst->sums, &desk->exposure);
    desk->exposure = exposure_now(worst, desk);
    add(&worst->sums, &desk->exposure);
}

void b3_worst_refresh(b3_worst_case *worst, uint32_t instrument) {
    b3_desk *desk = &worst->desks[instrument];
    const int64_t held = b3_account_qty(worst->account, instrument);
    desk->high_raw = clamped((b3_int128)held + desk->pending_buy_raw);
    desk->low_raw = clamped((b3_int128)held - desk->pending_sell_raw);
    const uint32_t is_open = (uint32_t)b3_worst_is_open(desk, desk->high_raw, desk->low_raw);
    worst->open_positions += is_open - desk->is_open;
    desk->is_open = is_open;
    if (worst->counted) b3_worst_keep_apart(worst, desk);
}

void b3_worst_on_mark(b3_worst_case *worst, uint32_t instrument, int64_t price_raw) {
    b3_desk *desk = &worst->desks[instrument];
    if (desk->mark_raw == price_raw) return;
    desk->mark_raw = price_raw;
    if ((desk->high_raw | desk->low_raw) != 0) refresh_exposure(worst, desk); /* nothing is worth nothing: this is on every tick */
}

void b3_worst_on_rate(b3_worst_case *worst, uint32_t currency, int64_t rate_raw) {
    const int64_t rate = rate_raw > 0 ? rate_raw : 0;
    if (worst->rates[currency] == rate) return;
    worst->rates[currency] = rate;
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
    int scale = B3_MONEY_SCALE;
    for (uint32_t i = 0; i < instrument_count; i++) {
        const int digits = instruments[i].price_scale + instruments[i].qty_scale;
        if (digits > scale) scale = digits;
    }
    worst->per_money = b3_pow10[scale - B3_MONEY_SCALE];
    for (uint32_t i = 0; i < instrument_count; i++) {
        const int digits = scale - instruments[i].price_scale - instruments[i].qty_scale;
        desks[i].factor = (b3_int128)b3_pow10[digits / 2] * b3_pow10[digits - digits / 2];
        desks[i].product_max = (B3_EXPOSURE_UNKNOWN - 1) / desks[i].factor;
        desks[i].dust_raw = instruments[i].lot_min_raw > 0 ? instruments[i].lot_min_raw : 1;
        desks[i].limits = limits[i];
        desks[i].quote_currency = instruments[i].quote_currency;
        b3_worst_refresh(worst, i); /* the account may hold something already */
    }
}
