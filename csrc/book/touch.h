/* The touch that trading uses: the venue's ticker and the depth book, fused by update id. The newer id wins; of equal ids the ticker
 * stays; older data never overwrites newer. Inline: runs on every quote. */
#ifndef B3_BOOK_TOUCH_H
#define B3_BOOK_TOUCH_H

#include "bot3.h"

/* 1: the touch took the quote. 0: the quote is older than the touch, or of the same id. */
static inline int32_t b3_touch_on_quote(b3_touch *touch, const b3_quote *quote) {
    if (quote->update_id <= touch->update_id) return 0;
    touch->bid_price_raw = quote->bid_price_raw;
    touch->bid_qty_raw = quote->bid_qty_raw;
    touch->ask_price_raw = quote->ask_price_raw;
    touch->ask_qty_raw = quote->ask_qty_raw;
    touch->update_id = quote->update_id;
    touch->ts_recv_ns = quote->hdr.ts_recv_ns;
    return 1;
}

#endif
