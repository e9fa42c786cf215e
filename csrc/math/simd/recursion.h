/* One text a kernel for two ways to eight results at once.
 *
 *      by time     eight samples of one series that follow one another: averages by block scan (scan.h)
 *      by lanes    one sample of each of eight series: averages by one multiply-add
 *
 * By lanes costs a third where it can be had: eight rows of a panel, or one long series cut into eight segments that run at once. Where a
 * segment begins its averages are not known, but an average forgets: the lane starts early, from a guess, and once the lanes are through,
 * each start is compared with the end of the lane before. A segment whose start was not right to the last digits is run again, by time or
 * one by one. So nothing depends on the guess but the speed.
 *
 * A NaN or infinity stays in an average, and shows at the end.
 */
#ifndef B3_MATH_SIMD_RECURSION_H
#define B3_MATH_SIMD_RECURSION_H

#include "scan.h"

#include "math/kernel.h"
#include "math/run.h"
#include "math/smooth.h"

#define TERMS 4
/* Samples of a segment, at most: eight of them stay in the second cache. */
#define SEGMENT_MAX 16384
/* Bytes of a stream that may be run by lanes. */
#define LANE_STREAM 256
/* A sum of what moved that is below may have lost digits by underflow, or be 0 for good: a matter for single updates. */
#define LEAST 1e-200

/* What a stream remembers, as y = keep * y + gain * x each. */
typedef struct terms {
    double *value[TERMS];
    double keep[TERMS];
    double gain[TERMS];
    uint32_t scale[TERMS]; /* index of the term by whose size an error of this one is judged */
    uint32_t count;
    uint32_t chained; /* averages of averages: by time each waits for the one before, so that lanes pay for their start sooner */
    uint32_t exact;   /* no averages: they forget all of the past after `memory` samples or not at all */
    uint32_t memory;
    double constant[2];
} terms;

typedef struct recursion {
    int by_time; /* known when compiling */
    eight value[TERMS];
    eight keep[TERMS];
    eight gain[TERMS];
    filter filter[TERMS];
    eight taint; /* see eight_taint */
    eight least; /* of what must not be too small */
    eight constant[2];
} recursion;

/* 0: not warm. */
typedef int (*terms_fn)(void *stream, terms *t);
/* One step: now[j], before[j]: this sample and the one before of input j. */
typedef void (*step_fn)(recursion *r, const eight *now, const eight *before, eight *out);
/* What the stream remembers besides its terms, after the sample at `last`. */
typedef void (*end_fn)(void *stream, const double *const *in, size_t last);

/* What the terms might be after the sample before `at`. */
typedef void (*guess_fn)(const void *stream, const double *const *in, size_t at, double *value);

typedef void (*time_fn)(recursion *r, const double *const *in, double *const *out, size_t count);
typedef void (*lanes_fn)(recursion *r, const double *const *in, size_t in_apart, double *const *out, size_t out_apart, size_t count);

typedef struct recursive {
    const b3_indicator *indicator;
    terms_fn terms;
    end_fn end;
    time_fn by_time;   /* NULL: there is no such way */
    lanes_fn by_lanes; /* NULL: it would be no faster */
    guess_fn guess;    /* NULL: the terms as they are now are as good a guess as any */
} recursive;

/* ---------------------------------------------------------------- what kernels are written in */

static inline int add_term(terms *t, double *value, double keep, double gain) {
    t->value[t->count] = value;
    t->keep[t->count] = keep;
    t->gain[t->count] = gain;
    t->scale[t->count] = t->count;
    ++t->count;
    return isfinite(*value);
}

static inline int add_average(terms *t, b3_smooth *s) {
    return add_term(t, &s->value, 1.0 - s->gain, s->gain) && s->seen > s->lookback;
}

/* The next values of term k. */
static inline eight push(recursion *r, size_t k, eight x) {
    const eight gained = eight_mul(r->gain[k], x);
    if (r->by_time) return filter_push(&r->filter[k], &r->value[k], gained);
    return r->value[k] = eight_fma(r->keep[k], r->value[k], gained);
}

/* The same for a gain of 1. */
static inline eight push_sum(recursion *r, size_t k, eight x) {
    if (r->by_time) return filter_push(&r->filter[k], &r->value[k], x);
    return r->value[k] = eight_fma(r->keep[k], r->value[k], x);
}

/* ---------------------------------------------------------------- by time, by lanes */

/* A copy by constant indices, which the compiler keeps in registers; what is only carried along goes part by part, or it would be moved as
 * memory. */
__attribute__((always_inline)) static inline void take_state(recursion *r, const recursion *state, uint32_t term_count, int by_time) {
#define TAKE_TERM(k)                                                                                                                       \
    if (term_count > (k)) {                                                                                                                \
        r->value[k] = state->value[k];                                                                                                     \
        r->keep[k] = state->keep[k];                                                                                                       \
        r->gain[k] = state->gain[k];                                                                                                       \
        if (by_time) r->filter[k] = state->filter[k];                                                                                      \
    }
    TAKE_TERM(0)
    TAKE_TERM(1)
    TAKE_TERM(2)
    TAKE_TERM(3)
#undef TAKE_TERM
    r->by_time = by_time;
    EIGHT_PARTS(r->taint.part[i] = state->taint.part[i]; r->least.part[i] = state->least.part[i])
    r->constant[0] = state->constant[0];
    r->constant[1] = state->constant[1];
}

__attribute__((always_inline)) static inline void give_state(recursion *state, const recursion *r, uint32_t term_count) {
    if (term_count > 0) state->value[0] = r->value[0];
    if (term_count > 1) state->value[1] = r->value[1];
    if (term_count > 2) state->value[2] = r->value[2];
    if (term_count > 3) state->value[3] = r->value[3];
    EIGHT_PARTS(state->taint.part[i] = r->taint.part[i]; state->least.part[i] = r->least.part[i])
}

__attribute__((always_inline)) static inline void steps_by_time(step_fn step, uint32_t inputs, uint32_t outputs, uint32_t term_count,
                                                                recursion *state, const double *const *in, double *const *out,
                                                                size_t count) {
    recursion r;
    take_state(&r, state, term_count, 1);
    const double *in0 = in[0];
    const double *in1 = in[inputs > 1 ? 1 : 0];
    const double *in2 = in[inputs > 2 ? 2 : 0];
    double *out0 = out[0];
    double *out1 = out[outputs > 1 ? 1 : 0];
    double *out2 = out[outputs > 2 ? 2 : 0];
    for (size_t i = 0; i < count; i += 8) {
        const eight now[3] = {eight_load(in0 + i), eight_load(in1 + i), eight_load(in2 + i)};
        const eight before[3] = {eight_load(in0 + i - 1), eight_load(in1 + i - 1), eight_load(in2 + i - 1)};
        eight y[3];
        step(&r, now, before, y);
        eight_put(out0 + i, y[0]);
        if (outputs > 1) eight_put(out1 + i, y[1]);
        if (outputs > 2) eight_put(out2 + i, y[2]);
    }
    give_state(state, &r, term_count);
}

/* count: a multiple of eight. out NULL: the results are not wanted. */
__attribute__((always_inline)) static inline void steps_by_lanes(step_fn step, uint32_t inputs, uint32_t outputs, uint32_t term_count,
                                                                 recursion *state, const double *const *in, size_t in_apart,
                                                                 double *const *out, size_t out_apart, size_t count) {
    recursion r;
    take_state(&r, state, term_count, 0);
    const double *in0 = in[0];
    const double *in1 = in[inputs > 1 ? 1 : 0];
    const double *in2 = in[inputs > 2 ? 2 : 0];
    eight before[3] = {eight_gather(in0 - 1, in_apart), eight_gather(in1 - 1, in_apart), eight_gather(in2 - 1, in_apart)};
    for (size_t i = 0; i < count; i += 8) {
        eight x0[8];
        eight x1[8];
        eight x2[8];
        eight y0[8];
        eight y1[8];
        eight y2[8];
        eight_load_columns(x0, in0 + i, in_apart);
        if (inputs > 1) eight_load_columns(x1, in1 + i, in_apart);
        if (inputs > 2) eight_load_columns(x2, in2 + i, in_apart);
#define LANE_STEP(s)                                                                                                                       \
    {                                                                                                                                      \
        const eight now[3] = {x0[s], inputs > 1 ? x1[s] : x0[s], inputs > 2 ? x2[s] : x0[s]};                                              \
        eight y[3];                                                                                                                        \
        step(&r, now, before, y);                                                                                                          \
        before[0] = now[0];                                                                                                                \
        before[1] = now[1];                                                                                                                \
        before[2] = now[2];                                                                                                                \
        y0[s] = y[0];                                                                                                                      \
        if (outputs > 1) y1[s] = y[1];                                                                                                     \
        if (outputs > 2) y2[s] = y[2];                                                                                                     \
    }
        if (inputs * EIGHT_REGISTERS >
            3) { /* a step is long, and there are no registers for all samples: a loop costs nothing, and is a tenth of the code */
#pragma GCC unroll 1
            for (size_t s = 0; s < 8; ++s) LANE_STEP(s)
        } else {
            LANE_STEP(0)
            LANE_STEP(1)
            LANE_STEP(2)
            LANE_STEP(3)
            LANE_STEP(4)
            LANE_STEP(5)
            LANE_STEP(6)
            LANE_STEP(7)
        }
#undef LANE_STEP
        if (out == NULL) continue;
        eight_store_columns(y0, out[0] + i, out_apart);
        if (outputs > 1) eight_store_columns(y1, out[1] + i, out_apart);
        if (outputs > 2) eight_store_columns(y2, out[2] + i, out_apart);
    }
    give_state(state, &r, term_count);
}

/* ---------------------------------------------------------------- one series */

static void recursion_of(recursion *r, const terms *t, int by_time) {
    for (size_t k = 0; k < t->count; ++k) {
        r->value[k] = eight_of(*t->value[k]);
        r->keep[k] = eight_of(t->keep[k]);
        r->gain[k] = eight_of(t->gain[k]);
        if (by_time) r->filter[k] = filter_of(t->keep[k]);
    }
    r->taint = eight_of(0.0);
    r->least = eight_of(INFINITY);
    r->constant[0] = eight_of(t->constant[0]);
    r->constant[1] = eight_of(t->constant[1]);
}

/* A recursion's terms, lane by lane. */
typedef struct lanes {
    double value[TERMS][8];
    double taint[8];
    double least[8];
} lanes;

static void lanes_of(lanes *l, const recursion *r, uint32_t count) {
    for (size_t k = 0; k < count; ++k) eight_store(l->value[k], r->value[k]);
    eight_store(l->taint, r->taint);
    eight_store(l->least, r->least);
}

static int lane_is_whole(const lanes *l, uint32_t count, size_t lane) {
    int whole = l->taint[lane] == 0.0 && l->least[lane] > LEAST;
    for (size_t k = 0; k < count; ++k) whole &= isfinite(l->value[k][lane]);
    return whole;
}

/* A chunk, through the terms and back into them; 0: not all of it was finite, and nothing changed but out. */
static int run_by_time(const recursive *k, terms *t, const double *const *in, double *const *out, size_t at, size_t size) {
    const double *from[B3_INDICATOR_INPUTS];
    double *to[B3_INDICATOR_OUTPUTS];
    recursion r;
    lanes end;
    for (size_t j = 0; j < k->indicator->input_count; ++j) from[j] = in[j] + at;
    for (size_t j = 0; j < k->indicator->output_count; ++j) to[j] = out[j] + at;
    recursion_of(&r, t, 1);
    k->by_time(&r, from, to, size);
    lanes_of(&end, &r, t->count);
    for (size_t lane = 0; lane < 8; ++lane)
        if (!lane_is_whole(&end, t->count, lane)) return 0;
    for (size_t i = 0; i < t->count; ++i) *t->value[i] = end.value[i][0];
    return 1;
}

/* How long an average remembers what cannot be told from rounding; longer where it averages averages. */
static size_t memory_of(const terms *t) {
    if (t->exact) return t->memory;
    double forgets = 1.0;
    for (size_t k = 0; k < t->count; ++k) forgets = fmin(forgets, 1.0 - t->keep[k]);
    /* e^-40 is a hundredth of a unit in the last place. n averages of averages forget as x^(n-1) * e^-x: 5 more for each, rounded up. */
    const double samples = (40.0 + 5.0 * t->count) / forgets;
    return samples > SEGMENT_MAX ? SEGMENT_MAX : ((size_t)samples | 7) + 1;
}

static int starts_right(const terms *t, const lanes *start, size_t lane) {
    for (size_t k = 0; k < t->count; ++k) {
        const double scale = fmax(fabs(*t->value[k]), fabs(*t->value[t->scale[k]]));
        if (!(fabs(start->value[k][lane] - *t->value[k]) <= (t->exact ? 0.0 : 1e-15 * scale))) return 0;
    }
    return 1;
}

/* Samples that go one by one where nothing else does. */
#define UPDATES 8
#define UPDATES_SEQUENTIAL 64

/* Samples from `at` on, by time or one by one; gives how many. */
static size_t run_some(const recursive *k, void *stream, const double *const *in, double *const *out, size_t at, size_t left) {
    terms t = {.count = 0};
    size_t size = left < CHUNK_MAX ? left & ~(size_t)7 : CHUNK_MAX;
    const int vectors = k->by_time != NULL && size != 0 && at != 0 && k->terms(stream, &t);
    if (vectors && run_by_time(k, &t, in, out, at, size)) {
        k->end(stream, in, at + size - 1);
        return size;
    }
    const size_t updates = k->by_time == NULL ? UPDATES_SEQUENTIAL : UPDATES;
    if (!vectors) size = left < updates ? left : updates;
    b3_run_updates(k->indicator, stream, in, out, at, at + size);
    return size;
}

/* Eight segments from `at` on at once; gives how many samples they have. 0: this is not the place for it. */
__attribute__((cold)) static size_t run_by_lanes(const recursive *k, void *stream, const double *const *in, double *const *out, size_t at,
                                                 size_t left) {
    terms t = {.count = 0};
    if (k->by_lanes == NULL || left < 256 || at == 0 || !k->terms(stream, &t)) return 0;
    const size_t memory = memory_of(&t);
    size_t segment = (left / 8 < SEGMENT_MAX ? left / 8 : SEGMENT_MAX) & ~(size_t)7;
    if (segment % 16 == 0) segment -= 8; /* an odd number of cache lines, so that the lanes do not share a set of the cache */
    if (at < memory + 2 || segment < (t.exact || t.chained ? memory : 3 * memory)) return 0;

    const double *from[B3_INDICATOR_INPUTS];
    double *to[B3_INDICATOR_OUTPUTS];
    recursion r;
    lanes start;
    lanes end;
    for (size_t j = 0; j < k->indicator->input_count; ++j) from[j] = in[j] + at - memory;
    for (size_t j = 0; j < k->indicator->output_count; ++j) to[j] = out[j] + at;
    recursion_of(&r, &t, 0);
    for (size_t lane = 0; lane < 8 && k->guess != NULL; ++lane) {
        double value[TERMS];
        k->guess(stream, in, at - memory + lane * segment, value);
        for (size_t i = 0; i < t.count; ++i) start.value[i][lane] = value[i];
    }
    for (size_t i = 0; i < t.count && k->guess != NULL; ++i) r.value[i] = eight_load(start.value[i]);
    k->by_lanes(&r, from, segment, NULL, 0, memory);

    lanes_of(&start, &r, t.count);
    for (size_t i = 0; i < t.count; ++i) {
        start.value[i][0] = *t.value[i];
        r.value[i] = eight_load(start.value[i]);
    }
    r.taint = eight_of(0.0);
    r.least = eight_of(INFINITY);
    for (size_t j = 0; j < k->indicator->input_count; ++j) from[j] = in[j] + at;
    k->by_lanes(&r, from, segment, to, segment, segment);
    lanes_of(&end, &r, t.count);

    for (size_t lane = 0; lane < 8; ++lane) {
        size_t done = at + lane * segment;
        const size_t next = done + segment;
        t.count = 0;
        if (k->terms(stream, &t) && starts_right(&t, &start, lane) && lane_is_whole(&end, t.count, lane)) {
            for (size_t i = 0; i < t.count; ++i) *t.value[i] = end.value[i][lane];
            k->end(stream, in, next - 1);
        } else {
            while (done < next) done += run_some(k, stream, in, out, done, next - done);
        }
    }
    return 8 * segment;
}

static void run_recursive(const recursive *k, void *stream, const double *const *in, double *const *out, uint64_t count) {
    for (size_t at = 0; at < count;) {
        const size_t done = run_by_lanes(k, stream, in, out, at, count - at);
        at += done != 0 ? done : run_some(k, stream, in, out, at, count - at);
    }
}

/* ---------------------------------------------------------------- rows of a panel */

/* Eight rows at once; bit i of the result: row i is done. Not done are those in which not all is finite, or that are too short. */
__attribute__((cold)) static uint32_t run_rows(const recursive *k, const double *params, const double *const *in, size_t in_apart,
                                               double *const *out, size_t out_apart, size_t count) {
    const b3_indicator *indicator = k->indicator;
    const size_t warm = indicator->lookback(params) + 1;
    if (count < warm + 8 || indicator->size(params) > LANE_STREAM) return 0;
    double streams[8][LANE_STREAM / sizeof(double)];
    const double *from[8][B3_INDICATOR_INPUTS];
    double *to[8][B3_INDICATOR_OUTPUTS];
    terms t[8];
    lanes all;
    for (size_t row = 0; row < 8; ++row) {
        for (size_t j = 0; j < indicator->input_count; ++j) from[row][j] = in[j] + row * in_apart;
        for (size_t j = 0; j < indicator->output_count; ++j) to[row][j] = out[j] + row * out_apart;
        indicator->init(streams[row], params);
        b3_run_updates(indicator, streams[row], from[row], to[row], 0, warm);
        t[row] = (terms){.count = 0};
        if (!k->terms(streams[row], &t[row])) return 0;
        for (size_t i = 0; i < t[row].count; ++i) all.value[i][row] = *t[row].value[i];
    }
    recursion r;
    recursion_of(&r, &t[0], 0);
    for (size_t i = 0; i < t[0].count; ++i) r.value[i] = eight_load(all.value[i]);
    const size_t size = (count - warm) & ~(size_t)7;
    const double *first_in[B3_INDICATOR_INPUTS];
    double *first_out[B3_INDICATOR_OUTPUTS];
    for (size_t j = 0; j < indicator->input_count; ++j) first_in[j] = in[j] + warm;
    for (size_t j = 0; j < indicator->output_count; ++j) first_out[j] = out[j] + warm;
    k->by_lanes(&r, first_in, in_apart, first_out, out_apart, size);
    lanes_of(&all, &r, t[0].count);
    uint32_t done = 0;
    for (size_t row = 0; row < 8; ++row) {
        if (!lane_is_whole(&all, t[0].count, row)) continue;
        for (size_t i = 0; i < t[0].count; ++i) *t[row].value[i] = all.value[i][row];
        k->end(streams[row], from[row], warm + size - 1);
        b3_run_updates(indicator, streams[row], from[row], to[row], warm + size, count);
        done |= 1U << row;
    }
    return done;
}

/* ---------------------------------------------------------------- a kernel */

#define RECURSIVE_ARGS const double *params, void *stream, const double *const *in, double *const *out, uint64_t count
#define ROWS_ARGS const double *params, const double *const *in, uint64_t in_apart, double *const *out, uint64_t out_apart, uint64_t count

/* kernel##_by_lanes, of kernel##_step. */
#define STEPS_BY_LANES(kernel, inputs, outputs, term_count)                                                                                \
    __attribute__((flatten)) static void kernel##_by_lanes(recursion *r, const double *const *in, size_t in_apart, double *const *out,     \
                                                           size_t out_apart, size_t count) {                                               \
        steps_by_lanes(kernel##_step, inputs, outputs, term_count, r, in, in_apart, out, out_apart, count);                                \
    }

/* kernel##_by_time, of kernel##_step. */
#define STEPS_BY_TIME(kernel, inputs, outputs, term_count)                                                                                 \
    __attribute__((flatten)) static void kernel##_by_time(recursion *r, const double *const *in, double *const *out, size_t count) {       \
        steps_by_time(kernel##_step, inputs, outputs, term_count, r, in, out, count);                                                      \
    }

#define STEPS(kernel, inputs, outputs, term_count)                                                                                         \
    STEPS_BY_LANES(kernel, inputs, outputs, term_count)                                                                                    \
    STEPS_BY_TIME(kernel, inputs, outputs, term_count)

/* kernel##_recursive, of its fields besides the indicator. */
#define RECURSIVE(kernel, ...) static const recursive kernel##_recursive = {.indicator = &b3_indicator_##kernel, __VA_ARGS__};

/* And rows_##kernel. */
#define RECURSIVE_LANES(kernel, ...)                                                                                                       \
    RECURSIVE(kernel, __VA_ARGS__)                                                                                                         \
    static uint32_t rows_##kernel(ROWS_ARGS) {                                                                                             \
        return run_rows(&kernel##_recursive, params, in, in_apart, out, out_apart, count);                                                 \
    }

#define BY_STEPS(steps) .by_time = steps##_by_time, .by_lanes = steps##_by_lanes

/* run_##kernel, of kernel##_recursive. */
#define RECURSIVE_RUN(kernel)                                                                                                              \
    static void run_##kernel(RECURSIVE_ARGS) {                                                                                             \
        (void)params;                                                                                                                      \
        run_recursive(&kernel##_recursive, stream, in, out, count);                                                                        \
    }

#endif
