/* Vector runs that take a series in chunks, the state in registers inside of one: ewma and its covariance, whose weights vary, and sums
 * from the beginning on (or of windows, where a kernel has both).
 */
#ifndef B3_MATH_SIMD_CHUNKS_H
#define B3_MATH_SIMD_CHUNKS_H

#include "doubling.h"
#include "recursion.h"

#include "math/adosc.h"
#include "math/ewma.h"
#include "math/ewma_covariance.h"
#include "math/obv.h"
#include "math/vwap.h"

#define CHUNK_ARGS void *stream, const double *const *in, double *const *out, size_t at, size_t size
#define WARM_ARGS const void *stream, const double *const *in, size_t at
#define EIGHTS(i) for (size_t i = 0; i < size; i += 8)

/* What a chunk looks back to lies in `in` as well: at is never 0. */
typedef int (*warm_fn)(const void *stream, const double *const *in, size_t at);
/* Filters size values, a multiple of eight, from at on; 0: they are not all finite, and nothing changed but out. */
typedef int (*chunk_fn)(CHUNK_ARGS);

static inline void run_chunks(const b3_indicator *indicator, warm_fn warm, chunk_fn chunk, void *stream, const double *const *in,
                              double *const *out, uint64_t count) {
    for (uint64_t at = 0, size; at < count; at += size) {
        const uint64_t left = count - at;
        size = left < 8 ? left : 8;
        if (left >= 8 && at != 0 && warm(stream, in, at)) {
            size = left < CHUNK_MAX ? left & ~(uint64_t)7 : CHUNK_MAX;
            if (chunk(stream, in, out, at, size)) continue;
        }
        b3_run_updates(indicator, stream, in, out, at, at + size);
    }
}

#define CHUNKED(kernel, warm)                                                                                                              \
    static void run_##kernel(RECURSIVE_ARGS) {                                                                                             \
        (void)params;                                                                                                                      \
        run_chunks(&b3_indicator_##kernel, warm, kernel##_chunk, stream, in, out, count);                                                  \
    }

static int ewma_warm(WARM_ARGS) {
    (void)in, (void)at;
    const b3_weighted_mean *w = stream;
    return w->weight != 0.0 && isfinite(w->value);
}

/* adjust=yes: value * weight and weight are sums that decay alike. */
static int ewma_chunk(CHUNK_ARGS) {
    b3_weighted_mean *w = stream;
    const double *x = in[0] + at;
    double *y = out[0] + at;
    const filter f = filter_of(w->decay);
    const eight gain = eight_of(w->adjust ? 1.0 : 1.0 - w->decay);
    const eight one = eight_of(1.0);
    eight sum = eight_of(w->adjust ? w->value * w->weight : w->value);
    eight weight = eight_of(w->weight);
    EIGHTS(i) {
        const eight value = filter_push(&f, &sum, eight_mul(gain, eight_load(x + i)));
        eight_put(y + i, w->adjust ? eight_div(value, filter_push(&f, &weight, one)) : value);
    }
    const double end = eight_first_lane(sum) / (w->adjust ? eight_first_lane(weight) : 1.0);
    if (!isfinite(end)) return 0;
    w->value = end;
    w->weight = eight_first_lane(weight);
    return 1;
}

CHUNKED(ewma, ewma_warm)

/* A gain that still falls from sample to sample is a matter for single updates. */
static int ewma_covariance_warm(WARM_ARGS) {
    (void)in, (void)at;
    const b3_weighted_covariance *w = stream;
    const int settled = !w->adjust || w->weight == w->decay * w->weight + 1.0;
    return w->weight != 0.0 && settled && isfinite(w->value) && isfinite(w->mean[0]) && isfinite(w->mean[1]);
}

/* Means are less the one before the chunk, which keeps the digits of a large price; a mean that has no gain stays 0. */
static int ewma_covariance_chunk(CHUNK_ARGS) {
    b3_weighted_covariance *w = stream;
    const double gain = w->adjust ? 1.0 / w->weight : 1.0 - w->decay;
    const double keep = 1.0 - gain;
    const filter f = filter_of(keep);
    const eight mean_gain = eight_of(w->zero_mean ? 0.0 : gain);
    const eight product_gain = eight_of(w->zero_mean ? gain : keep * gain);
    const eight anchors[2] = {eight_of(w->mean[0]), eight_of(w->mean[1])};
    eight means[2] = {eight_of(0.0), eight_of(0.0)};
    eight value = eight_of(w->value);
    EIGHTS(i) {
        eight apart[2];
        for (int k = 0; k < 2; ++k) {
            const eight x = eight_sub(eight_load(in[k] + at + i), anchors[k]);
            const eight last = means[k];
            apart[k] = eight_sub(x, eight_up1(filter_push(&f, &means[k], eight_mul(mean_gain, x)), last));
        }
        eight_put(out[0] + at + i, filter_push(&f, &value, eight_mul(product_gain, eight_mul(apart[0], apart[1]))));
    }
    const double moved[2] = {eight_first_lane(means[0]), eight_first_lane(means[1])};
    const double end = eight_first_lane(value);
    if (!isfinite(end) || !isfinite(moved[0]) || !isfinite(moved[1])) return 0;
    w->value = end;
    for (int k = 0; k < 2; ++k) w->mean[k] += moved[k];
    return 1;
}

CHUNKED(ewma_covariance, ewma_covariance_warm)

/* ---------------------------------------------------------------- sums since the beginning */

static inline double total_of(const b3_running_sum *total) {
    return total->sum + total->rest;
}

/* 0: not all samples were finite. */
static inline int totals_end(const totals *s, b3_running_sum *total) {
    if (!isfinite(eight_first_lane(s->carry))) return 0;
    double lane[8];
    double lost[8];
    eight_store(lane, s->lane);
    eight_store(lost, s->lost);
    for (size_t i = 0; i < 8; ++i) {
        b3_running_sum_push(total, lane[i]);
        total->rest += lost[i];
    }
    return 1;
}

/* After a bar that was left out, the price before is older than the bar before. */
static int obv_warm(WARM_ARGS) {
    const b3_volume_balance *b = stream;
    return b->before == in[0][at - 1];
}

static int obv_chunk(CHUNK_ARGS) {
    b3_volume_balance *b = stream;
    const double *x = in[0] + at;
    const double *volume = in[1] + at;
    double *y = out[0] + at;
    const eight zero = eight_of(0.0);
    totals total = totals_of(total_of(&b->sum));
    eight taint = zero;
    EIGHTS(i) {
        const eight now = eight_load(x + i);
        const eight before = eight_load(x + i - 1);
        const eight size_traded = eight_load(volume + i);
        const eight fell = eight_pick(eight_greater(before, now), eight_sub(zero, size_traded), zero);
        taint = eight_taint(eight_taint(taint, now), size_traded);
        eight_put(y + i, totals_push(&total, eight_pick(eight_greater(now, before), size_traded, fell)));
    }
    if (!eight_is_clean(taint) || !totals_end(&total, &b->sum)) return 0;
    b->before = x[size - 1];
    return 1;
}

static int always_warm(WARM_ARGS) {
    (void)stream, (void)in, (void)at;
    return 1;
}

/* b3_location * volume */
static inline eight money_flow(const double *const *in, size_t at) {
    const eight zero = eight_of(0.0);
    const eight high = eight_load(in[0] + at);
    const eight low = eight_load(in[1] + at);
    const eight close = eight_load(in[2] + at);
    const eight range = eight_sub(high, low);
    const eight location = eight_div(eight_sub(eight_sub(close, low), eight_sub(high, close)), range);
    return eight_mul(eight_pick(eight_at_most(range, zero), zero, location), eight_load(in[3] + at));
}

static int ad_chunk(CHUNK_ARGS) {
    const double *const columns[] = {in[0] + at, in[1] + at, in[2] + at, in[3] + at};
    double *y = out[0] + at;
    totals total = totals_of(total_of(stream));
    EIGHTS(i) eight_put(y + i, totals_push(&total, money_flow(columns, i)));
    return totals_end(&total, stream);
}

static int adosc_warm(WARM_ARGS) {
    (void)in, (void)at;
    const b3_chaikin *c = stream;
    return c->seen > c->lookback;
}

static int adosc_chunk(CHUNK_ARGS) {
    b3_chaikin *c = stream;
    const double *const columns[] = {in[0] + at, in[1] + at, in[2] + at, in[3] + at};
    double *y = out[0] + at;
    const filter fast = filter_of(c->keep[0]);
    const filter slow = filter_of(c->keep[1]);
    eight ahead_fast = eight_of(c->ahead[0]);
    eight ahead_slow = eight_of(c->ahead[1]);
    EIGHTS(i) {
        const eight flow = money_flow(columns, i);
        const eight of_slow = filter_push(&slow, &ahead_slow, eight_mul(eight_of(c->keep[1]), flow));
        eight_put(y + i, eight_sub(of_slow, filter_push(&fast, &ahead_fast, eight_mul(eight_of(c->keep[0]), flow))));
    }
    const double end[2] = {eight_first_lane(ahead_fast), eight_first_lane(ahead_slow)};
    if (!isfinite(end[0]) || !isfinite(end[1])) return 0;
    c->ahead[0] = end[0];
    c->ahead[1] = end[1];
    return 1;
}

static inline eight typical_price(const double *const *in, size_t at) {
    const eight sum = eight_add(eight_add(eight_load(in[0] + at), eight_load(in[1] + at)), eight_load(in[2] + at));
    return eight_quotient(sum, eight_of(3.0));
}

static int vwap_chunk(CHUNK_ARGS) {
    b3_weighted_price *w = stream;
    const double *const columns[] = {in[0] + at, in[1] + at, in[2] + at};
    const double *volume = in[3] + at;
    double *y = out[0] + at;
    totals notional = totals_of(total_of(&w->notional));
    totals volumes = totals_of(total_of(&w->volume));
    EIGHTS(i) {
        const eight now = eight_load(volume + i);
        const eight money = totals_push(&notional, eight_mul(typical_price(columns, i), now));
        eight_put(y + i, eight_div(money, totals_push(&volumes, now)));
    }
    if (!isfinite(eight_first_lane(volumes.carry)) || !totals_end(&notional, &w->notional)) return 0;
    return totals_end(&volumes, &w->volume);
}

CHUNKED(obv, obv_warm)
CHUNKED(ad, always_warm)
CHUNKED(adosc, adosc_warm)

static void vwap_windows(const double *params, const double *const *in, double *const *out, uint64_t from, uint64_t count) {
    const uint32_t period = (uint32_t)params[0];
    double notional[WINDOW_ROOM];
    double volume[CHUNK];
    for (uint64_t at = from, size; at < count; at += size) {
        size = count - at < CHUNK ? count - at : CHUNK;
        const uint64_t first = at + 1 - period;
        for (size_t i = 0; i < size + period - 1; ++i)
            notional[i] = (in[0][first + i] + in[1][first + i] + in[2][first + i]) / 3.0 * in[3][first + i];
        double *y = out[0] + at;
        sum_windows(notional, period, (uint32_t)size, y);
        sum_windows(in[3] + first, period, (uint32_t)size, volume);
        for (size_t i = 0; i < size; ++i) y[i] /= volume[i];
    }
}

static void run_vwap(RECURSIVE_ARGS) {
    const b3_weighted_price *w = stream;
    if (w->notional_size == 0) run_chunks(&b3_indicator_vwap, always_warm, vwap_chunk, stream, in, out, count);
    else b3_run_window(&b3_indicator_vwap, vwap_windows, params, stream, in, out, count);
}

#define CHUNK_ROWS FILTER(ewma), FILTER(vwap), FILTER(obv), FILTER(ad), FILTER(adosc), FILTER(ewma_covariance)

#endif
