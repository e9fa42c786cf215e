/* Bars: the stage's own calls, which the engine makes. */
#include "bars/bars.h"

/* cdef: begin */
size_t b3_bars_size(void);
int32_t b3_bars_init(void *memory, const b3_bars_config *config, const b3_instrument *instrument);
int32_t b3_bars_on_event(void *state, const b3_header *event, const b3_view *view, b3_slot *out, int32_t cap);
int64_t b3t_bars_gap_max(void);
/* cdef: end */
