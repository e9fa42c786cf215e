/* Aggregates of every window of `period` samples by doubling: windows of 2, 4 and 8 samples from pairs of windows half as long, inside
 * registers, for every sample at once; then the window asked for from windows of TILE, of 8 times as many, and of what is left.
 *
 *      period 20 = 8 + 8 + 4      | 8 ... | 8 ... | 4 . |        newest first
 *
 * Every result is made from its own window alone, in a fixed order: nothing drifts, and a NaN or infinity is seen by the windows that hold
 * it and no other. What an aggregate consists of, and how two that lie side by side are joined, depends on its kind; the rest is the same.
 *
 * x: the oldest sample of the first window; x[0 .. count + period - 2] are read. count <= B3_CHUNK_MAX, period <= B3_RUN_LOOKBACK_MAX + 1.
 */
#ifndef B3_MATH_SIMD_DOUBLING_H
#define B3_MATH_SIMD_DOUBLING_H

#include <math.h>
#include <string.h>

#include "math/run.h"
#include "wide.h"

/* Arrays of a loop do not overlap where it matters: what it writes is not read in it. The compiler cannot see that by itself. */
#define B3_INDEPENDENT _Pragma("GCC ivdep")

/* A call costs nothing beside a chunk; a copy in each kernel would cost kilobytes. */
#define B3_ONE_COPY __attribute__((noinline, noclone)) static
#define B3_SPECIALISED static inline __attribute__((always_inline))

/* Windows in a chunk: so many stay in the first cache with all that is made for them; but for long windows, whose samples before the chunk
 * are read anew for each. */
#define B3_CHUNK 512
#define B3_CHUNK_MAX 2048
#define B3_CHUNK_OF(period) ((period) <= 128 ? B3_CHUNK : B3_CHUNK_MAX)
/* The odd rest keeps arrays that lie side by side from sharing the low 12 bits of their addresses: a load would wait for a store that only
 * looks like its own. */
#define B3_LEVEL (B3_CHUNK_MAX + B3_RUN_LOOKBACK_MAX + 264)

/* d: sample less the anchor; sums over the window. */
enum {
    SUM,      /* x */
    MAX,      /* x */
    MIN,      /* x */
    LATE_MAX, /* x, its place: of equal samples the newest */
    LATE_MIN, /* x, its place */
    RANGE,    /* largest x, smallest y */
    WEIGHTED, /* x * y, y */
    TREND,    /* d, age * d: 0 is the age of the newest */
    SQUARES,  /* d, d^2 */
    PRODUCTS, /* dx, dy, dx^2, dy^2, dx * dy */
    /* The same with nothing ever subtracted but samples of one window: dearer, and as exact whatever the anchor would have been. */
    SAFE_TREND,    /* newest sample n, x - n, age * (x - n) */
    SAFE_SQUARES,  /* n, x - n, (x - mean)^2 */
    SAFE_PRODUCTS, /* nx, ny, x - nx, y - ny, (x - mean)^2, (y - mean)^2, (x - mean) * (y - mean) */
};

#define PART_MEMBERS 7

B3_SPECIALISED int members(int kind) {
    switch (kind) {
    case SUM:
    case MAX:
    case MIN: return 1;
    case LATE_MAX:
    case LATE_MIN:
    case RANGE:
    case WEIGHTED:
    case TREND:
    case SQUARES: return 2;
    case SAFE_TREND:
    case SAFE_SQUARES: return 3;
    case PRODUCTS: return 5;
    default: return PART_MEMBERS;
    }
}

B3_SPECIALISED int has_two_series(int kind) {
    return kind == RANGE || kind == WEIGHTED || kind == PRODUCTS || kind == SAFE_PRODUCTS;
}

/* Comparing may lose a NaN, unlike adding. */
B3_SPECIALISED int is_extreme(int kind) {
    return kind == MAX || kind == MIN || kind == LATE_MAX || kind == LATE_MIN || kind == RANGE;
}

/* An aggregate for each of the windows that end at the samples of a register. */
typedef struct part {
    wide of[PART_MEMBERS];
} part;

typedef struct source {
    const double *x;
    const double *y; /* where the kind has two series */
    double anchor_x;
    double anchor_y;
} source;

/* What joining a newer window of c samples and an older one of w depends on. */
typedef struct joint {
    double c;
    double w;
    double per_c;
    double per_w;
    double apart; /* c * w / (c + w) */
    double ages;  /* sum of the ages in a window of w */
} joint;

B3_SPECIALISED joint joint_of(double c, double w) {
    return (joint){c, w, 1.0 / c, 1.0 / w, c * w / (c + w), 0.5 * w * (w - 1.0)};
}

B3_SPECIALISED part leaf(int kind, const source *from, wide x, wide y, size_t place) {
    part p = {0};
    switch (kind) {
    case LATE_MAX:
    case LATE_MIN: p.of[1] = wide_of((double)place) + wide_load(WIDE_NUMBERS); /* fall through */
    case SUM:
    case MAX:
    case MIN: p.of[0] = x; break;
    case SAFE_TREND:
    case SAFE_SQUARES:
        p.of[0] = x;
        p.of[1] = p.of[2] = x - x; /* 0, but a NaN stays one also where nothing is joined to it */
        break;
    case SAFE_PRODUCTS:
        p.of[0] = x;
        p.of[1] = y;
        for (int k = 2; k < PART_MEMBERS; ++k) p.of[k] = (x - x) + (y - y);
        break;
    case TREND: p.of[0] = x - wide_of(from->anchor_x); break;
    case SQUARES:
        p.of[0] = x - wide_of(from->anchor_x);
        p.of[1] = p.of[0] * p.of[0];
        break;
    case PRODUCTS:
        p.of[0] = x - wide_of(from->anchor_x);
        p.of[1] = y - wide_of(from->anchor_y);
        p.of[2] = p.of[0] * p.of[0];
        p.of[3] = p.of[1] * p.of[1];
        p.of[4] = p.of[0] * p.of[1];
        break;
    case WEIGHTED:
        p.of[0] = x * y;
        p.of[1] = y;
        break;
    default: /* RANGE */
        p.of[0] = x;
        p.of[1] = y;
        break;
    }
    return p;
}

/* The sum of x - (newest sample of both), for the older window. */
B3_SPECIALISED wide reanchored(wide offset, wide newest, wide newest_before, const joint *j) {
    return wide_fma(wide_of(-j->w), newest - newest_before, offset);
}

B3_SPECIALISED part join(int kind, part newer, part older, const joint *j) {
    part p = {0};
    if (kind == MAX || kind == MIN) {
        p.of[0] = kind == MAX ? wide_max(newer.of[0], older.of[0]) : wide_min(newer.of[0], older.of[0]);
    } else if (kind == RANGE) {
        p.of[0] = wide_max(newer.of[0], older.of[0]);
        p.of[1] = wide_min(newer.of[1], older.of[1]);
    } else if (kind == LATE_MAX || kind == LATE_MIN) {
        const wide_mask older_wins = kind == LATE_MAX ? WIDE_IS(older.of[0], ABOVE, newer.of[0]) : WIDE_IS(older.of[0], BELOW, newer.of[0]);
        p.of[0] = wide_pick(older_wins, older.of[0], newer.of[0]);
        p.of[1] = wide_pick(older_wins, older.of[1], newer.of[1]);
    } else if (kind == TREND && j->c == 1.0 && j->w == 1.0) { /* nothing has aged yet */
        p.of[0] = newer.of[0] + older.of[0];
        p.of[1] = older.of[0];
    } else if (kind == TREND) {
        p.of[0] = newer.of[0] + older.of[0];
        p.of[1] = wide_fma(wide_of(j->c), older.of[0], newer.of[1] + older.of[1]);
    } else if (kind == SAFE_TREND) {
        const wide offset = reanchored(older.of[1], newer.of[0], older.of[0], j);
        const wide aged = wide_fma(wide_of(-j->ages), newer.of[0] - older.of[0], older.of[2]);
        p.of[0] = newer.of[0];
        p.of[1] = newer.of[1] + offset;
        p.of[2] = wide_fma(wide_of(j->c), offset, newer.of[2] + aged);
    } else if (kind == SAFE_SQUARES) {
        const wide offset = reanchored(older.of[1], newer.of[0], older.of[0], j);
        const wide apart = newer.of[1] * wide_of(j->per_c) - offset * wide_of(j->per_w);
        p.of[0] = newer.of[0];
        p.of[1] = newer.of[1] + offset;
        p.of[2] = wide_fma(apart * apart, wide_of(j->apart), newer.of[2] + older.of[2]);
    } else if (kind == SAFE_PRODUCTS) {
        const wide offset_x = reanchored(older.of[2], newer.of[0], older.of[0], j);
        const wide offset_y = reanchored(older.of[3], newer.of[1], older.of[1], j);
        const wide apart_x = newer.of[2] * wide_of(j->per_c) - offset_x * wide_of(j->per_w);
        const wide apart_y = newer.of[3] * wide_of(j->per_c) - offset_y * wide_of(j->per_w);
        const wide scale = wide_of(j->apart);
        p.of[0] = newer.of[0];
        p.of[1] = newer.of[1];
        p.of[2] = newer.of[2] + offset_x;
        p.of[3] = newer.of[3] + offset_y;
        p.of[4] = wide_fma(apart_x * apart_x, scale, newer.of[4] + older.of[4]);
        p.of[5] = wide_fma(apart_y * apart_y, scale, newer.of[5] + older.of[5]);
        p.of[6] = wide_fma(apart_x * apart_y, scale, newer.of[6] + older.of[6]);
    } else {
        for (int k = 0; k < members(kind); ++k) p.of[k] = newer.of[k] + older.of[k];
    }
    return p;
}

B3_SPECIALISED part load_part(int kind, const wide *at) {
    part p = {0};
    for (int k = 0; k < members(kind); ++k) p.of[k] = at[k];
    return p;
}

B3_SPECIALISED void store_part(int kind, wide *at, part p) {
    for (int k = 0; k < members(kind); ++k) at[k] = p.of[k];
}

/* Windows that end k samples before. */
B3_SPECIALISED part earlier(int kind, part now, part before, int k) {
    part p = {0};
    for (int i = 0; i < members(kind); ++i) p.of[i] = wide_later(now.of[i], before.of[i], k);
    return p;
}

B3_SPECIALISED part join_equal(int kind, part now, part before, int width) {
    const joint j = joint_of(width, width);
    return join(kind, now, earlier(kind, now, before, width), &j);
}

/* Windows of c samples, and before them w that end c samples earlier. */
B3_SPECIALISED part append(int kind, part newer, part now, part before, int c, int w) {
    const joint j = joint_of(c, w);
    return join(kind, newer, earlier(kind, now, before, c), &j);
}

/* The windows that the others are made of: with two lanes they take two registers, or there would be too many of them. */
#define TILE (WIDE_LANES > 4 ? WIDE_LANES : 4)
#define LEVELS 3                                                                  /* windows of TILE, 8 * TILE, 64 * TILE samples */
#define LEVEL_VECTORS ((B3_CHUNK_MAX + B3_RUN_LOOKBACK_MAX + 2) / WIDE_LANES + 3) /* registers of samples in a chunk and before it */
#define ROOM(kind_members) ((LEVELS + 1) * LEVEL_VECTORS * (kind_members))
#define TERMS_MAX (7 * LEVELS + 2)

typedef struct term {
    const wide *at; /* the part of the first register of outputs */
    joint joint;
} term;

/* What the windows of a chunk are made of: windows side by side, newest first. */
typedef struct composition {
    size_t count;
    term term[TERMS_MAX];
} composition;

typedef struct pieces {
    part one, two, four;
} pieces;

/* The TILE - 1 or fewer samples that no window of TILE covers. */
B3_SPECIALISED part rest_of(int kind, const pieces *now, const pieces *before, uint32_t rest) {
    switch (rest) {
    case 1: return now->one;
    case 2: return now->two;
    case 3: return append(kind, now->two, now->one, before->one, 2, 1);
#if TILE == 8
    case 4: return now->four;
    case 5: return append(kind, now->four, now->one, before->one, 4, 1);
    case 6: return append(kind, now->four, now->two, before->two, 4, 2);
    case 7: return append(kind, append(kind, now->four, now->two, before->two, 4, 2), now->one, before->one, 6, 1);
#endif
    default: return now->one;
    }
}

/* One sequence of samples in three pieces, so that the loop over it needs no question about its ends: a first register that begins before
 * the first window, what is in place, and a last register that ends behind the last one. */
typedef struct stretch {
    const double *from[3];
    size_t registers[3];
    double ends[2][WIDE_LANES];
} stretch;

B3_SPECIALISED void stretch_of(stretch *s, const double *x, size_t skip, size_t length) {
    const size_t head = skip != 0 ? 1 : 0;
    const size_t whole = (skip + length) / WIDE_LANES - head;
    const size_t tail = (skip + length) % WIDE_LANES;
    const double *start = x - skip;
    s->from[0] = s->ends[0];
    s->from[1] = start + head * WIDE_LANES;
    s->from[2] = s->ends[1];
    s->registers[0] = head;
    s->registers[1] = whole;
    s->registers[2] = tail != 0 ? 1 : 0;
    if (head != 0) wide_store(s->ends[0], wide_load_from(start, skip));
    if (tail != 0) wide_store(s->ends[1], wide_load_first(s->from[1] + whole * WIDE_LANES, tail));
}

/* Windows of TILE samples and of the rest, for each register of samples. Gives a NaN where an extreme of one may have been lost. */
B3_SPECIALISED wide small_windows(int kind, const source *from, uint32_t period, uint32_t count, uint32_t left, wide *tile, wide *rest) {
    const int two = has_two_series(kind);
    const size_t stride = (size_t)members(kind);
    const size_t skip = (WIDE_LANES - (period - 1) % WIDE_LANES) % WIDE_LANES;
    const size_t length = (size_t)period - 1 + count;
    const int tiled = period >= TILE;
    stretch xs;
    stretch ys;
    stretch_of(&xs, from->x, skip, length);
    if (two) stretch_of(&ys, from->y, skip, length);
    pieces before = {0};
    wide finite = wide_of(0.0);
    size_t place = 0;
    for (int k = 0; k < 3; ++k) {
        const double *x = xs.from[k];
        const double *y = two ? ys.from[k] : x;
        for (size_t i = 0; i < xs.registers[k]; ++i, place += WIDE_LANES) {
            if (kind == PRODUCTS) { /* so much is made of a chunk that the next one would be waited for */
                __builtin_prefetch(x + i * WIDE_LANES + B3_CHUNK);
                __builtin_prefetch(y + i * WIDE_LANES + B3_CHUNK);
            }
            const wide vx = wide_load(x + i * WIDE_LANES);
            const wide vy = two ? wide_load(y + i * WIDE_LANES) : vx;
            pieces now;
            now.one = leaf(kind, from, vx, vy, place);
            now.two = join_equal(kind, now.one, before.one, 1);
            now.four = join_equal(kind, now.two, before.two, 2);
#if TILE == 8
            const part whole = join_equal(kind, now.four, before.four, 4);
#else
            const part whole = now.four;
#endif
            if (tiled) store_part(kind, tile, whole);
            if (left != 0) store_part(kind, rest, rest_of(kind, &now, &before, left));
            if (is_extreme(kind)) finite = wide_fma(vx, wide_of(0.0), finite);
            if (kind == RANGE) finite = wide_fma(vy, wide_of(0.0), finite);
            before = now;
            tile += stride;
            rest += stride;
        }
    }
    return finite;
}

/* A loop for each rest, where a decision in the loop would cost as much as what it decides. */
B3_SPECIALISED wide any_small_windows(int kind, const source *from, uint32_t period, uint32_t count, wide *tile, wide *rest) {
    if (kind != SUM) return small_windows(kind, from, period, count, period % TILE, tile, rest);
    switch (period % TILE) {
    case 1: return small_windows(kind, from, period, count, 1, tile, rest);
    case 2: return small_windows(kind, from, period, count, 2, tile, rest);
    case 3: return small_windows(kind, from, period, count, 3, tile, rest);
#if TILE == 8
    case 4: return small_windows(kind, from, period, count, 4, tile, rest);
    case 5: return small_windows(kind, from, period, count, 5, tile, rest);
    case 6: return small_windows(kind, from, period, count, 6, tile, rest);
    case 7: return small_windows(kind, from, period, count, 7, tile, rest);
#endif
    default: return small_windows(kind, from, period, count, 0, tile, rest);
    }
}

/* Windows of 8 * width from windows of width. */
B3_SPECIALISED void lengthen(int kind, const wide *shorter, size_t width, size_t vectors, wide *longer) {
    const size_t stride = (size_t)members(kind);
    const size_t step = width / WIDE_LANES;
    for (size_t i = 7 * step; i < vectors; ++i) {
        part sum = load_part(kind, shorter + i * stride);
#pragma GCC unroll 1
        for (size_t k = 1; k < 8; ++k) {
            const joint j = joint_of((double)(k * width), (double)width);
            sum = join(kind, sum, load_part(kind, shorter + (i - k * step) * stride), &j);
        }
        store_part(kind, longer + i * stride, sum);
    }
}

/* room: ROOM(members of the kind) registers, to be kept as long as the composition is used. */
/* 1: a sample may be a NaN, for kinds that may lose it; see `poison`. */
B3_SPECIALISED int decompose(int kind, const source *from, uint32_t period, uint32_t count, wide *room, composition *t) {
    const size_t stride = (size_t)members(kind);
    const size_t back = (period + WIDE_LANES - 2) / WIDE_LANES;
    const size_t vectors = back + (count + WIDE_LANES - 1) / WIDE_LANES;
    wide *rest = room + LEVELS * LEVEL_VECTORS * stride;
    const wide finite = any_small_windows(kind, from, period, count, room, rest);
    size_t width = TILE;
    size_t level = 0;
    for (; level + 1 < LEVELS && 8 * width <= period; ++level, width *= 8) {
        wide *shorter = room + level * LEVEL_VECTORS * stride;
        lengthen(kind, shorter, width, vectors, shorter + LEVEL_VECTORS * stride);
    }
    const size_t whole = period - period % TILE;
    size_t covered = 0;
    t->count = 0;
    for (;; --level, width /= 8) {
        for (; covered + width <= period; covered += width)
            t->term[t->count++] =
                (term){room + (level * LEVEL_VECTORS + back - covered / WIDE_LANES) * stride, joint_of((double)covered, (double)width)};
        if (is_extreme(kind) && covered != 0 && covered < whole) { /* one window more may overlap */
            t->term[t->count++] = (term){.at = room + (level * LEVEL_VECTORS + back - (whole - width) / WIDE_LANES) * stride};
            covered = whole;
        }
        if (level == 0) break;
    }
    if (covered < period)
        t->term[t->count++] = (term){rest + (back - covered / WIDE_LANES) * stride, joint_of((double)covered, (double)(period - covered))};
    return is_extreme(kind) && wide_any(WIDE_IS(finite, UNORDERED_WITH, finite));
}

/* What is made of the windows that end at a register of samples: `at` is the place of the first, `left` values are wanted, WIDE_LANES at
 * most.
 */
typedef void (*window_fn)(void *context, part sums, size_t at, size_t left);

B3_SPECIALISED void each_window(int kind, const composition *t, size_t count, window_fn finish, void *context) {
    enum { BLOCK_MOST = 4 };
    const size_t stride = (size_t)members(kind);
    const size_t block = members(kind) == 1 ? 4 : 1; /* at a time: hides the loop over the terms */
    const size_t term_count = t->count;
    size_t at = 0;
    size_t first = 0;
    for (; block > 1 && at + block * WIDE_LANES <= count; at += block * WIDE_LANES, first += block * stride) {
        part sums[BLOCK_MOST];
        for (size_t i = 0; i < block; ++i) sums[i] = load_part(kind, t->term[0].at + first + i * stride);
        for (size_t k = 1; k < term_count; ++k) {
            const term *next = &t->term[k];
            for (size_t i = 0; i < block; ++i) sums[i] = join(kind, sums[i], load_part(kind, next->at + first + i * stride), &next->joint);
        }
        for (size_t i = 0; i < block; ++i) finish(context, sums[i], at + i * WIDE_LANES, WIDE_LANES);
    }
    for (; at < count; at += WIDE_LANES, first += stride) {
        part sums = load_part(kind, t->term[0].at + first);
        for (size_t k = 1; k < term_count; ++k) sums = join(kind, sums, load_part(kind, t->term[k].at + first), &t->term[k].joint);
        finish(context, sums, at, count - at < WIDE_LANES ? count - at : WIDE_LANES);
    }
}

typedef struct scaled {
    wide scale;
    double *out;
} scaled;

B3_SPECIALISED void finish_sum(void *context, part sums, size_t at, size_t left) {
    const scaled *s = context;
    wide_put(s->out + at, sums.of[0] * s->scale, left);
}

B3_ONE_COPY void sum_terms(const double *x, uint32_t period, uint32_t count, wide *room, composition *t) {
    const source from = {.x = x};
    decompose(SUM, &from, period, count, room, t);
}

B3_ONE_COPY void scaled_sums(const double *x, uint32_t period, uint32_t count, double scale, double *out) {
    wide room[ROOM(1)];
    composition t;
    scaled s = {wide_of(scale), out};
    sum_terms(x, period, count, room, &t);
    each_window(SUM, &t, count, finish_sum, &s);
}

static inline void sum_windows(const double *x, uint32_t period, uint32_t count, double *out) {
    scaled_sums(x, period, count, 1.0, out);
}

/* A comparison may lose a NaN: adds one to each window that holds one, and nothing (-0) to the others. */
B3_ONE_COPY void poison(const double *x, uint32_t period, uint32_t count, double *out) {
    double holes[B3_LEVEL];
    double sums[B3_CHUNK_MAX];
    memset(holes, 0, sizeof holes);
    for (size_t i = 0; i < (size_t)count + period - 1; ++i) holes[i] = x[i] != x[i] ? x[i] : -0.0;
    sum_windows(holes, period, count, sums);
    for (size_t i = 0; i < count; ++i) out[i] += sums[i];
}

B3_SPECIALISED void finish_extreme(void *context, part sums, size_t at, size_t left) {
    wide_put((double *)context + at, sums.of[0], left);
}

B3_SPECIALISED void extreme_windows(int kind, const double *x, uint32_t period, uint32_t count, double *out) {
    const source from = {.x = x};
    wide room[ROOM(1)];
    composition t;
    const int doubtful = decompose(kind, &from, period, count, room, &t);
    each_window(kind, &t, count, finish_extreme, out);
    if (doubtful) poison(x, period, count, out);
}

B3_ONE_COPY void max_windows(const double *x, uint32_t period, uint32_t count, double *out) {
    extreme_windows(MAX, x, period, count, out);
}

B3_ONE_COPY void min_windows(const double *x, uint32_t period, uint32_t count, double *out) {
    extreme_windows(MIN, x, period, count, out);
}

#endif
