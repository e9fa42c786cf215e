/* Exponentially weighted covariance matrix, updated sample by sample (Finch 2009, "Incremental calculation of weighted mean and variance";
 * with the mean held at 0: J.P. Morgan, RiskMetrics Technical Document 1996).
 *
 * State, in doubles:   | head | mean[n] | deviations[B3_RANK][n] | lower triangle in rows of n, the rest unused |
 *
 * A step is C = keep * (C + gain * d d'), d = x - mean before it, keep = 1 - gain. B3_RANK of them make one pass over C: what later steps
 * keep of an earlier one is in its weight. */
#include <math.h>
#include <string.h>

#include "matrix.h"

typedef struct head {
    uint64_t symbols;
    double decay;
    double weight;  /* sum of the weights so far; 0: nothing seen */
    uint32_t flags; /* b3_ew_flags */
    uint32_t reserved;
} head;

static double *means_of(void *state) {
    return (double *)((head *)state + 1);
}

static double *deviations_of(void *state) {
    return means_of(state) + ((head *)state)->symbols;
}

static double *matrix_of(void *state) {
    return deviations_of(state) + B3_RANK * ((head *)state)->symbols;
}

size_t b3_ew_covariance_size(uint32_t symbols) {
    return sizeof(head) + sizeof(double) * (size_t)symbols * (1 + B3_RANK + (size_t)symbols);
}

void b3_ew_covariance_init(void *state, uint32_t symbols, double decay, uint32_t flags) {
    memset(state, 0, b3_ew_covariance_size(symbols));
    *(head *)state = (head){.symbols = symbols, .decay = decay, .flags = flags};
}

static int all_finite(const double *x, uint64_t count, uint64_t stride) {
    for (uint64_t i = 0; i < count; ++i)
        if (!isfinite(x[i * stride])) return 0;
    return 1;
}

/* Moves the means; writes the deviation from those before. Returns the gain of the step. */
static double step(head *h, double *means, const double *x, uint64_t stride, double *d) {
    const int first = h->weight == 0.0;
    h->weight = (h->flags & B3_EW_ADJUST) != 0 ? h->decay * h->weight + 1.0 : 1.0;
    const double gain = (h->flags & B3_EW_ADJUST) != 0 ? 1.0 / h->weight : first ? 1.0 : 1.0 - h->decay;
    const int centred = (h->flags & B3_EW_ZERO_MEAN) == 0;
    for (uint64_t i = 0; i < h->symbols; ++i) {
        const double value = x[i * stride];
        if (centred && first) means[i] = value;
        d[i] = value - means[i];
        if (centred) means[i] += gain * d[i];
    }
    return gain;
}

/* Takes in `steps` samples, whose deviations are there. */
static void absorb(void *state, const b3_matrix_loops *loops, const double *gains, uint64_t steps) {
    const head *h = state;
    const int centred = (h->flags & B3_EW_ZERO_MEAN) == 0;
    double weights[B3_RANK] = {0};
    double keep = 1.0;
    for (uint64_t k = steps; k-- > 0;) {
        weights[k] = gains[k] * (centred ? keep * (1.0 - gains[k]) : keep);
        keep *= 1.0 - gains[k];
    }
    const double *d = deviations_of(state);
    double *matrix = matrix_of(state);
    for (uint64_t i = 0; i < h->symbols; ++i) {
        double scaled[B3_RANK];
        for (uint64_t k = 0; k < B3_RANK; ++k) scaled[k] = k < steps ? weights[k] * d[k * h->symbols + i] : 0.0;
        loops->rank_update(matrix + i * h->symbols, i + 1, keep, scaled, d, h->symbols);
    }
}

int32_t b3_ew_covariance_update(void *state, const double *x) {
    head *h = state;
    if (!all_finite(x, h->symbols, 1)) return 0;
    const double gain = step(h, means_of(state), x, 1, deviations_of(state));
    absorb(state, b3_matrix_loops_in_use(), &gain, 1);
    return 1;
}

uint64_t b3_ew_covariance_run_blocking(void *state, const double *panel, uint64_t count) {
    head *h = state;
    const b3_matrix_loops *loops = b3_matrix_loops_in_use();
    double gains[B3_RANK];
    uint64_t waiting = 0;
    uint64_t taken = 0;
    for (uint64_t t = 0; t < count; ++t) {
        if (!all_finite(panel + t, h->symbols, count)) continue;
        gains[waiting] = step(h, means_of(state), panel + t, count, deviations_of(state) + waiting * h->symbols);
        ++taken;
        if (++waiting == B3_RANK) {
            absorb(state, loops, gains, waiting);
            waiting = 0;
        }
    }
    if (waiting > 0) absorb(state, loops, gains, waiting);
    return taken;
}

void b3_ew_covariance_read(const void *state, double *means, double *out) {
    const head *h = state;
    const double *from = (const double *)(h + 1);
    const double *matrix = from + (1 + B3_RANK) * h->symbols;
    for (uint64_t i = 0; i < h->symbols; ++i) {
        means[i] = h->weight == 0.0 ? NAN : from[i];
        for (uint64_t j = 0; j <= i; ++j)
            out[i * h->symbols + j] = out[j * h->symbols + i] = h->weight == 0.0 ? NAN : matrix[i * h->symbols + j];
    }
}
