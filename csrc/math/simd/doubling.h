/* Aggregates of every window of `period` samples by doubling: windows of 2, 4 and 8 samples from pairs of windows half as long, inside
 * registers, for every sample at once; with AVX-512 windows below 32 from windows of 8 and of what is left in registers as well.
 *
 *      period 20 = 4 + 8 + 8      | 4 . | 8 ... | 8 ... |        newest first
 *
 * Others are made of windows of TILE, of 8 and 64 times as many, and of what is left, which go through memory.
 *
 * Every result is made from its own window alone, in a fixed order: nothing drifts, and a NaN or infinity is seen by the windows that hold
 * it and no other. What an aggregate consists of, and how two that lie side by side are joined, depends on its kind; the rest is the same.
 *
 * x: the oldest sample of the first window; x[0 .. count + period - 2] are read. count <= CHUNK_MAX, period <= B3_RUN_LOOKBACK_MAX + 1.
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

/* Windows in a chunk. Where they go through memory, so many stay in the first cache with all that is made for them; but for long windows,
 * whose samples before the chunk are read anew for each. */
#define CHUNK 512
#define CHUNK_OF(period) ((period) >= (WIDE_LANES == 8 ? 32 : 4) && (period) <= 128 ? CHUNK : CHUNK_MAX)
/* The odd rest keeps arrays that lie side by side from sharing the low 12 bits of their addresses: a load would wait for a store that only
 * looks like its own. */
#define WINDOW_ROOM (CHUNK_MAX + B3_RUN_LOOKBACK_MAX + 264)

/* d: sample less the anchor; sums over the window. */
enum {
    SUM,      /* x */
    CHANGES,  /* |x - y| */
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
    SAFE_TREND, /* newest sample n, x - n, age * (x - n) */
};

#define PART_MEMBERS 5

B3_SPECIALISED int members(int kind) {
    switch (kind) {
    case SUM:
    case CHANGES:
    case MAX:
    case MIN: return 1;
    case LATE_MAX:
    case LATE_MIN:
    case RANGE:
    case WEIGHTED:
    case TREND:
    case SQUARES: return 2;
    case SAFE_TREND: return 3;
    default: return PART_MEMBERS;
    }
}

B3_SPECIALISED int has_two_series(int kind) {
    return kind == CHANGES || kind == RANGE || kind == WEIGHTED || kind == PRODUCTS;
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
    int anchored; /* TREND */
} source;

/* What joining a newer window of c samples and an older one of w depends on. */
typedef struct joint {
    double c;
    double w;
    double ages; /* sum of the ages in a window of w */
} joint;

B3_SPECIALISED joint joint_of(double c, double w) {
    return (joint){c, w, 0.5 * w * (w - 1.0)};
}

B3_SPECIALISED part leaf(int kind, const source *from, wide x, wide y, double place) {
    part p = {0};
    switch (kind) {
    case LATE_MAX:
    case LATE_MIN: p.of[1] = wide_of(place) + wide_load(WIDE_NUMBERS); /* fall through */
    case SUM:
    case MAX:
    case MIN: p.of[0] = x; break;
    case CHANGES: p.of[0] = wide_abs(x - y); break;
    case SAFE_TREND:
        p.of[0] = x;
        p.of[1] = p.of[2] = x - x; /* 0, but a NaN stays one also where nothing is joined to it */
        break;
    case TREND: p.of[0] = x; break; /* less the anchor already */
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
    } else {
        for (int k = 0; k < members(kind); ++k) p.of[k] = newer.of[k] + older.of[k];
    }
    return p;
}

/* Members of a part lie a plane apart. The room behind the samples is for the last register. */
#define PLANE WINDOW_ROOM

B3_SPECIALISED part load_part(int kind, const double *at) {
    part p = {0};
    for (int k = 0; k < members(kind); ++k) p.of[k] = wide_load(at + (size_t)k * PLANE);
    return p;
}

B3_SPECIALISED void store_part(int kind, part p, double *at) {
    for (int k = 0; k < members(kind); ++k) wide_store(at + (size_t)k * PLANE, p.of[k]);
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

/* What is made of the windows that end at a register of samples: `at` is the place of the first, `left` values are wanted, WIDE_LANES at
 * most. */
typedef void (*window_fn)(void *context, part sums, size_t at, size_t left);

/* Samples of the windows that longer ones are made of: with two lanes they take two registers, or there would be too many of them. */
#define TILE (WIDE_LANES > 4 ? WIDE_LANES : 4)

/* Windows below this are made in registers, longer ones through memory. Only AVX-512 has registers enough for more than a tile, and not
 * even that for the five members of PRODUCTS. */
B3_SPECIALISED uint32_t short_most(int kind) {
    return WIDE_LANES == 8 && kind != PRODUCTS ? 4 * TILE : TILE;
}

/* The windows that end at the samples of a register, by their length: those of tiles, and those shorter than one. */
typedef struct pieces {
    part one, two, four;
} pieces;

typedef struct tiles {
    part whole; /* 1 tile */
    part pair;  /* 2 */
    part many;  /* as many as fit into the period */
} tiles;

#if TILE == 8
B3_SPECIALISED part earlier_by(int kind, part now, part before, uint32_t k) {
    part p = {0};
    for (int i = 0; i < members(kind); ++i) p.of[i] = wide_later_by(now.of[i], before.of[i], k);
    return p;
}
#endif

/* What a period is made of, newest first: a rest, then tiles. */
typedef struct shape {
    uint32_t rest;
    uint32_t tiles;
    joint low_and_four; /* in a rest of 5, 6 or 7 */
    joint rest_and_tiles;
} shape;

B3_SPECIALISED shape shape_of(uint32_t period) {
    const uint32_t rest = period % TILE;
    return (shape){rest, period / TILE, joint_of(rest & 3, 4.0), joint_of((double)rest, (double)(period - rest))};
}

/* The `rest` newest samples, which no tile covers: 0 < rest < TILE. */
B3_SPECIALISED part rest_of(int kind, const pieces *now, const pieces *before, uint32_t rest, const joint *low_and_four) {
    part sum = now->one;
    (void)low_and_four;
    if ((rest & 2) != 0) {
        const joint j = joint_of(1.0, 2.0);
        sum = (rest & 1) != 0 ? join(kind, sum, earlier(kind, now->two, before->two, 1), &j) : now->two;
    }
#if TILE == 8
    if (rest > 4) sum = join(kind, sum, earlier_by(kind, now->four, before->four, rest & 3), low_and_four);
    else if (rest == 4) sum = now->four;
#endif
    return sum;
}

/* 1, 2 or 3 tiles side by side. */
B3_SPECIALISED part tiles_of(int kind, uint32_t count, part whole, tiles *before) {
    part many = whole;
    if (short_most(kind) == TILE) return many;
    if (count > 1) {
        const joint pairs = joint_of(TILE, TILE);
        const joint three = joint_of(TILE, 2 * TILE);
        const part pair = join(kind, whole, before->whole, &pairs);
        many = pair;
        if (count == 3) many = join(kind, whole, before->pair, &three);
        before->pair = pair;
    }
    before->whole = whole;
    return many;
}

/* One sequence of samples in three pieces, so that the loop over it needs no question about its ends: a first register that begins before
 * the first window, what is in place, and a last register that ends behind the last one. The sample before each is there as well. */
typedef struct stretch {
    const double *from[3];
    size_t registers[3];
    double ends[2][2 * WIDE_LANES];
} stretch;

B3_SPECIALISED void stretch_of(stretch *s, const double *x, size_t skip, size_t length) {
    const size_t whole = (skip + length) / WIDE_LANES;
    const size_t tail = (skip + length) % WIDE_LANES;
    const size_t head = whole != 0;
    const double *start = x - skip;
    const double *end = start + whole * WIDE_LANES;
    double *first = s->ends[0] + WIDE_LANES;
    double *last = s->ends[1] + WIDE_LANES;
    memset(s->ends, 0, sizeof s->ends);
    s->from[0] = first;
    s->from[1] = start + head * WIDE_LANES;
    s->from[2] = last;
    s->registers[0] = head;
    s->registers[1] = whole - head;
    s->registers[2] = tail != 0;
    if (whole > 0) wide_store(first, wide_load_from(start, skip));
    if (tail == 0) return;
    wide_store(last - WIDE_LANES, wide_load(whole > 1 ? end - WIDE_LANES : first));
    wide_store(last, wide_load_first(end, tail));
}

/* What is left of a walk over one of the three pieces of the samples for the next one. */
typedef struct walk {
    size_t place;
    pieces before;
    tiles ring;
    wide finite;
} walk;

/* What comes of it: windows to `finish` from the place `first` on; or, if there are planes, tiles and rests of every register. */
typedef struct aim {
    size_t first;
    double *tile; /* a plane a member */
    double *rest;
} aim;

B3_SPECIALISED void walk_windows(int kind, const source *from, const shape *s, const double *x, const double *y, size_t registers,
                                 size_t left, walk *w, const aim *to, window_fn finish, void *context) {
    const int two = has_two_series(kind);
    const int anchored = from->anchored;
    const wide anchor = wide_of(from->anchor_x);
    const joint ones = joint_of(1.0, 1.0);
    const size_t first = to->first;
    double *const tile = to->tile;
    double *const rest = to->rest;
    size_t place = w->place;
    pieces before = w->before;
    tiles ring = w->ring;
    wide finite = w->finite;
    for (size_t i = registers; i > 0; --i, place += WIDE_LANES, x += WIDE_LANES, y += WIDE_LANES) {
        ahead_of_reading(x);
        if (two) ahead_of_reading(y);
        wide vx = wide_load(x);
        const wide vy = two ? wide_load(y) : vx;
        wide vx_before = wide_load(x - 1);
        const wide vy_before = two ? wide_load(y - 1) : vx_before;
        if (kind == TREND && anchored) {
            vx = vx - anchor;
            vx_before = vx_before - anchor;
        }
        pieces now;
        now.one = leaf(kind, from, vx, vy, (double)place);
        if (kind == PRODUCTS && WIDE_LANES == 4) now.two = join_equal(kind, now.one, before.one, 1);
        else now.two = join(kind, now.one, leaf(kind, from, vx_before, vy_before, (double)place - 1.0), &ones);
        now.four = join_equal(kind, now.two, before.two, 2);
#if TILE == 8
        const part whole = join_equal(kind, now.four, before.four, 4);
#else
        const part whole = now.four;
#endif
        const part many = tiles_of(kind, s->tiles, whole, &ring);
        if (is_extreme(kind)) finite = wide_fma(vx, wide_of(0.0), finite);
        if (kind == RANGE) finite = wide_fma(vy, wide_of(0.0), finite);
        if (tile != NULL) {
            store_part(kind, many, tile + place);
            if (s->rest != 0 && !is_extreme(kind)) store_part(kind, rest_of(kind, &now, &before, s->rest, &s->low_and_four), rest + place);
            before = now;
            continue;
        }
        part sums = many;
        if (s->rest != 0) {
            const int overlap = is_extreme(kind) && s->tiles != 0; /* tiles cover the rest as well, and some samples twice */
            const part newest = overlap ? many : rest_of(kind, &now, &before, s->rest, &s->low_and_four);
            sums = newest;
#if TILE == 8
            if (short_most(kind) != TILE && s->tiles != 0)
                sums = join(kind, newest, earlier_by(kind, many, ring.many, s->rest), &s->rest_and_tiles);
#endif
        }
        before = now;
        ring.many = many;
        if (place >= first) finish(context, sums, place - first, left);
    }
    w->place = place;
    w->before = before;
    w->ring = ring;
    w->finite = finite;
}

/* A loop for each rest, where a decision in the loop would cost as much as what it decides. */
B3_SPECIALISED void walk_any_windows(int kind, const source *from, shape s, const double *x, const double *y, size_t registers, size_t left,
                                     walk *w, const aim *to, window_fn finish, void *context) {
#define WALK_WITH(known)                                                                                                                   \
    case known:                                                                                                                            \
        s.rest = known;                                                                                                                    \
        walk_windows(kind, from, &s, x, y, registers, left, w, to, finish, context);                                                       \
        break;
    if (kind != SUM) {
        walk_windows(kind, from, &s, x, y, registers, left, w, to, finish, context);
        return;
    }
    switch (s.rest) {
        WALK_WITH(0)
        WALK_WITH(1)
        WALK_WITH(2)
        WALK_WITH(3)
#if TILE == 8
        WALK_WITH(4)
        WALK_WITH(5)
        WALK_WITH(6)
        WALK_WITH(7)
#endif
    default: break;
    }
#undef WALK_WITH
}

#define LEVELS 3 /* windows of TILE, 8 * TILE, 64 * TILE */
#define NEIGHBOURS_MAX (7 * LEVELS + 2)

typedef struct neighbour {
    const double *at; /* of the first output */
    joint joint;
} neighbour;

/* Windows of 8 * width from windows of width; the first of those are not made. */
B3_SPECIALISED void lengthen(int kind, const double *shorter, size_t width, size_t count, double *longer) {
    for (size_t i = 7 * width; i < count; i += WIDE_LANES) {
        part sum = load_part(kind, shorter + i);
#pragma GCC unroll 1
        for (size_t k = 1; k < 8; ++k) {
            const joint j = joint_of((double)(k * width), (double)width);
            sum = join(kind, sum, load_part(kind, shorter + i - k * width), &j);
        }
        store_part(kind, sum, longer + i);
    }
}

/* Windows of short_most samples and more, of which the first lie at the place `first`: windows side by side, newest first. `room` has the
 * levels, then the rest. Gives how many there are. */
B3_SPECIALISED size_t neighbours_of(int kind, uint32_t period, uint32_t count, size_t first, double *room, neighbour *neighbours) {
    const size_t level_size = (size_t)members(kind) * PLANE;
    const uint32_t rest = period % TILE;
    size_t width = TILE;
    size_t level = 0;
    for (; level + 1 < LEVELS && 8 * width <= period; ++level, width *= 8)
        lengthen(kind, room + level * level_size, width, first + count, room + (level + 1) * level_size);
    size_t neighbour_count = 0;
    size_t covered = 0;
    for (;; --level, width /= 8) {
        const double *newest = room + level * level_size + first;
        for (; covered + width <= period; covered += width)
            neighbours[neighbour_count++] = (neighbour){newest - covered, joint_of((double)covered, (double)width)};
        if (is_extreme(kind) && covered < period && covered != 0) { /* one window more may overlap */
            neighbours[neighbour_count++] = (neighbour){.at = newest - (period - width)};
            covered = period;
        }
        if (level == 0) break;
    }
    if (covered < period)
        neighbours[neighbour_count++] = (neighbour){room + LEVELS * level_size + first - covered, joint_of((double)covered, (double)rest)};
    return neighbour_count;
}

B3_SPECIALISED void compose_windows(int kind, const neighbour *neighbours, size_t neighbour_count, size_t count, window_fn finish,
                                    void *context) {
    enum { BLOCK_MOST = 4 };
    const size_t block = members(kind) == 1 ? BLOCK_MOST
                         : members(kind) == 2 && (WIDE_LANES == 4 || kind == TREND)
                             ? 2
                             : 1; /* registers at a time: hides the loop over the neighbours */
    size_t at = 0;
    for (; block > 1 && at + block * WIDE_LANES <= count; at += block * WIDE_LANES) {
        part sums[BLOCK_MOST];
        for (size_t i = 0; i < block; ++i) sums[i] = load_part(kind, neighbours[0].at + at + i * WIDE_LANES);
#pragma GCC unroll 1
        for (size_t k = 1; k < neighbour_count; ++k)
            for (size_t i = 0; i < block; ++i)
                sums[i] = join(kind, sums[i], load_part(kind, neighbours[k].at + at + i * WIDE_LANES), &neighbours[k].joint);
        for (size_t i = 0; i < block; ++i) finish(context, sums[i], at + i * WIDE_LANES, WIDE_LANES);
    }
    for (; at < count; at += WIDE_LANES) {
        part sums = load_part(kind, neighbours[0].at + at);
#pragma GCC unroll 1
        for (size_t k = 1; k < neighbour_count; ++k) sums = join(kind, sums, load_part(kind, neighbours[k].at + at), &neighbours[k].joint);
        finish(context, sums, at, count - at < WIDE_LANES ? count - at : WIDE_LANES);
    }
}

/* Shows `finish` the windows, `count` of them. 1: a sample may be a NaN, for kinds that may lose it; see `poison`. */
B3_SPECIALISED int each_window(int kind, const source *from, uint32_t period, uint32_t count, window_fn finish, void *context) {
    double room[(LEVELS + 1) * members(kind)][PLANE];
    const size_t skip = (WIDE_LANES - (period - 1) % WIDE_LANES) % WIDE_LANES;
    const size_t first = skip + period - 1;
    const size_t ends = first + count;
    const int two = has_two_series(kind);
    shape s = shape_of(period);
    aim to = {.first = period < short_most(kind) ? first : SIZE_MAX};
    if (period >= short_most(kind)) {
        s.tiles = 1;
        to.tile = room[0];
        to.rest = room[LEVELS * members(kind)];
    }
    stretch xs;
    stretch ys;
    stretch_of(&xs, from->x, skip, ends - skip);
    if (two) stretch_of(&ys, from->y, skip, ends - skip);
    walk w = {.place = 0};
    for (int k = 0; k < 3; ++k)
        walk_any_windows(kind, from, s, xs.from[k], two ? ys.from[k] : xs.from[k], xs.registers[k], k == 2 ? ends % WIDE_LANES : WIDE_LANES,
                         &w, &to, finish, context);
    if (period >= short_most(kind)) {
        neighbour neighbours[NEIGHBOURS_MAX];
        const size_t neighbour_count = neighbours_of(kind, period, count, first, room[0], neighbours);
        compose_windows(kind, neighbours, neighbour_count, count, finish, context);
    }
    return is_extreme(kind) && wide_any(WIDE_IS(w.finite, UNORDERED_WITH, w.finite));
}

typedef struct scaled {
    wide scale;
    double *out;
} scaled;

B3_SPECIALISED void finish_sum(void *context, part sums, size_t at, size_t left) {
    const scaled *s = context;
    wide_put(s->out + at, sums.of[0] * s->scale, left);
}

B3_ONE_COPY void scaled_sums(const double *x, uint32_t period, uint32_t count, double scale, double *out) {
    const source from = {.x = x};
    scaled s = {wide_of(scale), out};
    each_window(SUM, &from, period, count, finish_sum, &s);
}

static inline void sum_windows(const double *x, uint32_t period, uint32_t count, double *out) {
    scaled_sums(x, period, count, 1.0, out);
}

/* A comparison may lose a NaN: adds one to each window that holds one, and nothing (-0) to the others. */
B3_ONE_COPY void poison(const double *x, uint32_t period, uint32_t count, double *out) {
    double holes[WINDOW_ROOM];
    double sums[CHUNK_MAX];
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
    if (each_window(kind, &from, period, count, finish_extreme, out)) poison(x, period, count, out);
}

B3_ONE_COPY void max_windows(const double *x, uint32_t period, uint32_t count, double *out) {
    extreme_windows(MAX, x, period, count, out);
}

B3_ONE_COPY void min_windows(const double *x, uint32_t period, uint32_t count, double *out) {
    extreme_windows(MIN, x, period, count, out);
}

#endif
