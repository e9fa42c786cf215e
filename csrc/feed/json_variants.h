/* Which form of the speculating parser runs: chosen at init, told here for tests and benches that compare the forms. */
#ifndef B3_FEED_JSON_VARIANTS_H
#define B3_FEED_JSON_VARIANTS_H

#include "feed/binance_json.h"

/* As b3_json_init, for an instruction set (b3_isa) that the machine has; -1: no speculation, the general parser reads everything. */
int32_t b3_json_init_isa(void *memory, const b3_json_symbol *symbols, uint32_t symbol_count, int32_t isa);

#endif
