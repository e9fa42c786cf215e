/* What wide.h and eight.h promise, lane by lane, of the instruction set that this is compiled for: exit code 0 where it holds. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "math/simd/eight.h"

static const double EDGES[] = {0.0, -0.0, 1.0, -1.0, 5e-324, -1e308, INFINITY, -INFINITY, NAN};
#define EDGE_COUNT (sizeof EDGES / sizeof *EDGES)

static void require(int holds, const char *what) {
    if (holds) return;
    printf("%s\n", what);
    exit(1);
}

/* To the sign of a zero; one NaN is as good as another. */
static int same(double a, double b) {
    return (a != a && b != b) || memcmp(&a, &b, sizeof a) == 0;
}

static int lanes_are(wide v, const double *want, size_t count) {
    double have[WIDE_LANES];
    wide_store(have, v);
    for (size_t i = 0; i < count; ++i)
        if (!same(have[i], want[i])) return 0;
    return 1;
}

static int holds(wide_mask mask) {
    require(wide_any(mask) == wide_all(mask), "a relation holds of some equal lanes alone");
    return wide_any(mask);
}

static void pairs(double a, double b) {
    const wide x = wide_of(a);
    const wide y = wide_of(b);
    const double larger = b > a ? b : a;
    const double smaller = b < a ? b : a;
    for (size_t i = 0; i < WIDE_LANES; ++i) {
        require(same(wide_max(x, y)[i], larger) && same(wide_min(x, y)[i], smaller), "max and min: the newer where none is beyond");
        require(same(wide_abs(x)[i], fabs(a)) && same(wide_sqrt(x)[i], sqrt(a)) && same(wide_fma(x, y, x)[i], fma(a, b, a)), "arithmetic");
    }
    require(holds(WIDE_IS(x, EQUAL_TO, y)) == (a == b) && holds(WIDE_IS(x, ABOVE, y)) == (a > b), "EQUAL_TO, ABOVE");
    require(holds(WIDE_IS(x, BELOW, y)) == (a < b) && holds(WIDE_IS(x, AT_MOST, y)) == (a <= b), "BELOW, AT_MOST");
    require(holds(WIDE_IS(x, NOT_AT_LEAST, y)) == !(a >= b), "NOT_AT_LEAST");
    require(holds(WIDE_IS(x, UNORDERED_WITH, y)) == (a != a || b != b), "UNORDERED_WITH");
    require(same(eight_first_lane(eight_max(eight_of(a), eight_of(b))), a > b ? a : b), "eight_max: the second of a NaN");
    require(same(eight_first_lane(eight_min(eight_of(a), eight_of(b))), a < b ? a : b), "eight_min: the second of a NaN");
    require(same(eight_first_lane(eight_negate(eight_of(a))), -a), "eight_negate");
}

static void places(void) {
    static const double number[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    const wide before = wide_load(number);
    const wide now = wide_load(number + WIDE_LANES);
    for (int k = 1; k <= WIDE_LANES; ++k) {
        const wide later = k == 1   ? wide_later(now, before, 1)
                           : k == 2 ? wide_later(now, before, 2)
                           : k == 3 ? wide_later(now, before, 3)
                           : k == 4 ? wide_later(now, before, 4)
                           : k == 5 ? wide_later(now, before, 5)
                           : k == 6 ? wide_later(now, before, 6)
                           : k == 7 ? wide_later(now, before, 7)
                                    : wide_later(now, before, 8);
        require(lanes_are(later, number + WIDE_LANES - k, WIDE_LANES), "wide_later");
    }
    double want[8];
    for (size_t i = 0; i < WIDE_LANES; ++i) want[i] = number[WIDE_LANES - 1 - i];
    require(lanes_are(wide_reversed(before), want, WIDE_LANES), "wide_reversed");
    for (size_t i = 0; i < WIDE_LANES; ++i) want[i] = WIDE_LANES;
    require(lanes_are(wide_last(before), want, WIDE_LANES), "wide_last");
    require(wide_lowest(before) == 1.0 && wide_highest(before) == WIDE_LANES, "wide_lowest, wide_highest");
    for (size_t count = 0; count <= WIDE_LANES; ++count) {
        double kept[WIDE_LANES + 1];
        memset(kept, 0, sizeof kept);
        for (size_t i = 0; i < WIDE_LANES; ++i) want[i] = i < count ? number[i] : 0.0;
        require(lanes_are(wide_load_first(number, count), want, WIDE_LANES), "wide_load_first");
        wide_store_first(kept, before, count);
        require(memcmp(kept, want, WIDE_LANES * sizeof *want) == 0, "wide_store_first");
        for (size_t i = 0; i < WIDE_LANES; ++i) want[i] = i < count ? 0.0 : number[i];
        require(lanes_are(wide_load_from(number, count), want, WIDE_LANES), "wide_load_from");
        const wide_mask first = WIDE_IS(before, AT_MOST, wide_of((double)count));
        require(wide_any(first) == (count != 0) && wide_all(first) == (count == WIDE_LANES), "wide_any, wide_all");
        require(lanes_are(wide_pick(first, wide_of(0.0), before), want, WIDE_LANES), "wide_pick");
        require(wide_all(wide_either(first, WIDE_IS(before, ABOVE, wide_of((double)count)))), "wide_either");
        require(!wide_any(wide_both(first, WIDE_IS(before, ABOVE, wide_of((double)count)))), "wide_both");
    }
}

static void eights(void) {
    double table[8][11];
    double turned[8][11];
    double have[8];
    eight column[8];
    for (int i = 0; i < 8; ++i)
        for (int j = 0; j < 11; ++j) table[i][j] = 100.0 * i + j;
    memset(turned, 0, sizeof turned);
    eight_load_columns(column, table[0] + 2, 11);
    for (int j = 0; j < 8; ++j) {
        eight_store(have, column[j]);
        for (int i = 0; i < 8; ++i) require(have[i] == table[i][j + 2], "eight_load_columns");
    }
    eight_store_columns(column, turned[0] + 1, 11);
    for (int i = 0; i < 8; ++i)
        for (int j = 0; j < 11; ++j) require(turned[i][j] == (j >= 1 && j < 9 ? table[i][j + 1] : 0.0), "eight_store_columns");
    const double number[16] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16};
    const eight fill = eight_load(number);
    const eight v = eight_load(number + 8);
    const eight up[] = {eight_up1(v, fill), eight_up2(v, fill), eight_up4(v, fill)};
    for (int k = 0; k < 3; ++k) {
        eight_store(have, up[k]);
        require(memcmp(have, number + 8 - (1 << k), sizeof have) == 0, "eight_up");
    }
    require(wide_lowest(eight_last(v)) == 16.0 && wide_highest(eight_last(v)) == 16.0, "eight_last");
    for (int lane = 0; lane < 8; ++lane) {
        memcpy(have, number, sizeof have);
        require(eight_is_clean(eight_taint(eight_of(0.0), eight_load(have))), "eight_taint of numbers");
        have[lane] = lane % 2 != 0 ? NAN : INFINITY;
        require(!eight_is_clean(eight_taint(eight_of(0.0), eight_load(have))), "eight_taint");
    }
}

int main(void) {
    for (size_t i = 0; i < EDGE_COUNT; ++i)
        for (size_t j = 0; j < EDGE_COUNT; ++j) pairs(EDGES[i], EDGES[j]);
    places();
    eights();
    printf("%d lanes\n", WIDE_LANES);
    return 0;
}
