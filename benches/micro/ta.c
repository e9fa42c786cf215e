/* What does an indicator cost, in C?
 *
 *   ta ROUNDS stream|batch NAME...    20,000 bars into each indicator of that name, with its default parameters
 *
 * Prints one JSON object an indicator: ns a value, median of the rounds. The result is checked first: single updates and a batch end with
 * the same value. With ROUNDS 0 one pass runs untimed: what `callgrind --toggle-collect=bench_body` counts.
 *
 * stream: each bar goes into a stream of its own in turn, as an engine sees the bars of 16 instruments: `ns` is the time an update takes of
 * a thread, its state in the cache. The streams are warm, and stand at different places of their windows. `one_ns` is the same for one
 * instrument whose next bar comes at once, which no engine sees: there an update also waits for the end of the one before.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bot3.h"

#define BARS 20000
#define ROUNDS_MAX 1000
#define STREAMS 16

enum { OPEN, HIGH, LOW, CLOSE, VOLUME, COLUMNS };

typedef struct job {
    const b3_indicator *indicator;
    double params[B3_INDICATOR_PARAMS];
    const double *in[B3_INDICATOR_INPUTS];
    double *out[B3_INDICATOR_OUTPUTS];
    double *rows; /* the inputs of a bar side by side, bars in the order in which they arrive */
    void *streams[STREAMS];
    size_t stream_count;
} job;

enum form { BATCH, ONE, MANY };

static double bars[COLUMNS][BARS];
static double outputs[B3_INDICATOR_OUTPUTS][BARS];

static void require(int holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "ta: %s\n", what);
    exit(1);
}

static void *reserve(size_t bytes) {
    void *memory = malloc(bytes);
    require(bytes == 0 || memory != NULL, "out of memory");
    return memory;
}

static double uniform(void) {
    static uint64_t state = 88172645463325252U;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (double)(state >> 11) * 0x1p-53;
}

/* A random walk near 60,000: made data. */
static void make_bars(void) {
    double close = 60000.0;
    for (uint32_t i = 0; i < BARS; i++) {
        const double open = close;
        close += 20.0 * (uniform() - 0.5);
        bars[OPEN][i] = open;
        bars[CLOSE][i] = close;
        bars[HIGH][i] = fmax(open, close) + 5.0 * uniform();
        bars[LOW][i] = fmin(open, close) - 5.0 * uniform();
        bars[VOLUME][i] = 1.0 + 100.0 * uniform();
    }
}

static const double *column(const char *name, size_t length) {
    static const struct {
        const char *name;
        int column;
    } NAMES[] = {{"open", OPEN},     {"high", HIGH},  {"low", LOW},    {"close", CLOSE},
                 {"volume", VOLUME}, {"real", CLOSE}, {"real0", HIGH}, {"real1", LOW}};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; i++)
        if (strlen(NAMES[i].name) == length && strncmp(NAMES[i].name, name, length) == 0) return bars[NAMES[i].column];
    require(0, "an input that the bench has no column for");
    return NULL;
}

static job prepare(const char *name) {
    job j = {.indicator = b3_indicator_find(name)};
    require(j.indicator != NULL, "no indicator of that name");
    for (uint32_t i = 0; i < j.indicator->param_count; i++) j.params[i] = j.indicator->params[i].value;
    const char *at = j.indicator->inputs;
    for (uint32_t i = 0; i < j.indicator->input_count; i++) {
        const size_t length = strcspn(at, " ");
        j.in[i] = column(at, length);
        at += length + 1;
    }
    for (uint32_t i = 0; i < j.indicator->output_count; i++) j.out[i] = outputs[i];
    j.rows = reserve(sizeof(double) * BARS * j.indicator->input_count);
    for (size_t s = 0; s < STREAMS; s++) j.streams[s] = reserve(j.indicator->size(j.params));
    return j;
}

static void finish(job *j) {
    free(j->rows);
    for (size_t s = 0; s < STREAMS; s++) free(j->streams[s]);
}

/* Lays the bars out; each instrument has its share of them. Instrument s then sees so many more than the first that no two begin a window
 * together. */
static void begin(job *j, enum form form) {
    const size_t inputs = j->indicator->input_count;
    const size_t warm = form == BATCH ? 0 : j->indicator->lookback(j->params) + 1;
    double out[B3_INDICATOR_OUTPUTS];
    j->stream_count = form == MANY ? STREAMS : 1;
    const size_t share = BARS / j->stream_count;
    for (size_t s = 0; s < j->stream_count; s++) {
        for (size_t i = 0; i < share; i++)
            for (size_t k = 0; k < inputs; k++) j->rows[(i * j->stream_count + s) * inputs + k] = j->in[k][s * share + i];
        j->indicator->init(j->streams[s], j->params);
        for (size_t i = 0; i < warm + 7 * s; i++) j->indicator->update(j->streams[s], j->rows + i * inputs, out);
    }
}

static void in_turn(const job *j) {
    void (*update)(void *, const double *, double *) = j->indicator->update;
    const size_t inputs = j->indicator->input_count;
    const size_t count = j->stream_count;
    const double *in = j->rows;
    double out[B3_INDICATOR_OUTPUTS];
    for (size_t i = 0; i < BARS; i += count)
        for (size_t s = 0; s < count; s++, in += inputs) update(j->streams[s], in, out);
}

__attribute__((noinline)) static void bench_body(job *j, enum form form) {
    if (form == BATCH) b3_indicator_run_blocking(j->indicator, j->params, j->streams[0], j->in, j->out, BARS);
    else in_turn(j);
}

static void check(job *j) {
    double last[B3_INDICATOR_OUTPUTS];
    begin(j, ONE);
    j->indicator->init(j->streams[0], j->params);
    for (size_t i = 0; i < BARS; i++) j->indicator->update(j->streams[0], j->rows + i * j->indicator->input_count, last);
    j->indicator->init(j->streams[0], j->params);
    b3_indicator_run_blocking(j->indicator, j->params, j->streams[0], j->in, j->out, BARS);
    for (uint32_t k = 0; k < j->indicator->output_count; k++)
        require(fabs(outputs[k][BARS - 1] - last[k]) <= 1e-9 * (1.0 + fabs(last[k])),
                "a batch ends with another value than single updates");
}

static int64_t cpu_ns(void) {
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return t.tv_sec * 1000000000 + t.tv_nsec;
}

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_ns(job *j, enum form form, int rounds) {
    static double ns[ROUNDS_MAX];
    begin(j, form);
    for (int r = 0; r < rounds; r++) {
        if (form == BATCH) begin(j, form);
        const int64_t from = cpu_ns();
        bench_body(j, form);
        ns[r] = (double)(cpu_ns() - from) / BARS;
    }
    qsort(ns, (size_t)rounds, sizeof *ns, by_value);
    return ns[rounds / 2];
}

int main(int argc, char **argv) {
    const int rounds = argc > 3 ? atoi(argv[1]) : -1;
    const enum form form = argc > 3 && strcmp(argv[2], "batch") == 0 ? BATCH : MANY;
    if (rounds < 0 || rounds > ROUNDS_MAX || (form != BATCH && strcmp(argv[2], "stream") != 0)) {
        fprintf(stderr, "usage: ta ROUNDS stream|batch NAME...   (0 to %d rounds)\n", ROUNDS_MAX);
        return 2;
    }
    make_bars();
    for (int i = 3; i < argc; i++) {
        job j = prepare(argv[i]);
        check(&j);
        begin(&j, form);
        if (rounds == 0) bench_body(&j, form);
        printf("{\"kernel\": \"%s\", \"form\": \"%s\"", argv[i], argv[2]);
        if (rounds > 0) printf(", \"ns\": %.3f", median_ns(&j, form, rounds));
        if (rounds > 0 && form == MANY) printf(", \"one_ns\": %.3f", median_ns(&j, ONE, rounds));
        printf("}\n");
        finish(&j);
    }
    return 0;
}
