/* The streams of the indicators, driven from Python. */
#ifndef B3_TESTS_INDICATORS_H
#define B3_TESTS_INDICATORS_H

#include "bot3.h"

/* cdef: begin */

/* Runs `count` updates one by one. in, out: an array a name of the row, of count values each. */
void b3t_indicator_updates(const b3_indicator *indicator, void *stream, const double *const *in, double *const *out, uint64_t count);
/* Mean time of one update in ns over `count` of them, best of `rounds`; the stream keeps what it saw. */
double b3t_indicator_update_ns(const b3_indicator *indicator, void *stream, const double *const *in, uint64_t count, uint32_t rounds);

/* cdef: end */

#endif
