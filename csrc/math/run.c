#include "run.h"

#include "base/cpu.h"
#include "kernel.h"

void b3_run_updates(const b3_indicator *indicator, void *stream, const double *const *in, double *const *out, uint64_t first,
                    uint64_t count) {
    if (indicator->run != NULL) {
        indicator->run(stream, in, out, first, count);
        return;
    }
    double x[B3_INDICATOR_INPUTS];
    double y[B3_INDICATOR_OUTPUTS];
    for (uint64_t i = first; i < count; ++i) {
        for (uint32_t j = 0; j < indicator->input_count; ++j) x[j] = in[j][i];
        indicator->update(stream, x, y);
        for (uint32_t j = 0; j < indicator->output_count; ++j) out[j][i] = y[j];
    }
}

static const b3_run *find(const b3_run *runs, uint32_t count, const b3_indicator *indicator) {
    for (uint32_t i = 0; i < count; ++i)
        if (runs[i].indicator == indicator) return &runs[i];
    return NULL;
}

const b3_run *b3_vector_run(const b3_indicator *indicator) {
    const int32_t isa = b3_cpu_isa();
#if defined(__x86_64__)
    if (isa == B3_ISA_AVX512) return find(b3_runs_avx512, b3_run_count_avx512, indicator);
    if (isa == B3_ISA_AVX2) return find(b3_runs_avx2, b3_run_count_avx2, indicator);
#elif defined(__aarch64__)
    if (isa == B3_ISA_NEON) return find(b3_runs_neon, b3_run_count_neon, indicator);
#endif
    (void)isa;
    (void)find;
    (void)indicator;
    return NULL;
}

/* The first outputs still see what the stream saw before, so they are updates; so are the last ones again, into a stream begun anew, as
 * that is all it will ever need to know of the past. */
static void run_window(const b3_indicator *indicator, b3_window_fn window, const double *params, void *stream, const double *const *in,
                       double *const *out, uint64_t count) {
    const uint64_t lookback = indicator->lookback(params);
    if (window == NULL || count < 3 * lookback + B3_RUN_LEAST) {
        b3_run_updates(indicator, stream, in, out, 0, count);
        return;
    }
    b3_run_updates(indicator, stream, in, out, 0, lookback);
    window(params, in, out, lookback, count);
    indicator->init(stream, params);
    for (uint64_t i = count - lookback - 1; i < count; ++i) {
        double x[B3_INDICATOR_INPUTS];
        double y[B3_INDICATOR_OUTPUTS];
        for (uint32_t j = 0; j < indicator->input_count; ++j) x[j] = in[j][i];
        indicator->update(stream, x, y);
    }
}

static int is_long(const b3_indicator *indicator, const double *params) {
    return indicator->lookback(params) > B3_RUN_LOOKBACK_MAX;
}

void b3_run_window(const b3_indicator *indicator, b3_window_fn window, const double *params, void *stream, const double *const *in,
                   double *const *out, uint64_t count) {
    run_window(indicator, is_long(indicator, params) ? NULL : window, params, stream, in, out, count);
}

void b3_indicator_run_blocking(const b3_indicator *indicator, const double *params, void *stream, const double *const *in,
                               double *const *out, uint64_t count) {
    const b3_run *run = b3_vector_run(indicator);
    if (run == NULL) b3_run_updates(indicator, stream, in, out, 0, count);
    else if (run->window != NULL)
        run_window(indicator, is_long(indicator, params) ? run->long_window : run->window, params, stream, in, out, count);
    else run->recursive(params, stream, in, out, count);
}

void b3_run_afresh(const b3_indicator *indicator, const b3_run *run, const double *params, void *scratch, const double *const *in,
                   double *const *out, uint64_t count) {
    const uint64_t lookback = indicator->lookback(params);
    const b3_window_fn window = run == NULL ? NULL : is_long(indicator, params) ? run->long_window : run->window;
    if (window == NULL || count < lookback + B3_RUN_LEAST) {
        indicator->init(scratch, params);
        b3_indicator_run_blocking(indicator, params, scratch, in, out, count);
        return;
    }
    for (uint32_t j = 0; j < indicator->output_count; ++j)
        for (uint64_t i = 0; i < lookback; ++i) out[j][i] = NAN;
    window(params, in, out, lookback, count);
}
