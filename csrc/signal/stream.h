/* Streams of csrc/math inside a strategy's state: a row's own update on memory of ours, so the numbers are those of bot3.ta. */
#ifndef B3_SIGNAL_STREAM_H
#define B3_SIGNAL_STREAM_H

#include "math/kernel.h"

/* Longest window of a strategy's indicator: it bounds the state, whose size is fixed before parameters are known. */
#define B3_STREAM_BARS_MAX 1000

/* Words (of 8 bytes) that hold a stream of any row over at most `bars` samples. */
#define B3_STREAM_WORDS(bars) (3 * (bars) + 16)

/* given: the row's first `count` parameters; the others have their defaults. bytes: of room. B3_ERR_ARGUMENT when the row refuses the
 * parameters, or needs more room. */
static inline int32_t b3_stream_init(const b3_indicator *row, const double *given, uint32_t count, void *room, size_t bytes) {
    double params[B3_INDICATOR_PARAMS];
    b3_error error;
    for (uint32_t i = 0; i < row->param_count; ++i) params[i] = i < count ? given[i] : row->params[i].value;
    if (b3_indicator_check(row, params, &error) != B3_OK || row->size(params) > bytes) return B3_ERR_ARGUMENT;
    row->init(room, params);
    return B3_OK;
}

/* The first output after one more value of the one input. */
static inline double b3_stream_push(const b3_indicator *row, uint64_t *room, double x) {
    double out[B3_INDICATOR_OUTPUTS];
    row->update(room, &x, out);
    return out[0];
}

#endif
