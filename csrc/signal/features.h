/* Features for models: a named, ordered vector of doubles of one instrument, computed when a bar of ours closes.
 *
 * The table in features.c is the order; b3_feature_at (bot3.h) gives name, unit, formula and text. Only what has been seen when the bar
 * closes goes in: bars and trades up to it, and touch and book as they are at that moment, which is a little after the
 * bar's end. A value is NaN until it is warm; of the book, while that is not whole; of the touch, while a side is missing.
 */
#ifndef B3_SIGNAL_FEATURES_H
#define B3_SIGNAL_FEATURES_H

#include "stream.h"

#define B3_FEATURE_COUNT 25
#define B3_FEATURE_STREAMS 15
#define B3_FEATURE_BARS 60 /* longest window */

typedef struct b3_features {
    uint32_t size;
    uint32_t version;
    uint64_t bars;
    int64_t bought_raw; /* by takers, since the bar before */
    int64_t sold_raw;
    uint64_t streams[B3_FEATURE_STREAMS][B3_STREAM_WORDS(B3_FEATURE_BARS)];
} b3_features;

/* memory: zeroed. B3_ERR_ARGUMENT when a stream needs more room than that: our own bug. */
int32_t b3_features_init(b3_features *features);
void b3_features_on_trade(b3_features *features, const b3_trade *trade);
/* A bar of ours; writes B3_FEATURE_COUNT values. */
void b3_features_on_bar(b3_features *features, const b3_bar *bar, const b3_view *view, double *out);

#endif
