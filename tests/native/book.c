#include "book.h"

#include "book/side.h"
#include "book/touch.h"

uint64_t b3t_book_tick_of(const b3_book *book, int64_t price_raw) {
    return b3_book_tick_of(book, price_raw);
}

int32_t b3t_touch_on_quote(b3_touch *touch, const b3_quote *quote) {
    return b3_touch_on_quote(touch, quote);
}
