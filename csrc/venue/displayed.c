#include "venue/displayed.h"

#include <string.h>

void b3_shelf_look(b3_shelf *shelf, const b3_touch *touch) {
    const uint32_t side = shelf->side;
    const int64_t price = b3_touch_price(touch, side);
    const int64_t qty = b3_touch_qty(touch, side);
    uint32_t gone = 0;
    while (gone < shelf->count) {
        const b3_taken *entry = &shelf->entries[gone];
        const int behind = qty <= 0 || b3_price_rank(side, entry->price_raw) < b3_price_rank(side, price);
        const int changed = entry->price_raw == price && entry->displayed_raw != qty;
        if (!behind && !changed) break;
        gone++;
    }
    if (gone == 0) return;
    shelf->count -= gone;
    memmove(shelf->entries, shelf->entries + gone, shelf->count * sizeof(b3_taken));
}

/* After a look the touch's entry, if there is one, is the first. */
static int has_touch(const b3_shelf *shelf, const b3_touch *touch) {
    return shelf->count > 0 && shelf->entries[0].price_raw == b3_touch_price(touch, shelf->side);
}

int64_t b3_shelf_left(const b3_shelf *shelf, const b3_touch *touch) {
    return b3_touch_qty(touch, shelf->side) - (has_touch(shelf, touch) ? shelf->entries[0].taken_raw : 0);
}

void b3_shelf_take(b3_shelf *shelf, const b3_touch *touch, int64_t qty_raw) {
    if (!has_touch(shelf, touch)) {
        if (shelf->count == B3_PAPER_LEVELS) shelf->count--; /* the farthest is forgotten */
        memmove(shelf->entries + 1, shelf->entries, shelf->count * sizeof(b3_taken));
        shelf->entries[0] = (b3_taken){.price_raw = b3_touch_price(touch, shelf->side), .displayed_raw = b3_touch_qty(touch, shelf->side)};
        shelf->count++;
    }
    shelf->entries[0].taken_raw += qty_raw;
}

/* *at runs through the shelf beside the levels, both best price first. Returns what is still wanted. */
static int64_t walk_level(b3_walk *walk, const b3_shelf *shelf, uint32_t *at, int64_t price, int64_t displayed, int64_t want) {
    const uint32_t side = shelf->side;
    while (*at < shelf->count && b3_price_rank(side, shelf->entries[*at].price_raw) < b3_price_rank(side, price)) (*at)++;
    b3_walked *walked = &walk->levels[walk->count++];
    walked->before = (b3_taken){.price_raw = price, .displayed_raw = displayed};
    if (*at < shelf->count && shelf->entries[*at].price_raw == price && shelf->entries[*at].displayed_raw == displayed)
        walked->before.taken_raw = shelf->entries[*at].taken_raw;
    const int64_t left = displayed - walked->before.taken_raw;
    walked->take_raw = left < want ? left : want;
    return want - walked->take_raw;
}

int64_t b3_shelf_walk(const b3_shelf *shelf, const b3_view *view, int64_t limit_raw, int64_t qty_raw, b3_walk *walk) {
    const uint32_t side = shelf->side;
    const int64_t best = b3_touch_price(view->touch, side);
    const int64_t best_qty = b3_touch_qty(view->touch, side);
    uint32_t at = 0;
    walk->count = 0;
    if (best_qty <= 0 || (limit_raw != 0 && b3_price_rank(side, best) > b3_price_rank(side, limit_raw))) return qty_raw;
    int64_t want = walk_level(walk, shelf, &at, best, best_qty, qty_raw);
    if (want == 0 || view->levels == NULL || !(view->flags & B3_VIEW_SYNCED)) return want;
    const uint32_t count = view->levels(view->book, side == 0 ? B3_BUY : B3_SELL, walk->depth, B3_PAPER_LEVELS);
    for (uint32_t i = 0; i < count && want > 0; i++) {
        const b3_book_level *level = &walk->depth[i];
        if (b3_price_rank(side, level->price_raw) <= b3_price_rank(side, best)) continue; /* the touch's, and newer there */
        if (limit_raw != 0 && b3_price_rank(side, level->price_raw) > b3_price_rank(side, limit_raw)) break;
        want = walk_level(walk, shelf, &at, level->price_raw, level->qty_raw, want);
    }
    return want;
}

/* What was walked over replaces what was known of those prices; beyond them nothing has been seen to change. */
void b3_shelf_keep(b3_shelf *shelf, const b3_walk *walk) {
    if (walk->count == 0) return;
    const int64_t last = b3_price_rank(shelf->side, walk->levels[walk->count - 1].before.price_raw);
    uint32_t beyond = 0;
    uint32_t kept = 0;
    while (beyond < shelf->count && b3_price_rank(shelf->side, shelf->entries[beyond].price_raw) <= last) beyond++;
    for (uint32_t i = 0; i < walk->count; i++) kept += walk->levels[i].before.taken_raw + walk->levels[i].take_raw > 0;
    if (kept > B3_PAPER_LEVELS) kept = B3_PAPER_LEVELS;
    uint32_t farther = shelf->count - beyond;
    if (farther > B3_PAPER_LEVELS - kept) farther = B3_PAPER_LEVELS - kept;
    memmove(shelf->entries + kept, shelf->entries + beyond, farther * sizeof(b3_taken));
    shelf->count = kept + farther;
    for (uint32_t i = 0, to = 0; i < walk->count && to < kept; i++) {
        b3_taken entry = walk->levels[i].before;
        entry.taken_raw += walk->levels[i].take_raw;
        if (entry.taken_raw > 0) shelf->entries[to++] = entry;
    }
}
