/* Every output of every indicator, as batches, pieces of batches and panels give it in the vectors of the machine that this is compiled
 * for, beside single updates: exit code 0 where all are within the bounds of docs/TA.md. Arrays end or begin where memory that may be
 * touched does. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/cpu.h"

#define LENGTH_MAX 32768 /* of a series, or of all rows of a panel: a multiple of any page's */
#define ROWS 19
/* As in tests/oracle/ta_kit.py. */
#define BOUND 1e-11
#define OF_AVERAGES 1e-13
#define ANCHORED_BOUND 4e-10
#define STOCHRSI 1e-5 /* 1e-7 of 100 */

typedef enum shape { WALK, HOLES, INFINITE, FLAT, CONSTANT, ZEROS, HUGE_PRICES, TINY_PRICES, JUMP, SHAPES } shape;
static const char *const SHAPE_NAMES[] = {"walk", "holes", "infinite", "flat", "constant", "zeros", "huge", "tiny", "jump"};

enum { OPEN, HIGH, LOW, CLOSE, VOLUME, COLUMNS };

typedef struct job {
    const b3_indicator *indicator;
    double params[B3_INDICATOR_PARAMS];
    void *stream;
    shape shape;
    int is_scalar;
    const char *form;
    uint64_t length;
} job;

static double *column_room[COLUMNS];
static double *output_room[B3_INDICATOR_OUTPUTS];
static double columns[COLUMNS][LENGTH_MAX];
static double wanted[B3_INDICATOR_OUTPUTS][LENGTH_MAX];

static uint64_t random_below(uint64_t limit) {
    static uint64_t state = 88172645463325252U;
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (state >> 11) % limit;
}

static double *guarded(void) {
    const size_t page = 65536;
    const size_t size = LENGTH_MAX * sizeof(double);
    char *all = mmap(NULL, size + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED || mprotect(all + page, size, PROT_READ | PROT_WRITE) != 0) exit(2);
    return (double *)(void *)(all + page);
}

/* On a grid of 1/64, so that what is equal does not depend on rounding. */
static void make_series(shape kind, uint64_t length) {
    const double scale = kind == HUGE_PRICES ? 0x1p130 : kind == TINY_PRICES ? 0x1p-130 : 1.0;
    double close = 1000.0;
    for (uint64_t i = 0; i < length; ++i) {
        const double open = close;
        close += ((double)random_below(129) - 64.0) / 64.0;
        if (kind == ZEROS) close = (double)random_below(4);
        columns[OPEN][i] = open;
        columns[CLOSE][i] = close;
        columns[HIGH][i] = fmax(open, close) + (double)random_below(33) / 64.0;
        columns[LOW][i] = fmin(open, close) - (double)random_below(33) / 64.0;
        columns[VOLUME][i] = (double)random_below(1000);
        for (int c = 0; c < COLUMNS; ++c) {
            if (kind == CONSTANT) columns[c][i] = 7.0;
            if (kind == ZEROS && c != VOLUME && columns[c][i] == 0.0 && random_below(2) != 0) columns[c][i] = -0.0;
            if (kind == JUMP && c != VOLUME && i >= length * 5 / 7) columns[c][i] += 1e6;
            columns[c][i] *= scale;
        }
    }
    const int stretches = kind == HOLES || kind == FLAT || kind == INFINITE ? 6 : 0;
    for (int k = 0; k < stretches && length > 1; ++k) {
        const uint64_t from = random_below(length);
        const uint64_t size = kind == FLAT ? 1 + random_below(length / 4) : k < 3 ? 1 : 1 + random_below(40);
        const uint64_t column = random_below(COLUMNS);
        for (uint64_t i = from; i < from + size && i < length; ++i) {
            if (kind == HOLES) columns[column][i] = NAN;
            else if (kind == INFINITE) columns[column][i] = k % 2 != 0 ? INFINITY : -INFINITY;
            else
                for (int c = 0; c < COLUMNS; ++c) columns[c][i] = columns[CLOSE][from];
        }
    }
}

static int column_of(const char *name, size_t length) {
    static const struct {
        const char *name;
        int column;
    } NAMES[] = {{"open", OPEN},     {"high", HIGH},  {"low", LOW},    {"close", CLOSE},
                 {"volume", VOLUME}, {"real", CLOSE}, {"real0", HIGH}, {"real1", LOW}};
    for (size_t i = 0; i < sizeof NAMES / sizeof *NAMES; ++i)
        if (strlen(NAMES[i].name) == length && strncmp(NAMES[i].name, name, length) == 0) return NAMES[i].column;
    exit(2);
}

/* in[j], into columns; at_end: as room where behind the last value nothing may be read. */
static void place(const job *j, int at_end, const double **in, double **out) {
    const char *name = j->indicator->inputs;
    const uint64_t shift = at_end ? LENGTH_MAX - j->length : 0;
    for (uint32_t i = 0; i < j->indicator->input_count; ++i) {
        const size_t size = strcspn(name, " ");
        const int column = column_of(name, size);
        name += size + 1;
        in[i] = memcpy(column_room[column] + shift, columns[column], j->length * sizeof(double));
    }
    for (uint32_t i = 0; i < j->indicator->output_count; ++i) {
        for (uint64_t k = 0; k < LENGTH_MAX; ++k) output_room[i][k] = -777.0;
        out[i] = output_room[i] + shift;
    }
}

static void one_by_one(const job *j, const double *const *in, uint64_t from, uint64_t count) {
    double x[B3_INDICATOR_INPUTS];
    double y[B3_INDICATOR_OUTPUTS];
    j->indicator->init(j->stream, j->params);
    for (uint64_t i = from; i < from + count; ++i) {
        for (uint32_t k = 0; k < j->indicator->input_count; ++k) x[k] = in[k][i];
        j->indicator->update(j->stream, x, y);
        for (uint32_t k = 0; k < j->indicator->output_count; ++k) wanted[k][i] = y[k];
    }
}

static int is(const job *j, const char *names) {
    const char *at = strstr(names, j->indicator->name);
    const size_t length = strlen(j->indicator->name);
    for (; at != NULL; at = strstr(at + 1, j->indicator->name))
        if ((at == names || at[-1] == ' ') && (at[length] == ' ' || at[length] == 0)) return 1;
    return 0;
}

/* The largest |ad| of high, low, close, volume: adosc is a difference of its averages. */
static double largest_flow(const double *const *in, uint64_t from, uint64_t count) {
    double flow = 0.0;
    double largest = 0.0;
    for (uint64_t i = from; i < from + count; ++i) {
        const double range = in[0][i] - in[1][i];
        const double now = range > 0.0 ? ((in[2][i] - in[1][i]) - (in[0][i] - in[2][i])) / range * in[3][i] : 0.0;
        if (isfinite(now)) flow += now;
        largest = fmax(largest, fabs(flow));
    }
    return largest;
}

/* How far an output may lie from that of single updates; below 0: it is the same to the last bit. */
static double bound(const job *j, const double *const *in, const double *want, uint64_t from, uint64_t count) {
    if (j->is_scalar || is(j, "sar max min minmax mom roc tr bop avgprice medprice typprice wclprice")) return -1.0;
    if (is(j, "stochrsi")) return STOCHRSI;
    if (is(j, "adosc")) return OF_AVERAGES * largest_flow(in, from, count);
    const double *measure = is(j, "macd") ? in[0] : want;
    double largest = 0.0;
    for (uint64_t i = from; i < from + count; ++i)
        if (isfinite(measure[i])) largest = fmax(largest, fabs(measure[i]));
    if (is(j, "macd")) return OF_AVERAGES * largest;
    if (is(j, "ppo trix cmo adx adxr")) return fmax(BOUND * largest, OF_AVERAGES * 100.0);
    return (is(j, "var stddev zscore correl beta covariance ewma_covariance") ? ANCHORED_BOUND : BOUND) * largest;
}

static void compare(const job *j, const double *const *in, double *const *out, uint64_t from, uint64_t count) {
    /* An index that stands still: its place in its own range is rounding over rounding. */
    if (!j->is_scalar && is(j, "stochrsi") && j->shape != WALK && j->shape != HUGE_PRICES && j->shape != TINY_PRICES) return;
    for (uint32_t k = 0; k < j->indicator->output_count; ++k) {
        const double most = bound(j, in, wanted[k], from, count);
        for (uint64_t i = from; i < from + count; ++i) {
            const double have = out[k][i];
            const double want = wanted[k][i];
            if (memcmp(&have, &want, sizeof have) == 0 || (have != have && want != want) ||
                (most >= 0.0 && (have == want || fabs(have - want) <= most)))
                continue;
            if (j->shape == INFINITE && !isfinite(have) && !isfinite(want)) continue; /* a window's sum of infinities has no set place */
            printf("%s %s of %s, %d values: output %d is %.17g at %d, single updates give %.17g; params", j->indicator->name, j->form,
                   SHAPE_NAMES[j->shape], (int)j->length, (int)k, have, (int)(i - from), want);
            for (uint32_t p = 0; p < j->indicator->param_count; ++p) printf(" %g", j->params[p]);
            printf("\n");
            exit(1);
        }
    }
}

static void check_series(job *j) {
    const double *in[B3_INDICATOR_INPUTS];
    double *out[B3_INDICATOR_OUTPUTS];
    place(j, (int)random_below(2), in, out);
    one_by_one(j, in, 0, j->length);

    j->form = "batch";
    j->indicator->init(j->stream, j->params);
    b3_indicator_run_blocking(j->indicator, j->params, j->stream, in, out, j->length);
    compare(j, in, out, 0, j->length);

    j->form = "pieces";
    j->indicator->init(j->stream, j->params);
    for (uint64_t at = 0, size; at < j->length; at += size) {
        const double *from[B3_INDICATOR_INPUTS];
        double *to[B3_INDICATOR_OUTPUTS];
        size = 1 + random_below(random_below(2) != 0 ? 20 : 2000);
        if (size > j->length - at) size = j->length - at;
        for (uint32_t i = 0; i < j->indicator->input_count; ++i) from[i] = in[i] + at;
        for (uint32_t i = 0; i < j->indicator->output_count; ++i) to[i] = out[i] + at;
        b3_indicator_run_blocking(j->indicator, j->params, j->stream, from, to, size);
    }
    compare(j, in, out, 0, j->length);
}

/* Rows side by side, with and without a value between them. */
static void check_panel(job *j) {
    const double *in[B3_INDICATOR_INPUTS];
    double *out[B3_INDICATOR_OUTPUTS];
    const uint64_t between = random_below(2);
    const uint64_t count = j->length / ROWS - between;
    place(j, (int)random_below(2), in, out);
    j->form = "panel";
    b3_indicator_panel_blocking(j->indicator, j->params, j->stream, in, out, ROWS, count + between, count + between, count, 1);
    for (uint64_t row = 0; row < ROWS; ++row) {
        one_by_one(j, in, row * (count + between), count);
        compare(j, in, out, row * (count + between), count);
        for (uint32_t k = 0; k < j->indicator->output_count && between != 0; ++k)
            if (out[k][row * (count + 1) + count] != -777.0) exit(3);
    }
}

/* The first round: defaults. */
static void choose(job *j, int round) {
    for (uint32_t i = 0; i < j->indicator->param_count; ++i) {
        const b3_param *p = &j->indicator->params[i];
        j->params[i] = p->value;
        if (round == 0) continue;
        if (strcmp(p->unit, "bars") == 0) j->params[i] = p->min + (double)random_below(round % 8 == 7 ? 1100 : 40);
        else if (strchr(p->unit, '|') != NULL) j->params[i] = p->min + (double)random_below((uint64_t)(p->max - p->min) + 1);
    }
    free(j->stream);
    j->stream = malloc(j->indicator->size(j->params));
    if (j->stream == NULL) exit(2);
}

int main(int argc, char **argv) {
    const int rounds = argc > 1 ? atoi(argv[1]) : 9;
    for (int i = 0; i < COLUMNS; ++i) column_room[i] = guarded();
    for (int i = 0; i < B3_INDICATOR_OUTPUTS; ++i) output_room[i] = guarded();
    for (int round = 0; round < rounds; ++round)
        for (int kind = 0; kind < SHAPES; ++kind) {
            const uint64_t length = round == 0 ? LENGTH_MAX : round % 8 == 7 ? 5000 + random_below(3000) : random_below(3000);
            make_series((shape)kind, length);
            for (uint32_t k = 0; b3_indicator_at(k) != NULL; ++k) {
                job j = {
                    .indicator = b3_indicator_at(k), .shape = (shape)kind, .is_scalar = b3_cpu_isa() == B3_ISA_SCALAR, .length = length};
                if (argc > 2 && strcmp(argv[2], j.indicator->name) != 0) continue;
                choose(&j, round);
                check_series(&j);
                if (length >= 2 * ROWS) check_panel(&j);
                free(j.stream);
            }
        }
    printf("%s\n", b3_cpu_isa_name(b3_cpu_isa()));
    return 0;
}
