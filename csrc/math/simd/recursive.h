/* Vector runs of the recursive kernels. Included once by the file of each instruction set.
 *
 * A run goes by chunks. Where a stream is warm, a chunk is filtered by vectors, from the stream's own averages and back into them. One in
 * which an input is not finite is found out at its end, by its carries: it then changed nothing in the stream, and goes one value at a
 * time like all that comes before the stream is warm. So seeds, NaNs and restarts have one implementation.
 */
#ifndef B3_MATH_SIMD_RECURSIVE_H
#define B3_MATH_SIMD_RECURSIVE_H

#include "doubling.h"
#include "math/adaptive.h"
#include "math/adx.h"
#include "math/average_range.h"
#include "math/chaikin.h"
#include "math/crossing.h"
#include "math/keltner.h"
#include "math/kernel.h"
#include "math/price_oscillator.h"
#include "math/run.h"
#include "math/strength.h"
#include "math/triple.h"
#include "math/volume_balance.h"
#include "math/weighted_mean.h"
#include "math/weighted_price.h"
#include "scan.h"

#define RECURSIVE_ARGS const double *params, void *stream, const double *const *in, double *const *out, uint64_t count
#define CHUNK_ARGS void *stream, const double *const *in, double *const *out, size_t at, size_t size
#define RECURSIVE_CHUNK 1024

/* Values before `at` that a chunk looks back to lie in `in` as well: at is never 0. */
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

#define RECURSIVE(kernel)                                                                                                                  \
    static void run_##kernel(RECURSIVE_ARGS) {                                                                                             \
        (void)params;                                                                                                                      \
        run_chunks(&b3_indicator_##kernel, kernel##_warm, kernel##_chunk, RECURSIVE_CHUNK, stream, in, out, count);                        \
    }

#define WARM_ARGS const void *stream, const double *const *in, size_t at
#define EIGHTS(i) for (size_t i = 0; i < size; i += 8)

/* ---------------------------------------------------------------- exponential averages */

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

static int ema_warm(WARM_ARGS) {
    (void)in, (void)at;
    return is_warm(stream);
}

static int ema_chunk(CHUNK_ARGS) {
    b3_smooth *s = stream;
    const double *x = in[0] + at;
    double *y = out[0] + at;
    average a = average_of(s);
    EIGHTS(i) eight_store(y + i, average_push(&a, eight_load(x + i)));
    if (!isfinite(average_last(&a))) return 0;
    s->value = average_last(&a);
    return 1;
}

static int dema_warm(WARM_ARGS) {
    (void)in, (void)at;
    const b3_twice *t = stream;
    return is_warm(&t->first) && is_warm(&t->second);
}

static int dema_chunk(CHUNK_ARGS) {
    b3_twice *t = stream;
    const double *x = in[0] + at;
    double *y = out[0] + at;
    average first = average_of(&t->first);
    average second = average_of(&t->second);
    EIGHTS(i) {
        const eight once = average_push(&first, eight_load(x + i));
        eight_store(y + i, eight_sub(eight_add(once, once), average_push(&second, once)));
    }
    if (!isfinite(average_last(&second))) return 0;
    t->first.value = average_last(&first);
    t->second.value = average_last(&second);
    return 1;
}

typedef struct averages {
    average first;
    average second;
    average third;
} averages;

static inline averages averages_of(const b3_triple *t) {
    return (averages){average_of(&t->first), average_of(&t->second), average_of(&t->third)};
}

static inline int averages_end(const averages *a, b3_triple *t) {
    if (!isfinite(average_last(&a->third))) return 0;
    t->first.value = average_last(&a->first);
    t->second.value = average_last(&a->second);
    t->third.value = average_last(&a->third);
    return 1;
}

static int tema_warm(WARM_ARGS) {
    (void)in, (void)at;
    const b3_triple *t = stream;
    return is_warm(&t->first) && is_warm(&t->second) && is_warm(&t->third);
}

static int tema_chunk(CHUNK_ARGS) {
    const double *x = in[0] + at;
    double *y = out[0] + at;
    const eight three = eight_of(3.0);
    averages a = averages_of(stream);
    EIGHTS(i) {
        const eight first = average_push(&a.first, eight_load(x + i));
        const eight second = average_push(&a.second, first);
        eight_store(y + i, eight_fma(three, eight_sub(first, second), average_push(&a.third, second)));
    }
    return averages_end(&a, stream);
}

static int trix_warm(WARM_ARGS) {
    const b3_triple_rate *r = stream;
    return tema_warm(&r->triple, in, at) && isfinite(r->before);
}

static int trix_chunk(CHUNK_ARGS) {
    b3_triple_rate *r = stream;
    const double *x = in[0] + at;
    double *y = out[0] + at;
    const eight percent = eight_of(100.0);
    averages a = averages_of(&r->triple);
    eight last = eight_of(r->before);
    EIGHTS(i) {
        const eight third = average_push(&a.third, average_push(&a.second, average_push(&a.first, eight_load(x + i))));
        const eight before = eight_up1(third, last);
        eight_store(y + i, eight_mul(eight_ratio(eight_sub(third, before), before), percent));
        last = third;
    }
    if (!averages_end(&a, &r->triple)) return 0;
    r->before = r->triple.third.value;
    return 1;
}

static int macd_warm(WARM_ARGS) {
    (void)in, (void)at;
    const b3_crossing *c = stream;
    return is_warm(&c->fast) && is_warm(&c->slow) && is_warm(&c->signal);
}

static int macd_chunk(CHUNK_ARGS) {
    b3_crossing *c = stream;
    const double *x = in[0] + at;
    double *macd = out[0] + at;
    double *signal = out[1] + at;
    double *histogram = out[2] + at;
    average fast = average_of(&c->fast);
    average slow = average_of(&c->slow);
    average late = average_of(&c->signal);
    EIGHTS(i) {
        const eight now = eight_load(x + i);
        const eight apart = eight_sub(average_push(&fast, now), average_push(&slow, now));
        const eight mean = average_push(&late, apart);
        eight_store(macd + i, apart);
        eight_store(signal + i, mean);
        eight_store(histogram + i, eight_sub(apart, mean));
    }
    if (!isfinite(average_last(&late))) return 0;
    c->fast.value = average_last(&fast);
    c->slow.value = average_last(&slow);
    c->signal.value = average_last(&late);
    return 1;
}

static int ppo_warm(WARM_ARGS) {
    (void)in, (void)at;
    const b3_price_oscillator *p = stream;
    return is_warm(&p->ema) && is_warm(&p->slow_ema);
}

static int ppo_chunk(CHUNK_ARGS) {
    b3_price_oscillator *p = stream;
    const double *x = in[0] + at;
    double *y = out[0] + at;
    const eight percent = eight_of(100.0);
    average fast = average_of(&p->ema);
    average slow = average_of(&p->slow_ema);
    EIGHTS(i) {
        const eight now = eight_load(x + i);
        const eight base = average_push(&slow, now);
        eight_store(y + i, eight_mul(percent, eight_ratio(eight_sub(average_push(&fast, now), base), base)));
    }
    if (!isfinite(average_last(&fast)) || !isfinite(average_last(&slow))) return 0;
    p->ema.value = average_last(&fast);
    p->slow_ema.value = average_last(&slow);
    return 1;
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

/* ---------------------------------------------------------------- strength */

/* Below, averages of changes may have lost digits by underflow, or be 0 for good: a matter for single updates. */
#define LEAST 1e-200

static int rsi_warm(WARM_ARGS) {
    (void)in, (void)at;
    const b3_strength *s = stream;
    return isfinite(s->before) && is_warm(&s->gain) && is_warm(&s->change) && s->change.value > LEAST;
}

/* y = scale * gain / |change| + shift. The gain of the averages cancels. */
static inline int strength_chunk(CHUNK_ARGS, double scale, double shift) {
    b3_strength *s = stream;
    const double *x = in[0] + at;
    double *y = out[0] + at;
    const double gain = s->gain.gain;
    const filter f = filter_of(1.0 - gain);
    const eight zero = eight_of(0.0);
    const eight scales = eight_of(scale);
    const eight shifts = eight_of(shift);
    eight gains = eight_of(s->gain.value / gain);
    eight changes = eight_of(s->change.value / gain);
    EIGHTS(i) {
        const eight change = eight_sub(eight_load(x + i), eight_load(x + i - 1));
        const eight rise = filter_push(&f, &gains, eight_max(change, zero));
        const eight all = filter_push(&f, &changes, eight_abs(change));
        eight_store(y + i, eight_add(eight_div(eight_mul(scales, rise), all), shifts));
    }
    const double end = eight_first_lane(changes) * gain;
    if (!isfinite(end) || end < LEAST) return 0;
    s->before = x[size - 1];
    s->gain.value = eight_first_lane(gains) * gain;
    s->change.value = end;
    return 1;
}

static int rsi_chunk(CHUNK_ARGS) {
    return strength_chunk(stream, in, out, at, size, 100.0, 0.0);
}

#define cmo_warm rsi_warm
static int cmo_chunk(CHUNK_ARGS) {
    return strength_chunk(stream, in, out, at, size, 200.0, -100.0);
}

/* ---------------------------------------------------------------- ranges */

/* True ranges of the bars i .. i + 7; taint: see eight_taint. */
static inline eight true_range(const double *high, const double *low, const double *close, size_t i, eight *taint) {
    const eight before = eight_load(close + i - 1);
    const eight top = eight_load(high + i);
    const eight bottom = eight_load(low + i);
    const eight up = eight_abs(eight_sub(top, before));
    const eight down = eight_abs(eight_sub(bottom, before));
    *taint = eight_taint(*taint, eight_add(up, down));
    return eight_max(eight_max(up, down), eight_sub(top, bottom));
}

static int atr_warm(WARM_ARGS) {
    (void)in, (void)at;
    const b3_average_range *a = stream;
    return isfinite(a->close) && is_warm(&a->range);
}

static inline int range_chunk(CHUNK_ARGS, int normalised) {
    b3_average_range *a = stream;
    const double *high = in[0] + at;
    const double *low = in[1] + at;
    const double *close = in[2] + at;
    double *y = out[0] + at;
    const eight percent = eight_of(100.0);
    average range = average_of(&a->range);
    eight taint = eight_of(0.0);
    EIGHTS(i) {
        const eight value = average_push(&range, true_range(high, low, close, i, &taint));
        eight_store(y + i, normalised ? eight_ratio(eight_mul(percent, value), eight_load(close + i)) : value);
    }
    const double end = average_last(&range);
    if (!eight_is_clean(taint) || !isfinite(end) || !isfinite(close[size - 1])) return 0;
    a->close = close[size - 1];
    a->range.value = end;
    return 1;
}

static int atr_chunk(CHUNK_ARGS) {
    return range_chunk(stream, in, out, at, size, 0);
}

#define natr_warm atr_warm
static int natr_chunk(CHUNK_ARGS) {
    return range_chunk(stream, in, out, at, size, 1);
}

static int keltner_warm(WARM_ARGS) {
    (void)in, (void)at;
    const b3_keltner *k = stream;
    return isfinite(k->close) && is_warm(&k->middle) && is_warm(&k->range);
}

static int keltner_chunk(CHUNK_ARGS) {
    b3_keltner *k = stream;
    const double *high = in[0] + at;
    const double *low = in[1] + at;
    const double *close = in[2] + at;
    double *upper = out[0] + at;
    double *centre = out[1] + at;
    double *lower = out[2] + at;
    const eight multiplier = eight_of(k->multiplier);
    average range = average_of(&k->range);
    average middle = average_of(&k->middle);
    eight taint = eight_of(0.0);
    EIGHTS(i) {
        const eight width = eight_mul(multiplier, average_push(&range, true_range(high, low, close, i, &taint)));
        const eight mean = average_push(&middle, eight_load(close + i));
        eight_store(upper + i, eight_add(mean, width));
        eight_store(centre + i, mean);
        eight_store(lower + i, eight_sub(mean, width));
    }
    if (!eight_is_clean(taint) || !isfinite(average_last(&range)) || !isfinite(average_last(&middle))) return 0;
    k->close = close[size - 1];
    k->range.value = average_last(&range);
    k->middle.value = average_last(&middle);
    return 1;
}

/* ---------------------------------------------------------------- directional movement */

typedef struct movement {
    filter filter;
    eight plus;
    eight minus;
    eight range;
    eight taint;
} movement;

static inline movement movement_of(const b3_directional *d) {
    return (movement){.filter = filter_of(1.0 - 1.0 / d->period),
                      .plus = eight_of(d->plus),
                      .minus = eight_of(d->minus),
                      .range = eight_of(d->range),
                      .taint = eight_of(0.0)};
}

typedef struct moved {
    eight up;
    eight down;
} moved;

static inline moved movement_at(const double *high, const double *low, size_t i) {
    return (moved){eight_sub(eight_load(high + i), eight_load(high + i - 1)), eight_sub(eight_load(low + i - 1), eight_load(low + i))};
}

/* The part of `to` that is larger than `fro`, and above 0. */
static inline eight movement_towards(eight to, eight fro) {
    const eight zero = eight_of(0.0);
    return eight_pick(eight_greater(to, fro), eight_max(to, zero), zero);
}

static int plus_di_warm(WARM_ARGS) {
    (void)in, (void)at;
    const b3_directional *d = stream;
    return d->seen == d->period && isfinite(d->plus) && isfinite(d->minus) && isfinite(d->range);
}

static inline int movement_end(const movement *m, b3_directional *d, const double *const *in, size_t last) {
    const double plus = eight_first_lane(m->plus);
    const double minus = eight_first_lane(m->minus);
    const double range = eight_first_lane(m->range);
    if (!eight_is_clean(m->taint) || !isfinite(plus) || !isfinite(minus) || !isfinite(range) || !isfinite(in[2][last])) return 0;
    d->high = in[0][last];
    d->low = in[1][last];
    d->close = in[2][last];
    d->plus = plus;
    d->minus = minus;
    d->range = range;
    return 1;
}

static inline int di_chunk(CHUNK_ARGS, int is_plus) {
    b3_directional *d = stream;
    const double *high = in[0] + at;
    const double *low = in[1] + at;
    const double *close = in[2] + at;
    double *y = out[0] + at;
    const eight percent = eight_of(100.0);
    movement m = movement_of(d);
    EIGHTS(i) {
        const moved step = movement_at(high, low, i);
        const eight plus = filter_push(&m.filter, &m.plus, movement_towards(step.up, step.down));
        const eight minus = filter_push(&m.filter, &m.minus, movement_towards(step.down, step.up));
        const eight range = filter_push(&m.filter, &m.range, true_range(high, low, close, i, &m.taint));
        eight_store(y + i, eight_ratio(eight_mul(percent, is_plus ? plus : minus), range));
    }
    return movement_end(&m, d, in, at + size - 1);
}

static int plus_di_chunk(CHUNK_ARGS) {
    return di_chunk(stream, in, out, at, size, 1);
}

#define minus_di_warm plus_di_warm
static int minus_di_chunk(CHUNK_ARGS) {
    return di_chunk(stream, in, out, at, size, 0);
}

static int adx_warm(WARM_ARGS) {
    const b3_adx *a = stream;
    return plus_di_warm(&a->movement, in, at) && is_warm(&a->average);
}

/* Where nothing moves for so long that the stream's special cases matter, it is not for vectors either. */
B3_ONE_COPY int adx_values(b3_adx *a, const double *const *in, size_t at, size_t size, double *y) {
    const double *high = in[0] + at;
    const double *low = in[1] + at;
    const double *close = in[2] + at;
    const eight percent = eight_of(100.0);
    movement m = movement_of(&a->movement);
    average mean = average_of(&a->average);
    eight least = eight_of(INFINITY);
    EIGHTS(i) {
        const moved step = movement_at(high, low, i);
        const eight plus = filter_push(&m.filter, &m.plus, movement_towards(step.up, step.down));
        const eight minus = filter_push(&m.filter, &m.minus, movement_towards(step.down, step.up));
        const eight range = filter_push(&m.filter, &m.range, true_range(high, low, close, i, &m.taint));
        const eight both = eight_add(plus, minus);
        least = eight_min(eight_min(least, range), both);
        const eight index = eight_div(eight_mul(percent, eight_abs(eight_sub(plus, minus))), both);
        eight_store(y + i, average_push(&mean, index));
    }
    const double end = average_last(&mean);
    if (!isfinite(end) || !eight_all(eight_greater(least, eight_of(LEAST)))) return 0;
    if (!movement_end(&m, &a->movement, in, at + size - 1)) return 0;
    a->average.value = end;
    return 1;
}

static int adx_chunk(CHUNK_ARGS) {
    return adx_values(stream, in, at, size, out[0] + at);
}

static int adxr_warm(WARM_ARGS) {
    const b3_adx_rating *r = stream;
    return r->lag.period <= B3_RUN_LOOKBACK_MAX && adx_warm(&r->adx, in, at);
}

static int adxr_chunk(CHUNK_ARGS) {
    b3_adx_rating *r = stream;
    double adx[B3_RUN_LOOKBACK_MAX + RECURSIVE_CHUNK];
    const size_t back = r->lag.period;
    double *y = out[0] + at;
    if (!adx_values(&r->adx, in, at, size, adx + back)) return 0;
    memcpy(adx, r->lag.sample + r->lag.k, (back - r->lag.k) * sizeof *adx);
    memcpy(adx + back - r->lag.k, r->lag.sample, r->lag.k * sizeof *adx);
    for (size_t i = 0; i < size; ++i) y[i] = 0.5 * (adx[back + i] + adx[i]);
    memcpy(r->lag.sample, adx + size, back * sizeof *adx);
    r->lag.k = 0;
    return 1;
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

RECURSIVE(ema)
RECURSIVE(dema)
RECURSIVE(tema)
RECURSIVE(trix)
RECURSIVE(macd)
RECURSIVE(ewma)
RECURSIVE(rsi)
RECURSIVE(cmo)
RECURSIVE(atr)
RECURSIVE(natr)
RECURSIVE(keltner)
RECURSIVE(plus_di)
RECURSIVE(minus_di)
RECURSIVE(adx)
RECURSIVE(adxr)
RECURSIVE(obv)
RECURSIVE(ad)
RECURSIVE(adosc)

/* ---------------------------------------------------------------- kernels of two kinds */

/* ppo of simple averages: sums of windows. */
static void ppo_windows(const double *params, const double *const *in, double *const *out, uint64_t from, uint64_t count) {
    const uint32_t fast = (uint32_t)fmin(params[0], params[1]);
    const uint32_t slow = (uint32_t)fmax(params[0], params[1]);
    double quick[B3_CHUNK];
    double late[B3_CHUNK];
    for (uint64_t at = from, size; at < count; at += size) {
        size = count - at < B3_CHUNK ? count - at : B3_CHUNK;
        sum_windows(in[0] + at + 1 - fast, fast, (uint32_t)size, 1.0, quick);
        sum_windows(in[0] + at + 1 - slow, slow, (uint32_t)size, 1.0, late);
        for (size_t i = 0; i < size; ++i) {
            const double base = late[i] / slow;
            const double rate = 100.0 * (quick[i] / fast - base) / base;
            out[0][at + i] = base == 0.0 ? 0.0 : rate;
        }
    }
}

static void run_ppo(RECURSIVE_ARGS) {
    const b3_price_oscillator *p = stream;
    if (p->is_ema) run_chunks(&b3_indicator_ppo, ppo_warm, ppo_chunk, RECURSIVE_CHUNK, stream, in, out, count);
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
        sum_windows(notional, period, (uint32_t)size, 1.0, y);
        sum_windows(in[3] + first, period, (uint32_t)size, 1.0, volume);
        for (size_t i = 0; i < size; ++i) y[i] /= volume[i];
    }
}

static void run_vwap(RECURSIVE_ARGS) {
    const b3_weighted_price *w = stream;
    if (w->notional_size == 0) run_chunks(&b3_indicator_vwap, vwap_warm, vwap_chunk, RECURSIVE_CHUNK, stream, in, out, count);
    else b3_run_window(&b3_indicator_vwap, vwap_windows, params, stream, in, out, count);
}

/* ---------------------------------------------------------------- kama */

/* From at on: way and path of each window, then a recursion with a gain for each sample. */
static int kama_chunk(double *value, uint32_t period, const double *x, double *y, size_t size) {
    double change[B3_LEVEL];
    double path[B3_CHUNK];
    const double *oldest = x - period;
    for (size_t i = 0; i < size + period - 1; ++i) change[i] = fabs(oldest[i + 1] - oldest[i]);
    sum_windows(change, period, (uint32_t)size, 1.0, path);
    const eight one = eight_of(1.0);
    const eight slope = eight_of(2.0 / 3.0 - 2.0 / 31.0);
    const eight slowest = eight_of(2.0 / 31.0);
    eight carry = eight_of(*value);
    EIGHTS(i) {
        const eight now = eight_load(x + i);
        const eight way = eight_abs(eight_sub(now, eight_load(oldest + i)));
        const eight all = eight_load(path + i);
        const eight efficiency = eight_pick(eight_greater(all, way), eight_div(way, all), one);
        const eight speed = eight_fma(efficiency, slope, slowest);
        const eight gain = eight_mul(speed, speed);
        eight_store(y + i, varying_push(&carry, eight_sub(one, gain), eight_mul(gain, now)));
    }
    const double end = eight_first_lane(carry);
    if (!isfinite(end)) return 0;
    *value = end;
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
            size = left < B3_CHUNK ? left & ~(uint64_t)7 : B3_CHUNK;
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
    FILTER(ema), FILTER(dema), FILTER(tema), FILTER(kama), FILTER(ewma), FILTER(vwap), FILTER(keltner), FILTER(macd), FILTER(ppo),         \
        FILTER(trix), FILTER(rsi), FILTER(cmo), FILTER(adx), FILTER(adxr), FILTER(plus_di), FILTER(minus_di), FILTER(atr), FILTER(natr),   \
        FILTER(obv), FILTER(ad), FILTER(adosc)

#endif
