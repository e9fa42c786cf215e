/* Vector runs of the recursive kernels. Included once by the file of each instruction set. Averages are written in the terms of
 * recursion.h; kernels that sum from the beginning on, or whose gain varies, run by chunks that they see to themselves.
 */
#ifndef B3_MATH_SIMD_RECURSIVE_H
#define B3_MATH_SIMD_RECURSIVE_H

#include "doubling.h"
#include "recursion.h"

#include "math/adaptive.h"
#include "math/adx.h"
#include "math/average_range.h"
#include "math/chaikin.h"
#include "math/crossing.h"
#include "math/keltner.h"
#include "math/parabola.h"
#include "math/price_oscillator.h"
#include "math/strength.h"
#include "math/triple.h"
#include "math/volume_balance.h"
#include "math/weighted_covariance.h"
#include "math/weighted_mean.h"
#include "math/weighted_price.h"

#define STEP_ARGS recursion *r, const eight *now, const eight *before, eight *out

/* A stream that remembers nothing but its terms. */
static void no_end(void *stream, const double *const *in, size_t last) {
    (void)stream, (void)in, (void)last;
}

/* ---------------------------------------------------------------- exponential averages */

static int ema_terms(void *stream, terms *t) {
    return add_average(t, stream);
}

static inline void ema_step(STEP_ARGS) {
    (void)before;
    out[0] = push(r, 0, now[0]);
}

static int dema_terms(void *stream, terms *t) {
    b3_twice *twice = stream;
    return add_average(t, &twice->first) && add_average(t, &twice->second);
}

static inline void dema_step(STEP_ARGS) {
    (void)before;
    const eight first = push(r, 0, now[0]);
    out[0] = eight_sub(eight_add(first, first), push(r, 1, first));
}

static int tema_terms(void *stream, terms *t) {
    b3_triple *triple = stream;
    return add_average(t, &triple->first) && add_average(t, &triple->second) && add_average(t, &triple->third);
}

static inline void tema_step(STEP_ARGS) {
    (void)before;
    const eight first = push(r, 0, now[0]);
    const eight second = push(r, 1, first);
    out[0] = eight_fma(eight_of(3.0), eight_sub(first, second), push(r, 2, second));
}

static int trix_terms(void *stream, terms *t) {
    b3_triple_rate *rate = stream;
    return tema_terms(&rate->triple, t) && isfinite(rate->before);
}

static inline void trix_step(STEP_ARGS) {
    (void)before;
    const eight last = r->value[2];
    const eight third = push(r, 2, push(r, 1, push(r, 0, now[0])));
    const eight third_before = r->by_time ? eight_up1(third, last) : last;
    out[0] = eight_mul(eight_ratio(eight_sub(third, third_before), third_before), eight_of(100.0));
}

static void trix_end(void *stream, const double *const *in, size_t last) {
    b3_triple_rate *rate = stream;
    (void)in, (void)last;
    rate->before = rate->triple.third.value;
}

static int macd_terms(void *stream, terms *t) {
    b3_crossing *c = stream;
    const int warm = add_average(t, &c->fast) && add_average(t, &c->slow) && add_average(t, &c->signal);
    t->scale[2] = 0;
    return warm;
}

static inline void macd_step(STEP_ARGS) {
    (void)before;
    const eight fast = push(r, 0, now[0]);
    out[0] = eight_sub(fast, push(r, 1, now[0]));
    out[1] = push(r, 2, out[0]);
    out[2] = eight_sub(out[0], out[1]);
}

static int ppo_terms(void *stream, terms *t) {
    b3_price_oscillator *p = stream;
    return add_average(t, &p->ema) && add_average(t, &p->slow_ema);
}

static inline void ppo_step(STEP_ARGS) {
    (void)before;
    const eight fast = push(r, 0, now[0]);
    const eight slow = push(r, 1, now[0]);
    out[0] = eight_mul(eight_of(100.0), eight_ratio(eight_sub(fast, slow), slow));
}

/* ---------------------------------------------------------------- strength */

static int strength_terms(void *stream, terms *t) {
    b3_strength *s = stream;
    return add_average(t, &s->gain) && add_average(t, &s->change) && isfinite(s->before) && s->change.value > LEAST;
}

/* scale * gain / |change| + shift */
static inline void strength_step(STEP_ARGS) {
    const eight change = eight_sub(now[0], before[0]);
    const eight rise = push(r, 0, eight_max(change, eight_of(0.0)));
    const eight all = push(r, 1, eight_abs(change));
    r->least = eight_min(r->least, all);
    out[0] = eight_add(eight_div(eight_mul(r->constant[0], rise), all), r->constant[1]);
}

static void strength_end(void *stream, const double *const *in, size_t last) {
    b3_strength *s = stream;
    s->before = in[0][last];
}

static int rsi_terms(void *stream, terms *t) {
    t->constant[0] = 100.0;
    return strength_terms(stream, t);
}

static int cmo_terms(void *stream, terms *t) {
    t->constant[0] = 200.0;
    t->constant[1] = -100.0;
    return strength_terms(stream, t);
}

/* ---------------------------------------------------------------- ranges */

static inline eight true_range(recursion *r, const eight *now, const eight *before) {
    const eight up = eight_abs(eight_sub(now[0], before[2]));
    const eight down = eight_abs(eight_sub(now[1], before[2]));
    r->taint = eight_taint(r->taint, eight_add(up, down));
    return eight_max(eight_max(up, down), eight_sub(now[0], now[1]));
}

static int atr_terms(void *stream, terms *t) {
    b3_average_range *a = stream;
    return add_average(t, &a->range) && isfinite(a->close);
}

static inline void atr_step(STEP_ARGS) {
    out[0] = push(r, 0, true_range(r, now, before));
}

static void atr_end(void *stream, const double *const *in, size_t last) {
    b3_average_range *a = stream;
    a->close = in[2][last];
}

#define natr_terms atr_terms
static inline void natr_step(STEP_ARGS) {
    out[0] = eight_ratio(eight_mul(eight_of(100.0), push(r, 0, true_range(r, now, before))), now[2]);
    r->taint = eight_taint(r->taint, now[2]);
}

static int keltner_terms(void *stream, terms *t) {
    b3_keltner *k = stream;
    t->constant[0] = k->multiplier;
    return add_average(t, &k->range) && add_average(t, &k->middle) && isfinite(k->close);
}

static inline void keltner_step(STEP_ARGS) {
    const eight width = eight_mul(r->constant[0], push(r, 0, true_range(r, now, before)));
    out[1] = push(r, 1, now[2]);
    out[0] = eight_add(out[1], width);
    out[2] = eight_sub(out[1], width);
}

static void keltner_end(void *stream, const double *const *in, size_t last) {
    b3_keltner *k = stream;
    k->close = in[2][last];
}

/* ---------------------------------------------------------------- directional movement */

static int movement_terms(void *stream, terms *t) {
    b3_directional *d = stream;
    return add_term(t, &d->plus, d->keep, 1.0) && add_term(t, &d->minus, d->keep, 1.0) && add_term(t, &d->range, d->keep, 1.0) &&
           d->seen == d->period;
}

static void movement_end(void *stream, const double *const *in, size_t last) {
    b3_directional *d = stream;
    d->high = in[0][last];
    d->low = in[1][last];
    d->close = in[2][last];
}

typedef struct movement {
    eight plus;
    eight minus;
    eight range;
} movement;

/* The part of `to` that is larger than `fro`, and above 0. */
static inline eight towards(eight to, eight fro) {
    return eight_pick(eight_greater(to, fro), eight_max(to, eight_of(0.0)), eight_of(0.0));
}

static inline movement movements(recursion *r, const eight *now, const eight *before) {
    const eight up = eight_sub(now[0], before[0]);
    const eight down = eight_sub(before[1], now[1]);
    const eight plus = push_sum(r, 0, towards(up, down));
    const eight minus = push_sum(r, 1, towards(down, up));
    return (movement){plus, minus, push_sum(r, 2, true_range(r, now, before))};
}

static inline void di_step(STEP_ARGS) {
    const movement m = movements(r, now, before);
    const eight one = eight_pick(eight_greater(r->constant[0], eight_of(0.0)), m.plus, m.minus);
    out[0] = eight_ratio(eight_mul(eight_of(100.0), one), m.range);
}

static int plus_di_terms(void *stream, terms *t) {
    t->constant[0] = 1.0;
    return movement_terms(stream, t);
}

#define minus_di_terms movement_terms

static int adx_terms(void *stream, terms *t) {
    b3_adx *a = stream;
    return movement_terms(&a->movement, t) && add_average(t, &a->average);
}

static inline void adx_step(STEP_ARGS) {
    const movement m = movements(r, now, before);
    const eight both = eight_add(m.plus, m.minus);
    r->least = eight_min(eight_min(r->least, m.range), both);
    out[0] = push(r, 3, eight_div(eight_mul(eight_of(100.0), eight_abs(eight_sub(m.plus, m.minus))), both));
}

static void adx_end(void *stream, const double *const *in, size_t last) {
    b3_adx *a = stream;
    movement_end(&a->movement, in, last);
}

/* ---------------------------------------------------------------- sar */

/* Two trends on the same bars become one where they turn on the same bar from the same extreme. */
#define SAR_MEMORY 96

static int sar_terms(void *stream, terms *t) {
    b3_parabola *p = stream;
    t->exact = 1;
    t->memory = SAR_MEMORY;
    t->constant[0] = p->step;
    t->constant[1] = p->factor_max;
    return add_term(t, &p->stop, 0.0, 0.0) && add_term(t, &p->extreme, 0.0, 0.0) && add_term(t, &p->factor, 0.0, 0.0) &&
           add_term(t, &p->rises, 0.0, 0.0) && p->started;
}

static inline void sar_step(STEP_ARGS) {
    b3_trend trend = {r->value[0], r->value[1], r->value[2], r->value[3]};
    r->taint = eight_taint(r->taint, eight_sub(now[0], now[1]));
    out[0] = b3_trend_push(&trend, r->constant[0], r->constant[1], now[0], now[1], before[0], before[1]);
    r->value[0] = trend.stop;
    r->value[1] = trend.extreme;
    r->value[2] = trend.factor;
    r->value[3] = trend.rises;
}

static void sar_end(void *stream, const double *const *in, size_t last) {
    b3_parabola *p = stream;
    p->high = in[0][last];
    p->low = in[1][last];
}

/* A trend that begins on the bar before, upwards or downwards as the bars do. */
static void sar_guess(const void *stream, const double *const *in, size_t at, double *value) {
    const b3_parabola *p = stream;
    const int falls = in[0][at - 1] + in[1][at - 1] < in[0][at - 2] + in[1][at - 2];
    value[0] = falls ? in[0][at - 2] : -in[1][at - 2];
    value[1] = falls ? -in[1][at - 1] : in[0][at - 1];
    value[2] = p->step;
    value[3] = falls ? -1.0 : 1.0;
}

/* Kernel, inputs, outputs, terms. */
STEPS(ema, 1, 1, 1)
STEPS(dema, 1, 1, 2)
STEPS(tema, 1, 1, 3)
STEPS(trix, 1, 1, 3)
STEPS(macd, 1, 3, 3)
STEPS(ppo, 1, 1, 2)
STEPS(strength, 1, 1, 2)
STEPS_BY_TIME(atr, 3, 1, 1)
STEPS_BY_TIME(natr, 3, 1, 1)
STEPS_BY_TIME(keltner, 3, 3, 2)
STEPS(di, 3, 1, 3)
STEPS(adx, 3, 1, 4)
STEPS_BY_LANES(sar, 2, 1, 4)

RECURSIVE_LANES(ema, .end = no_end, BY_STEPS(ema))
RECURSIVE_LANES(dema, .end = no_end, BY_STEPS(dema))
RECURSIVE_LANES(tema, .end = no_end, BY_STEPS(tema))
RECURSIVE_LANES(trix, .end = trix_end, BY_STEPS(trix))
RECURSIVE_LANES(macd, .end = no_end, BY_STEPS(macd))
RECURSIVE_LANES(ppo, .end = no_end, BY_STEPS(ppo))
RECURSIVE_LANES(rsi, .end = strength_end, BY_STEPS(strength))
RECURSIVE_LANES(cmo, .end = strength_end, BY_STEPS(strength))
RECURSIVE(atr, .end = atr_end, .by_time = atr_by_time)
RECURSIVE(natr, .end = atr_end, .by_time = natr_by_time)
RECURSIVE(keltner, .end = keltner_end, .by_time = keltner_by_time)
RECURSIVE_LANES(plus_di, .end = movement_end, BY_STEPS(di))
RECURSIVE_LANES(minus_di, .end = movement_end, BY_STEPS(di))
RECURSIVE_LANES(adx, .end = adx_end, BY_STEPS(adx))
RECURSIVE_LANES(sar, .end = sar_end, .by_lanes = sar_by_lanes, .guess = sar_guess)

RECURSIVE_RUN(ema)
RECURSIVE_RUN(dema)
RECURSIVE_RUN(tema)
RECURSIVE_RUN(trix)
RECURSIVE_RUN(macd)
RECURSIVE_RUN(rsi)
RECURSIVE_RUN(cmo)
RECURSIVE_RUN(atr)
RECURSIVE_RUN(natr)
RECURSIVE_RUN(keltner)
RECURSIVE_RUN(plus_di)
RECURSIVE_RUN(minus_di)
RECURSIVE_RUN(adx)
RECURSIVE_RUN(sar)

/* ---------------------------------------------------------------- adxr */

/* Values of adx that stay in the cache until they are averaged. */
#define ADXR_PIECE 65536

/* y[i] = (adx[i] + adx[i - period]) / 2 in place, from the newest on, so that what is read is still as it was. The first ones look back
 * into the lag, which gets the last ones. count >= period. */
static void average_with_lag(b3_lag *lag, double *y, size_t count) {
    double oldest[B3_RUN_LOOKBACK_MAX];
    const size_t period = lag->period;
    const size_t tail = period - lag->k;
    memcpy(oldest, lag->sample + lag->k, tail * sizeof *oldest);
    memcpy(oldest + tail, lag->sample, lag->k * sizeof *oldest);
    memcpy(lag->sample, y + count - period, period * sizeof *y);
    lag->k = 0;
    const eight half = eight_of(0.5);
    size_t i = count;
    for (; i >= period + 8; i -= 8)
        eight_store(y + i - 8, eight_mul(half, eight_add(eight_load(y + i - 8), eight_load(y + i - 8 - period))));
    for (; i > period; --i) y[i - 1] = 0.5 * (y[i - 1] + y[i - 1 - period]);
    for (; i > 0; --i) y[i - 1] = 0.5 * (y[i - 1] + oldest[i - 1]);
}

static void run_adxr(RECURSIVE_ARGS) {
    (void)params;
    b3_adx_rating *rating = stream;
    const size_t period = rating->lag.period;
    size_t at = 0;
    for (size_t size; period <= B3_RUN_LOOKBACK_MAX && count - at >= period; at += size) {
        size = count - at < ADXR_PIECE ? count - at : ADXR_PIECE;
        const double *const from[] = {in[0] + at, in[1] + at, in[2] + at};
        double *const to[] = {out[0] + at};
        run_recursive(&adx_recursive, &rating->adx, from, to, size);
        average_with_lag(&rating->lag, to[0], size);
        if (at + size == count) return;
    }
    b3_run_updates(&b3_indicator_adxr, stream, in, out, at, count);
}

/* ---------------------------------------------------------------- chunks */

#define CHUNK_ARGS void *stream, const double *const *in, double *const *out, size_t at, size_t size
#define WARM_ARGS const void *stream, const double *const *in, size_t at
#define EIGHTS(i) for (size_t i = 0; i < size; i += 8)

/* What a chunk looks back to lies in `in` as well: at is never 0. */
typedef int (*warm_fn)(const void *stream, const double *const *in, size_t at);
/* Filters size values, a multiple of eight, from at on; 0: they are not all finite, and nothing changed but out. */
typedef int (*chunk_fn)(CHUNK_ARGS);

static inline void run_chunks(const b3_indicator *indicator, warm_fn warm, chunk_fn chunk, size_t chunk_max, void *stream,
                              const double *const *in, double *const *out, uint64_t count) {
    for (uint64_t at = 0, size; at < count; at += size) {
        const uint64_t left = count - at;
        size = left < 8 ? left : 8;
        if (left >= 8 && at != 0 && warm(stream, in, at)) {
            size = left < chunk_max ? left & ~(uint64_t)7 : chunk_max;
            if (chunk(stream, in, out, at, size)) continue;
        }
        b3_run_updates(indicator, stream, in, out, at, at + size);
    }
}

#define CHUNKED(kernel)                                                                                                                    \
    static void run_##kernel(RECURSIVE_ARGS) {                                                                                             \
        (void)params;                                                                                                                      \
        run_chunks(&b3_indicator_##kernel, kernel##_warm, kernel##_chunk, CHUNK_MAX, stream, in, out, count);                              \
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
        eight_store(y + i, w->adjust ? eight_div(value, filter_push(&f, &weight, one)) : value);
    }
    const double end = eight_first_lane(sum) / (w->adjust ? eight_first_lane(weight) : 1.0);
    if (!isfinite(end)) return 0;
    w->value = end;
    w->weight = eight_first_lane(weight);
    return 1;
}

CHUNKED(ewma)

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
        eight_store(out[0] + at + i, filter_push(&f, &value, eight_mul(product_gain, eight_mul(apart[0], apart[1]))));
    }
    const double moved[2] = {eight_first_lane(means[0]), eight_first_lane(means[1])};
    const double end = eight_first_lane(value);
    if (!isfinite(end) || !isfinite(moved[0]) || !isfinite(moved[1])) return 0;
    w->value = end;
    for (int k = 0; k < 2; ++k) w->mean[k] += moved[k];
    return 1;
}

CHUNKED(ewma_covariance)

/* Averages outside of a recursion. */
typedef struct average {
    filter filter;
    eight gain;
    eight carry;
} average;

static inline int is_warm(const b3_smooth *s) {
    return s->seen > s->lookback && isfinite(s->value);
}

static inline average average_of(const b3_smooth *s) {
    return (average){.filter = filter_of(1.0 - s->gain), .gain = eight_of(s->gain), .carry = eight_of(s->value)};
}

static inline eight average_push(average *a, eight x) {
    return filter_push(&a->filter, &a->carry, eight_mul(a->gain, x));
}

static inline double average_last(const average *a) {
    return eight_first_lane(a->carry);
}

/* ---------------------------------------------------------------- sums since the beginning */

static inline double total_of(const b3_running_sum *total) {
    return total->sum + total->rest;
}

/* 0: not all samples were finite. */
static inline int sums_end(const sums *s, b3_running_sum *total) {
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
    sums total = sums_of(total_of(&b->sum));
    eight taint = zero;
    EIGHTS(i) {
        const eight now = eight_load(x + i);
        const eight before = eight_load(x + i - 1);
        const eight size_traded = eight_load(volume + i);
        const eight fell = eight_pick(eight_greater(before, now), eight_sub(zero, size_traded), zero);
        taint = eight_taint(eight_taint(taint, now), size_traded);
        eight_store(y + i, sums_push(&total, eight_pick(eight_greater(now, before), size_traded, fell)));
    }
    if (!eight_is_clean(taint) || !sums_end(&total, &b->sum)) return 0;
    b->before = x[size - 1];
    return 1;
}

static int ad_warm(WARM_ARGS) {
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
    sums total = sums_of(total_of(stream));
    EIGHTS(i) eight_store(y + i, sums_push(&total, money_flow(columns, i)));
    return sums_end(&total, stream);
}

static int adosc_warm(WARM_ARGS) {
    (void)in, (void)at;
    const b3_chaikin *c = stream;
    return is_warm(&c->fast) && is_warm(&c->slow);
}

static int adosc_chunk(CHUNK_ARGS) {
    b3_chaikin *c = stream;
    const double *const columns[] = {in[0] + at, in[1] + at, in[2] + at, in[3] + at};
    double *y = out[0] + at;
    sums total = sums_of(total_of(&c->ad));
    average fast = average_of(&c->fast);
    average slow = average_of(&c->slow);
    EIGHTS(i) {
        const eight flow = sums_push(&total, money_flow(columns, i));
        eight_store(y + i, eight_sub(average_push(&fast, flow), average_push(&slow, flow)));
    }
    if (!isfinite(average_last(&fast)) || !isfinite(average_last(&slow)) || !sums_end(&total, &c->ad)) return 0;
    c->fast.value = average_last(&fast);
    c->slow.value = average_last(&slow);
    return 1;
}

static inline eight typical_price(const double *const *in, size_t at) {
    const eight sum = eight_add(eight_add(eight_load(in[0] + at), eight_load(in[1] + at)), eight_load(in[2] + at));
    return eight_div(sum, eight_of(3.0));
}

#define vwap_warm ad_warm
static int vwap_chunk(CHUNK_ARGS) {
    b3_weighted_price *w = stream;
    const double *const columns[] = {in[0] + at, in[1] + at, in[2] + at};
    const double *volume = in[3] + at;
    double *y = out[0] + at;
    sums notional = sums_of(total_of(&w->notional));
    sums volumes = sums_of(total_of(&w->volume));
    EIGHTS(i) {
        const eight now = eight_load(volume + i);
        const eight money = sums_push(&notional, eight_mul(typical_price(columns, i), now));
        eight_store(y + i, eight_div(money, sums_push(&volumes, now)));
    }
    if (!isfinite(eight_first_lane(volumes.carry)) || !sums_end(&notional, &w->notional)) return 0;
    return sums_end(&volumes, &w->volume);
}

CHUNKED(obv)
CHUNKED(ad)
CHUNKED(adosc)

/* ---------------------------------------------------------------- kernels of two kinds */

/* ppo of simple averages: sums of windows. */
static void ppo_windows(const double *params, const double *const *in, double *const *out, uint64_t from, uint64_t count) {
    const uint32_t fast = (uint32_t)fmin(params[0], params[1]);
    const uint32_t slow = (uint32_t)fmax(params[0], params[1]);
    double quick[B3_CHUNK];
    double late[B3_CHUNK];
    for (uint64_t at = from, size; at < count; at += size) {
        size = count - at < B3_CHUNK ? count - at : B3_CHUNK;
        sum_windows(in[0] + at + 1 - fast, fast, (uint32_t)size, quick);
        sum_windows(in[0] + at + 1 - slow, slow, (uint32_t)size, late);
        for (size_t i = 0; i < size; ++i) {
            const double base = late[i] / slow;
            const double rate = 100.0 * (quick[i] / fast - base) / base;
            out[0][at + i] = base == 0.0 ? 0.0 : rate;
        }
    }
}

static void run_ppo(RECURSIVE_ARGS) {
    const b3_price_oscillator *p = stream;
    if (p->is_ema) run_recursive(&ppo_recursive, stream, in, out, count);
    else b3_run_window(&b3_indicator_ppo, ppo_windows, params, stream, in, out, count);
}

static void vwap_windows(const double *params, const double *const *in, double *const *out, uint64_t from, uint64_t count) {
    const uint32_t period = (uint32_t)params[0];
    double notional[B3_LEVEL];
    double volume[B3_CHUNK];
    for (uint64_t at = from, size; at < count; at += size) {
        size = count - at < B3_CHUNK ? count - at : B3_CHUNK;
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
    if (w->notional_size == 0) run_chunks(&b3_indicator_vwap, vwap_warm, vwap_chunk, CHUNK_MAX, stream, in, out, count);
    else b3_run_window(&b3_indicator_vwap, vwap_windows, params, stream, in, out, count);
}

/* ---------------------------------------------------------------- kama */

/* y[i] = keep[i] * y[i-1] + add[i], for runs of samples: what comes of the sample before the run. */
typedef struct step {
    wide keep;
    wide add;
} step;

/* Runs of `width` become runs twice as long. */
B3_SPECIALISED step step_joined(step s, int width) {
    const wide add = wide_fma(s.keep, wide_later(s.add, wide_of(0.0), width), s.add);
    return (step){s.keep * wide_later(s.keep, wide_of(1.0), width), add};
}

/* Each register goes through the stages of kama in four rounds, so that none waits for the one before. */
typedef struct adapting {
    const double *x; /* of the chunk */
    const double *oldest;
    double *y;
    size_t size;
    wide path; /* of the register before */
    step one;  /* of the one before that */
    step four; /* and before that */
    wide carry;
} adapting;

B3_SPECIALISED void adapt(adapting *a, wide path, size_t at) {
    if (at >= 3 * WIDE_LANES) {
#if WIDE_LANES == 8
        const step s = step_joined(a->four, 4);
#else
        const step s = a->four;
#endif
        wide_store(a->y + at - 3 * WIDE_LANES, wide_fma(s.keep, a->carry, s.add));
        a->carry = wide_fma(wide_last(s.keep), a->carry, wide_last(s.add));
    }
    a->four = step_joined(step_joined(a->one, 1), 2);
    if (at >= WIDE_LANES && at <= a->size) {
        const wide now = wide_load(a->x + at - WIDE_LANES);
        const wide way = wide_abs(now - wide_load(a->oldest + at - WIDE_LANES));
        const wide efficiency = wide_pick(WIDE_IS(a->path, ABOVE, way), way / a->path, wide_of(1.0));
        const wide speed = wide_fma(efficiency, wide_of(2.0 / 3.0 - 2.0 / 31.0), wide_of(2.0 / 31.0));
        const wide gain = speed * speed;
        a->one = (step){wide_of(1.0) - gain, gain * now};
    }
    a->path = path;
}

B3_SPECIALISED void finish_kama(void *context, part path, size_t at, size_t left) {
    (void)left;
    adapt(context, path.of[0], at);
}

/* size: a multiple of eight. 0: the samples are not all finite, and nothing changed but y. */
B3_ONE_COPY int kama_chunk(double *value, uint32_t period, const double *x, double *y, size_t size) {
    const double *oldest = x - period;
    const source from = {.x = oldest + 1, .y = oldest};
    adapting a = {.x = x, .oldest = oldest, .y = y, .size = size, .carry = wide_of(*value)};
    each_window(CHANGES, &from, period, (uint32_t)size, finish_kama, &a);
    for (size_t at = size; at < size + 3 * WIDE_LANES; at += WIDE_LANES) adapt(&a, a.path, at); /* what is still on its way */
    double end[WIDE_LANES];
    wide_store(end, a.carry);
    if (!isfinite(end[0])) return 0;
    *value = end[0];
    return 1;
}

/* The stream's windows as if it had seen the samples before `at` one by one; its value stays. */
static void kama_catch_up(b3_adaptive *a, const double *params, const double *const *in, size_t at) {
    const double value = a->value;
    double y;
    b3_indicator_kama.init(a, params);
    for (size_t i = at - (size_t)params[0] - 1; i < at; ++i) b3_indicator_kama.update(a, in[0] + i, &y);
    a->value = value;
}

static void run_kama(RECURSIVE_ARGS) {
    b3_adaptive *a = stream;
    const uint32_t period = (uint32_t)params[0];
    int behind = 0; /* the stream's windows are older than its value */
    for (uint64_t at = 0, size; at < count; at += size) {
        const uint64_t left = count - at;
        size = left < 8 ? left : 8;
        if (left >= 8 && at > period && period <= B3_RUN_LOOKBACK_MAX && a->seen > (uint64_t)period + 1) {
            size = left < B3_CHUNK_OF(period) ? left & ~(uint64_t)7 : B3_CHUNK_OF(period);
            if (kama_chunk(&a->value, period, in[0] + at, out[0] + at, size)) {
                behind = 1;
                continue;
            }
        }
        if (behind) kama_catch_up(a, params, in, at);
        behind = 0;
        b3_run_updates(&b3_indicator_kama, stream, in, out, at, at + size);
    }
    if (behind) kama_catch_up(a, params, in, count);
}

#define RECURSIVE_ROWS                                                                                                                     \
    LANES(ema), LANES(dema), LANES(tema), LANES(trix), LANES(macd), LANES(ppo), LANES(rsi), LANES(cmo), FILTER(atr), FILTER(natr),         \
        FILTER(keltner), LANES(plus_di), LANES(minus_di), LANES(adx), LANES(sar), FILTER(adxr), FILTER(kama), FILTER(ewma), FILTER(vwap),  \
        FILTER(obv), FILTER(ad), FILTER(adosc), FILTER(ewma_covariance)

#endif
