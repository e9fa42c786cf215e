#include "features.h"

#include "signal/imbalance.h"

double b3t_imbalance(const b3_book_level *bids, uint32_t bid_count, const b3_book_level *asks, uint32_t ask_count) {
    return b3_imbalance(bids, bid_count, asks, ask_count);
}

double b3t_microprice_deviation(const b3_touch *touch) {
    return b3_microprice_deviation(touch);
}
