/* What does an indicator cost, in C?
 *
 *   ta ROUNDS stream|batch NAME...    20,000 bars into each indicator of that name, with its default parameters
 *
 * Prints one JSON object an indicator: ns a value, median of the rounds. The result is checked first: single updates and a batch end with
 * the same value. With ROUNDS 0 one pass runs untimed: what `callgrind --toggle-collect=bench_body` counts.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "bot3.h"

#define BARS 20000
#define ROUNDS_MAX 1000

enum { OPEN, HIGH, LOW, CLOSE, VOLUME, COLUMNS };

typedef struct job {
    const b3_indicator *indicator;
    double params[B3_INDICATOR_PARAMS];
    void *stream;
    const double *in[B3_INDICATOR_INPUTS];
    double *out[B3_INDICATOR_OUTPUTS];
} job;

static double bars[COLUMNS][BARS];
static double outputs[B3_INDICATOR_OUTPUTS][BARS];

static void require(int holds, const char *what) {
    if (holds) return;
    fprintf(stderr, "ta: %s\n", what);
    exit(1);
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
    j.stream = malloc(j.indicator->size(j.params));
    require(j.stream != NULL, "out of memory");
    return j;
}

static void one_by_one(job *j) {
    double in[B3_INDICATOR_INPUTS];
    double out[B3_INDICATOR_OUTPUTS];
    for (uint32_t i = 0; i < BARS; i++) {
        for (uint32_t k = 0; k < j->indicator->input_count; k++) in[k] = j->in[k][i];
        j->indicator->update(j->stream, in, out);
        for (uint32_t k = 0; k < j->indicator->output_count; k++) j->out[k][i] = out[k];
    }
}

__attribute__((noinline)) static void bench_body(job *j, int batch) {
    j->indicator->init(j->stream, j->params);
    if (batch) b3_indicator_run_blocking(j->indicator, j->params, j->stream, j->in, j->out, BARS);
    else one_by_one(j);
}

static void check(job *j) {
    j->indicator->init(j->stream, j->params);
    one_by_one(j);
    double last[B3_INDICATOR_OUTPUTS];
    for (uint32_t k = 0; k < j->indicator->output_count; k++) last[k] = outputs[k][BARS - 1];
    j->indicator->init(j->stream, j->params);
    b3_indicator_run_blocking(j->indicator, j->params, j->stream, j->in, j->out, BARS);
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

int main(int argc, char **argv) {
    const int rounds = argc > 3 ? atoi(argv[1]) : -1;
    const int batch = argc > 3 && strcmp(argv[2], "batch") == 0;
    if (rounds < 0 || rounds > ROUNDS_MAX || (!batch && strcmp(argv[2], "stream") != 0)) {
        fprintf(stderr, "usage: ta ROUNDS stream|batch NAME...   (0 to %d rounds)\n", ROUNDS_MAX);
        return 2;
    }
    make_bars();
    for (int i = 3; i < argc; i++) {
        job j = prepare(argv[i]);
        if (rounds == 0) bench_body(&j, batch);
        check(&j);
        static double ns[ROUNDS_MAX];
        for (int r = 0; r < rounds; r++) {
            const int64_t from = cpu_ns();
            bench_body(&j, batch);
            ns[r] = (double)(cpu_ns() - from) / BARS;
        }
        qsort(ns, (size_t)rounds, sizeof *ns, by_value);
        printf("{\"kernel\": \"%s\", \"form\": \"%s\"", argv[i], argv[2]);
        if (rounds > 0) printf(", \"ns\": %.3f", ns[rounds / 2]);
        printf("}\n");
        free(j.stream);
    }
    return 0;
}
