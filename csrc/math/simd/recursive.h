/* Vector runs of the averages that are written in the terms of recursion.h, and of what is made of them. Included once by the file of each
 * instruction set.
 */
#ifndef B3_MATH_SIMD_RECURSIVE_H
#define B3_MATH_SIMD_RECURSIVE_H

#include "doubling.h"
#include "recursion.h"

#include "math/adx.h"
#include "math/average_range.h"
#include "math/keltner.h"
#include "math/macd.h"
#include "math/ppo.h"
#include "math/sar.h"
#include "math/strength.h"
#include "math/triple.h"

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
    t->chained = 1;
    return add_average(t, &twice->first) && add_average(t, &twice->second);
}

static inline void dema_step(STEP_ARGS) {
    (void)before;
    const eight first = push(r, 0, now[0]);
    out[0] = eight_sub(eight_add(first, first), push(r, 1, first));
}

static int tema_terms(void *stream, terms *t) {
    b3_triple *triple = stream;
    t->chained = 1;
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

/* Two trends on the same bars become one where they turn on the same bar from the same extreme: that is nearly always soon. */
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

/* The stop is never inside the last two bars; the trend turns where the price touches it. Below the price all is kept with its sign
 * changed: so it stays what it is where the trend turns. */
static inline void sar_step(STEP_ARGS) {
    const eight high = now[0];
    const eight low = now[1];
    const eight high_before = before[0];
    const eight low_before = before[1];
    const eight step = r->constant[0];
    const eight factor_max = r->constant[1];
    const eight stop = r->value[0];
    const eight extreme = r->value[1];
    const eight factor_before = r->value[2];
    const eight direction = r->value[3];
    r->taint = eight_taint(r->taint, eight_sub(high, low));
    const eight_mask rises = eight_greater(direction, eight_of(0.0));
    const eight under = eight_negate(low);
    const eight under_before = eight_negate(low_before);
    const eight ahead = eight_pick(rises, high, under);
    const eight behind = eight_pick(rises, under, high);
    const eight ahead_before = eight_pick(rises, high_before, under_before);
    const eight behind_before = eight_pick(rises, under_before, high_before);
    const eight_mask turns = eight_at_most(stop, behind);
    const eight reached = eight_max(ahead, extreme);
    const eight faster = eight_pick(eight_greater(ahead, extreme), eight_min(eight_add(factor_before, step), factor_max), factor_before);
    const eight factor = eight_pick(turns, step, faster);
    const eight from = eight_pick(turns, eight_max(reached, ahead_before), stop);
    const eight towards = eight_pick(turns, behind, reached);
    const eight outside = eight_pick(turns, eight_max(ahead, ahead_before), eight_max(behind, behind_before));
    r->value[0] = eight_max(eight_sub(from, eight_mul(factor, eight_add(towards, from))), outside);
    r->value[1] = towards;
    r->value[2] = factor;
    r->value[3] = eight_pick(turns, eight_negate(direction), direction);
    out[0] = eight_negate(eight_mul(r->value[3], from));
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

RECURSIVE_LANES(ema, .terms = ema_terms, .end = no_end, BY_STEPS(ema))
RECURSIVE_LANES(dema, .terms = dema_terms, .end = no_end, BY_STEPS(dema))
RECURSIVE_LANES(tema, .terms = tema_terms, .end = no_end, BY_STEPS(tema))
RECURSIVE_LANES(trix, .terms = trix_terms, .end = trix_end, BY_STEPS(trix))
RECURSIVE_LANES(macd, .terms = macd_terms, .end = no_end, BY_STEPS(macd))
RECURSIVE_LANES(ppo, .terms = ppo_terms, .end = no_end, BY_STEPS(ppo))
RECURSIVE_LANES(rsi, .terms = rsi_terms, .end = strength_end, BY_STEPS(strength))
RECURSIVE_LANES(cmo, .terms = cmo_terms, .end = strength_end, BY_STEPS(strength))
RECURSIVE(atr, .terms = atr_terms, .end = atr_end, .by_time = atr_by_time)
RECURSIVE(natr, .terms = atr_terms, .end = atr_end, .by_time = natr_by_time)
RECURSIVE(keltner, .terms = keltner_terms, .end = keltner_end, .by_time = keltner_by_time)
RECURSIVE_LANES(plus_di, .terms = plus_di_terms, .end = movement_end, BY_STEPS(di))
RECURSIVE_LANES(minus_di, .terms = movement_terms, .end = movement_end, BY_STEPS(di))
RECURSIVE_LANES(adx, .terms = adx_terms, .end = adx_end, BY_STEPS(adx))
RECURSIVE_LANES(sar, .terms = sar_terms, .end = sar_end, .by_lanes = sar_by_lanes, .guess = sar_guess)

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

/* ---------------------------------------------------------------- ppo */

/* ppo of simple averages: sums of windows. */
static void ppo_windows(const double *params, const double *const *in, double *const *out, uint64_t from, uint64_t count) {
    const uint32_t fast = (uint32_t)fmin(params[0], params[1]);
    const uint32_t slow = (uint32_t)fmax(params[0], params[1]);
    double quick[CHUNK];
    double late[CHUNK];
    for (uint64_t at = from, size; at < count; at += size) {
        size = count - at < CHUNK ? count - at : CHUNK;
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

#define RECURSIVE_ROWS                                                                                                                     \
    LANES(ema), LANES(dema), LANES(tema), LANES(trix), LANES(macd), LANES(ppo), LANES(rsi), LANES(cmo), FILTER(atr), FILTER(natr),         \
        FILTER(keltner), LANES(plus_di), LANES(minus_di), LANES(adx), LANES(sar), FILTER(adxr)

#endif
