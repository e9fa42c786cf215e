#include "venue/fees.h"

#include "base/money.h"

static int possible(int64_t rate_raw) {
    return rate_raw <= b3_pow10[B3_MONEY_SCALE] && rate_raw >= -b3_pow10[B3_MONEY_SCALE];
}

int32_t b3_fees_check(const b3_paper_config *config) {
    if (config->fee_tier_count == 0 || config->fee_tier_count > B3_FEE_TIERS || config->fees[0].volume_min_raw != 0) return B3_ERR_ARGUMENT;
    for (uint32_t i = 0; i < config->fee_tier_count; i++) {
        const b3_fee_tier *tier = &config->fees[i];
        if (!possible(tier->maker_fee_rate_raw) || !possible(tier->taker_fee_rate_raw)) return B3_ERR_ARGUMENT;
        if (i > 0 && tier->volume_min_raw <= config->fees[i - 1].volume_min_raw) return B3_ERR_ARGUMENT;
    }
    return config->fee_asset >= B3_FEE_QUOTE && config->fee_asset <= B3_FEE_THIRD ? B3_OK : B3_ERR_ARGUMENT;
}

void b3_fees_on_rate(b3_fees *fees, const b3_rate *rate) {
    if (fees->config->fee_asset != B3_FEE_THIRD || rate->base != fees->config->fee_currency || rate->quote >= fees->currency_count) return;
    if (rate->rate_raw > 0) fees->rates[rate->quote] = rate->rate_raw;
}

void b3_fees_on_balance(b3_fees *fees, const b3_balance *balance) {
    if (balance->currency == fees->config->fee_currency) fees->left_raw = balance->total_raw;
}

static int64_t fee_rate(const b3_fees *fees, uint32_t quote, uint8_t liquidity) {
    uint32_t tier = fees->config->fee_tier_count - 1;
    while (tier > 0 && fees->config->fees[tier].volume_min_raw > fees->volumes[quote]) tier--;
    const b3_fee_tier *found = &fees->config->fees[tier];
    return liquidity == B3_MAKER ? found->maker_fee_rate_raw : found->taker_fee_rate_raw;
}

int32_t b3_fees_on_fill(b3_fees *fees, const b3_instrument *instrument, uint8_t side, uint8_t liquidity, int64_t price_raw, int64_t qty_raw,
                        b3_fee *fee) {
    const uint32_t quote = instrument->quote_currency;
    const uint16_t asset = fees->config->fee_asset;
    const int64_t rate_raw = fee_rate(fees, quote, liquidity);
    const int64_t third_rate_raw = asset == B3_FEE_THIRD ? fees->rates[quote] : 0;
    int64_t notional_raw = 0;
    int32_t status = b3_notional(instrument, price_raw, qty_raw, &notional_raw);
    if (status != B3_OK) return status;
    if (third_rate_raw > 0) status = b3_mul_div(notional_raw, rate_raw, third_rate_raw, &fee->fee_raw);
    if (third_rate_raw > 0 && (status != B3_OK || fee->fee_raw <= fees->left_raw)) {
        fee->currency = fees->config->fee_currency;
        if (status == B3_OK && b3_add(fees->left_raw, -fee->fee_raw, &fees->left_raw) != B3_OK) fees->left_raw = INT64_MAX;
    } else if (asset != B3_FEE_QUOTE && side == B3_BUY) {
        fee->currency = instrument->base_currency;
        status = b3_mul_div(qty_raw, rate_raw, b3_pow10[instrument->qty_scale], &fee->fee_raw);
    } else {
        fee->currency = quote;
        status = b3_mul_div(notional_raw, rate_raw, b3_pow10[B3_MONEY_SCALE], &fee->fee_raw);
    }
    if (status != B3_OK) return status;
    if (b3_add(fees->volumes[quote], notional_raw, &fees->volumes[quote]) != B3_OK) fees->volumes[quote] = INT64_MAX;
    return B3_OK;
}
