#include "base/parallel.h"
#include "run.h"

/* Rows that b3_run.rows takes at once. Threads take multiples of it, so that a row has the same neighbours, and the same result, whatever
 * their number. */
#define ROWS 8
/* Values in a part, about: many parts for threads that come late, few enough for what they share. */
#define PART_VALUES 8192

typedef struct panel {
    const b3_indicator *indicator;
    const b3_run *run;
    const double *params;
    const double *const *in;
    double *const *out;
    uint64_t in_stride;
    uint64_t out_stride;
    uint64_t count;
    uint8_t *scratch;
    uint64_t scratch_stride;
} panel;

static void run_rows(void *context, uint32_t worker, uint64_t first, uint64_t end) {
    const panel *p = context;
    const double *from[B3_INDICATOR_INPUTS];
    double *to[B3_INDICATOR_OUTPUTS];
    uint32_t done = 0; /* bit i: row i of the eight that begin where row is a multiple of eight */
    for (uint64_t row = first; row < end; ++row) {
        for (uint32_t j = 0; j < p->indicator->input_count; ++j) from[j] = p->in[j] + row * p->in_stride;
        for (uint32_t j = 0; j < p->indicator->output_count; ++j) to[j] = p->out[j] + row * p->out_stride;
        if (row % ROWS == 0 && p->run != NULL && p->run->rows != NULL)
            done = end - row >= ROWS ? p->run->rows(p->params, from, p->in_stride, to, p->out_stride, p->count) : 0;
        if ((done >> row % ROWS & 1U) != 0) continue;
        b3_run_afresh(p->indicator, p->run, p->params, p->scratch + worker * p->scratch_stride, from, to, p->count);
    }
}

void b3_indicator_panel_blocking(const b3_indicator *indicator, const double *params, void *scratch, const double *const *in,
                                 double *const *out, uint64_t rows, uint64_t in_stride, uint64_t out_stride, uint64_t count,
                                 uint32_t threads) {
    panel p = {indicator, b3_vector_run(indicator), params, in, out, in_stride, out_stride, count, scratch, 0};
    if (threads <= 1) {
        run_rows(&p, 0, 0, rows);
        return;
    }
    const uint64_t together = p.run != NULL && p.run->rows != NULL ? ROWS : 1;
    p.scratch_stride = (indicator->size(params) + B3_PANEL_SCRATCH_GAP + 7) / 8 * 8;
    b3_parallel(run_rows, &p, rows, together * (1 + PART_VALUES / (together * count)), threads);
}
