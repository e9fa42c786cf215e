/* Book and touch: the stage's own calls, which the engine makes. */
#include "book/l2.h"

/* cdef: begin */
size_t b3_book_size(uint32_t dense_ticks, uint32_t sparse_levels);
b3_book *b3_book_init(void *memory, int64_t tick_raw, uint32_t dense_ticks, uint32_t sparse_levels);
int32_t b3_book_on_event(void *state, const b3_header *event, const b3_view *view, b3_slot *out, int32_t cap);
int32_t b3_book_on_levels(b3_book *book, const b3_level *levels, uint32_t count, b3_quote *quote);
uint64_t b3t_book_tick_of(const b3_book *book, int64_t price_raw);
int32_t b3t_touch_on_quote(b3_touch *touch, const b3_quote *quote);
/* cdef: end */
