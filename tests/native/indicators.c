#include "indicators.h"

#include <time.h>

static void one(const b3_indicator *indicator, void *stream, const double *const *in, double *const *out, uint64_t i) {
    double x[B3_INDICATOR_INPUTS];
    double y[B3_INDICATOR_OUTPUTS];
    for (uint32_t j = 0; j < indicator->input_count; ++j) x[j] = in[j][i];
    indicator->update(stream, x, y);
    for (uint32_t j = 0; j < indicator->output_count; ++j) out[j][i] = y[j];
}

void b3t_indicator_updates(const b3_indicator *indicator, void *stream, const double *const *in, double *const *out, uint64_t count) {
    for (uint64_t i = 0; i < count; ++i) one(indicator, stream, in, out, i);
}

static int64_t now_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000000000LL + t.tv_nsec;
}

double b3t_indicator_update_ns(const b3_indicator *indicator, void *stream, const double *const *in, uint64_t count, uint32_t rounds) {
    double best = 1e300;
    double y[B3_INDICATOR_OUTPUTS];
    volatile double keep = 0.0;
    for (uint32_t round = 0; round < rounds; ++round) {
        const int64_t start = now_ns();
        for (uint64_t i = 0; i < count; ++i) {
            double x[B3_INDICATOR_INPUTS];
            for (uint32_t j = 0; j < indicator->input_count; ++j) x[j] = in[j][i];
            indicator->update(stream, x, y);
        }
        keep = y[0];
        const double ns = (double)(now_ns() - start) / (double)count;
        if (ns < best) best = ns;
    }
    (void)keep;
    return best;
}
