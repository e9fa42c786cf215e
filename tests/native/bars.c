#include "bars.h"

int64_t b3t_bars_gap_max(void) {
    return B3_BARS_GAP_MAX;
}
