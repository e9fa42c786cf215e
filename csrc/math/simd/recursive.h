/* Vector runs of the recursive kernels. Included once by the file of each instruction set.
 *
 * A run goes by chunks. Where a stream is warm and a chunk's inputs are all finite, the chunk is filtered by vectors, from the stream's own
 * averages and back into them; else the stream is updated one value at a time. So seeds, NaNs and restarts have one implementation.
 */
#ifndef B3_MATH_SIMD_RECURSIVE_H
#define B3_MATH_SIMD_RECURSIVE_H

#include <string.h>

#include "doubling.h"
#include "math/adx.h"
#include "math/average_range.h"
#include "math/crossing.h"
#include "math/kernel.h"
#include "math/strength.h"
#include "math/triple.h"
#include "scan.h"

#define RECURSIVE_ARGS const double *params, void *stream, const double *const *in, double *const *out, uint64_t count
#define COLD_CHUNK 64

/* Filters size values from at on; 0: it cannot, and changed nothing. */
typedef int (*chunk_fn)(void *stream, const double *const *in, double *const *out, size_t at, size_t size);
typedef int (*warm_fn)(const void *stream);

B3_ONE_COPY int all_finite(const double *x, size_t count) {
    uint64_t special = 0;
    for (size_t i = 0; i < count; ++i) {
        uint64_t bits;
        memcpy(&bits, &x[i], sizeof bits);
        special |= (uint64_t)((bits & 0x7ff0000000000000U) == 0x7ff0000000000000U);
    }
    return special == 0;
}

static inline void run_chunks(const b3_indicator *indicator, warm_fn warm, chunk_fn chunk, void *stream, const double *const *in,
                              double *const *out, uint64_t count) {
    for (uint64_t at = 0, size; at < count; at += size) {
        size = count - at < B3_CHUNK ? count - at : B3_CHUNK;
        int vectors = warm(stream) && size >= 8;
        for (uint32_t j = 0; j < indicator->input_count && vectors; ++j) vectors = all_finite(in[j] + at, size);
        if (vectors && chunk(stream, in, out, at, size)) continue;
        if (size > COLD_CHUNK) size = COLD_CHUNK;
        b3_run_updates(indicator, stream, in, out, at, at + size);
    }
}

static inline int is_warm(const b3_smooth *s) {
    return s->seen > s->lookback && isfinite(s->value);
}

static inline void smooth_run(b3_smooth *s, const double *x, double *y, size_t count) {
    const filter f = filter_of(1.0 - s->gain, s->gain);
    s->value = filter_run(&f, x, y, count, s->value);
}

#define RECURSIVE(kernel)                                                                                                                  \
    static void run_##kernel(RECURSIVE_ARGS) {                                                                                             \
        (void)params;                                                                                                                      \
        run_chunks(&b3_indicator_##kernel, kernel##_warm, kernel##_chunk, stream, in, out, count);                                         \
    }

static int ema_warm(const void *stream) {
    return is_warm(stream);
}

static int ema_chunk(void *stream, const double *const *in, double *const *out, size_t at, size_t size) {
    smooth_run(stream, in[0] + at, out[0] + at, size);
    return 1;
}

static int dema_warm(const void *stream) {
    const b3_twice *t = stream;
    return is_warm(&t->first) && is_warm(&t->second);
}

static int dema_chunk(void *stream, const double *const *in, double *const *out, size_t at, size_t size) {
    b3_twice *t = stream;
    double first[B3_CHUNK];
    double *y = out[0] + at;
    smooth_run(&t->first, in[0] + at, first, size);
    smooth_run(&t->second, first, y, size);
    for (size_t i = 0; i < size; ++i) y[i] = 2.0 * first[i] - y[i];
    return 1;
}

static int tema_warm(const void *stream) {
    const b3_triple *t = stream;
    return is_warm(&t->first) && is_warm(&t->second) && is_warm(&t->third);
}

static int tema_chunk(void *stream, const double *const *in, double *const *out, size_t at, size_t size) {
    b3_triple *t = stream;
    double first[B3_CHUNK];
    double second[B3_CHUNK];
    double *y = out[0] + at;
    smooth_run(&t->first, in[0] + at, first, size);
    smooth_run(&t->second, first, second, size);
    smooth_run(&t->third, second, y, size);
    for (size_t i = 0; i < size; ++i) y[i] = 3.0 * first[i] - 3.0 * second[i] + y[i];
    return 1;
}

static int trix_warm(const void *stream) {
    const b3_triple_rate *r = stream;
    return tema_warm(&r->triple) && isfinite(r->before);
}

static int trix_chunk(void *stream, const double *const *in, double *const *out, size_t at, size_t size) {
    b3_triple_rate *r = stream;
    double third[B3_CHUNK + 1];
    third[0] = r->before;
    smooth_run(&r->triple.first, in[0] + at, third + 1, size);
    smooth_run(&r->triple.second, third + 1, third + 1, size);
    smooth_run(&r->triple.third, third + 1, third + 1, size);
    r->before = third[size];
    for (size_t i = 0; i < size; ++i) {
        const double rate = (third[i + 1] / third[i] - 1.0) * 100.0;
        out[0][at + i] = third[i] == 0.0 ? 0.0 : rate;
    }
    return 1;
}

static int rsi_warm(const void *stream) {
    const b3_strength *s = stream;
    return isfinite(s->before) && is_warm(&s->gain) && is_warm(&s->change);
}

B3_ONE_COPY void rsi_values(b3_strength *s, const double *x, double *restrict y, size_t size) {
    double total[B3_CHUNK];
    double gain[B3_CHUNK];
    total[0] = x[0] - s->before;
    for (size_t i = 1; i < size; ++i) total[i] = x[i] - x[i - 1];
    for (size_t i = 0; i < size; ++i) {
        gain[i] = total[i] > 0.0 ? total[i] : 0.0;
        total[i] = fabs(total[i]);
    }
    s->before = x[size - 1];
    smooth_run(&s->gain, gain, gain, size);
    smooth_run(&s->change, total, total, size);
    for (size_t i = 0; i < size; ++i) {
        const double index = 100.0 * gain[i] / total[i];
        y[i] = total[i] == 0.0 ? 0.0 : index;
    }
}

static int rsi_chunk(void *stream, const double *const *in, double *const *out, size_t at, size_t size) {
    rsi_values(stream, in[0] + at, out[0] + at, size);
    return 1;
}

/* Once anything changed, the average of changes stays above 0 for longer than a chunk: 0 at the end means 0 all along. */
static int cmo_chunk(void *stream, const double *const *in, double *const *out, size_t at, size_t size) {
    b3_strength *s = stream;
    if (s->change.value < 1e-200) return 0;
    double *y = out[0] + at;
    rsi_values(s, in[0] + at, y, size);
    for (size_t i = 0; i < size; ++i) y[i] = 2.0 * y[i] - 100.0;
    return 1;
}

static int macd_warm(const void *stream) {
    const b3_crossing *c = stream;
    return is_warm(&c->fast) && is_warm(&c->slow) && is_warm(&c->signal);
}

static int macd_chunk(void *stream, const double *const *in, double *const *out, size_t at, size_t size) {
    b3_crossing *c = stream;
    double slow[B3_CHUNK];
    double *macd = out[0] + at;
    double *signal = out[1] + at;
    double *histogram = out[2] + at;
    smooth_run(&c->fast, in[0] + at, macd, size);
    smooth_run(&c->slow, in[0] + at, slow, size);
    B3_INDEPENDENT
    for (size_t i = 0; i < size; ++i) macd[i] -= slow[i];
    smooth_run(&c->signal, macd, signal, size);
    B3_INDEPENDENT
    for (size_t i = 0; i < size; ++i) histogram[i] = macd[i] - signal[i];
    return 1;
}

B3_ONE_COPY void true_ranges(double close_before, const double *high, const double *low, const double *close, double *restrict range,
                             size_t size) {
    range[0] = b3_true_range(high[0], low[0], close_before);
    for (size_t i = 1; i < size; ++i) {
        const double up = fabs(high[i] - close[i - 1]);
        const double down = fabs(low[i] - close[i - 1]);
        const double own = high[i] - low[i];
        const double larger = up > own ? up : own;
        range[i] = down > larger ? down : larger;
    }
}

static int atr_warm(const void *stream) {
    const b3_average_range *a = stream;
    return isfinite(a->close) && is_warm(&a->range);
}

static int atr_chunk(void *stream, const double *const *in, double *const *out, size_t at, size_t size) {
    b3_average_range *a = stream;
    double range[B3_CHUNK];
    true_ranges(a->close, in[0] + at, in[1] + at, in[2] + at, range, size);
    a->close = in[2][at + size - 1];
    smooth_run(&a->range, range, out[0] + at, size);
    return 1;
}

static int natr_chunk(void *stream, const double *const *in, double *const *out, size_t at, size_t size) {
    const double *close = in[2] + at;
    double *y = out[0] + at;
    atr_chunk(stream, in, out, at, size);
    B3_INDEPENDENT
    for (size_t i = 0; i < size; ++i) {
        const double percent = 100.0 * y[i] / close[i];
        y[i] = close[i] == 0.0 ? 0.0 : percent;
    }
    return 1;
}

static int directional_warm(const void *stream) {
    const b3_directional *d = stream;
    return d->seen == d->period && isfinite(d->plus) && isfinite(d->minus) && isfinite(d->range);
}

/* The three sums over a chunk; 0, and nothing changed, where nothing moves for so long that the stream's special cases matter. */
B3_ONE_COPY int directional_values(b3_directional *d, const double *const *in, size_t at, size_t size, double *restrict plus,
                                   double *restrict minus, double *restrict range) {
    const double *high = in[0] + at;
    const double *low = in[1] + at;
    const double up_first = high[0] - d->high;
    const double down_first = d->low - low[0];
    plus[0] = up_first > down_first && up_first > 0.0 ? up_first : 0.0;
    minus[0] = down_first > up_first && down_first > 0.0 ? down_first : 0.0;
    for (size_t i = 1; i < size; ++i) {
        const double up = high[i] - high[i - 1];
        const double down = low[i - 1] - low[i];
        const double rise = up > 0.0 ? up : 0.0;
        const double fall = down > 0.0 ? down : 0.0;
        plus[i] = up > down ? rise : 0.0;
        minus[i] = down > up ? fall : 0.0;
    }
    true_ranges(d->close, high, low, in[2] + at, range, size);
    const filter f = filter_of(1.0 - 1.0 / d->period, 1.0);
    const double plus_end = filter_run(&f, plus, plus, size, d->plus);
    const double minus_end = filter_run(&f, minus, minus, size, d->minus);
    const double range_end = filter_run(&f, range, range, size, d->range);
    double least = range[0];
    for (size_t i = 0; i < size; ++i) {
        const double moved = plus[i] + minus[i];
        const double less = moved < range[i] ? moved : range[i];
        least = less < least ? less : least;
    }
    if (!(least > 1e-200)) return 0;
    d->high = high[size - 1];
    d->low = low[size - 1];
    d->close = in[2][at + size - 1];
    d->plus = plus_end;
    d->minus = minus_end;
    d->range = range_end;
    return 1;
}

static inline int di_chunk(void *stream, const double *const *in, double *const *out, size_t at, size_t size, int is_plus) {
    double plus[B3_CHUNK];
    double minus[B3_CHUNK];
    double range[B3_CHUNK];
    if (!directional_values(stream, in, at, size, plus, minus, range)) return 0;
    for (size_t i = 0; i < size; ++i) out[0][at + i] = 100.0 * (is_plus ? plus[i] : minus[i]) / range[i];
    return 1;
}

static int plus_di_chunk(void *stream, const double *const *in, double *const *out, size_t at, size_t size) {
    return di_chunk(stream, in, out, at, size, 1);
}

static int minus_di_chunk(void *stream, const double *const *in, double *const *out, size_t at, size_t size) {
    return di_chunk(stream, in, out, at, size, 0);
}

static int adx_warm(const void *stream) {
    const b3_adx *a = stream;
    return directional_warm(&a->movement) && is_warm(&a->average);
}

static int adx_chunk(void *stream, const double *const *in, double *const *out, size_t at, size_t size) {
    b3_adx *a = stream;
    double plus[B3_CHUNK];
    double minus[B3_CHUNK];
    double range[B3_CHUNK];
    if (!directional_values(&a->movement, in, at, size, plus, minus, range)) return 0;
    for (size_t i = 0; i < size; ++i) plus[i] = 100.0 * fabs(plus[i] - minus[i]) / (plus[i] + minus[i]);
    smooth_run(&a->average, plus, out[0] + at, size);
    return 1;
}

#define cmo_warm rsi_warm
#define natr_warm atr_warm
#define plus_di_warm directional_warm
#define minus_di_warm directional_warm

RECURSIVE(ema)
RECURSIVE(dema)
RECURSIVE(tema)
RECURSIVE(trix)
RECURSIVE(rsi)
RECURSIVE(cmo)
RECURSIVE(macd)
RECURSIVE(atr)
RECURSIVE(natr)
RECURSIVE(plus_di)
RECURSIVE(minus_di)
RECURSIVE(adx)

#endif
