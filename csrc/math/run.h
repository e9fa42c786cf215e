/* Many updates at once. A row without a run of its own is updated one value at a time: that is the scalar reference of every kernel. */
#ifndef B3_MATH_RUN_H
#define B3_MATH_RUN_H

#include "bot3.h"

/* How a vector unit runs a kernel. Just one of window and recursive is set.
 *
 * window     the outputs from..count-1 of a kernel whose outputs depend on the last lookback + 1 values alone, all of which are in `in`
 *            (from >= lookback); B3_RUN_LEAST of them at least. The stream is brought up to date by the caller.
 * long_window  the same for lookbacks above B3_RUN_LOOKBACK_MAX. NULL: they go one value at a time.
 * recursive  updates the stream itself, whatever its state.
 * rows       eight rows of a panel, streams of its own; bit i of the result: row i is done. NULL: there is no such way. */
typedef void (*b3_window_fn)(const double *params, const double *const *in, double *const *out, uint64_t from, uint64_t count);

typedef struct b3_run {
    const b3_indicator *indicator;
    b3_window_fn window;
    b3_window_fn long_window;
    void (*recursive)(const double *params, void *stream, const double *const *in, double *const *out, uint64_t count);
    uint32_t (*rows)(const double *params, const double *const *in, uint64_t in_apart, double *const *out, uint64_t out_apart,
                     uint64_t count);
} b3_run;

extern const b3_run b3_runs_avx2[];
extern const b3_run b3_runs_avx512[];
extern const b3_run b3_runs_neon[];
extern const uint32_t b3_run_count_avx2;
extern const uint32_t b3_run_count_avx512;
extern const uint32_t b3_run_count_neon;

/* Outputs of a call of `window`, at least. */
#define B3_RUN_LEAST 8
/* Longest window that `window` takes. */
#define B3_RUN_LOOKBACK_MAX 1024

/* Runs `window` and brings the stream up to date. */
void b3_run_window(const b3_indicator *indicator, b3_window_fn window, const double *params, void *stream, const double *const *in,
                   double *const *out, uint64_t count);

/* How the vector unit here runs it; NULL: one value at a time. */
const b3_run *b3_vector_run(const b3_indicator *indicator);

/* From the beginning on, for nobody who goes on after it: scratch has the size of a stream, and nothing of use in it before or after. */
void b3_run_afresh(const b3_indicator *indicator, const b3_run *run, const double *params, void *scratch, const double *const *in,
                   double *const *out, uint64_t count);

/* Updates one value at a time, from first to count - 1. */
void b3_run_updates(const b3_indicator *indicator, void *stream, const double *const *in, double *const *out, uint64_t first,
                    uint64_t count);

#endif
