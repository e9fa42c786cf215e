#include "venue/lanes.h"

#include <string.h>

static size_t rounded(size_t bytes) {
    return (bytes + 63) & ~(size_t)63;
}

size_t b3_lanes_size(uint32_t capacity) {
    return rounded(capacity * sizeof(b3_paper_order)) + rounded(capacity * sizeof(b3_lane)) + rounded(capacity * sizeof(b3_branch));
}

void b3_lanes_init(b3_lanes *lanes, void *memory, uint32_t capacity) {
    uint8_t *at = memory;
    *lanes = (b3_lanes){.orders = memory};
    at += rounded(capacity * sizeof(b3_paper_order));
    lanes->lanes = (b3_lane *)at;
    at += rounded(capacity * sizeof(b3_lane));
    lanes->branches = (b3_branch *)at;
    for (uint32_t i = 0; i < capacity; i++) {
        const uint32_t next = i + 1 < capacity ? i + 1 : B3_LANE_NONE;
        lanes->orders[i].next = next;
        lanes->lanes[i].next = next;
        lanes->branches[i].child[0] = next;
    }
}

void b3_ladder_init(b3_ladder *ladder, uint32_t side) {
    *ladder = (b3_ladder){.root = B3_LANE_NONE, .first = B3_LANE_NONE, .side = side};
}

/* ---------------------------------------------------------------- the tree */

static int is_branch(uint32_t child) {
    return child != B3_LANE_NONE && (child & B3_BRANCH) != 0;
}

static b3_branch *branch_of(const b3_lanes *lanes, uint32_t child) {
    return &lanes->branches[child & ~B3_BRANCH];
}

static uint32_t way(uint64_t key, uint32_t bit) {
    return (uint32_t)(key >> bit & 1);
}

/* The only lane that may have the key. */
static uint32_t candidate(const b3_lanes *lanes, const b3_ladder *ladder, uint64_t key) {
    uint32_t at = ladder->root;
    while (is_branch(at)) at = branch_of(lanes, at)->child[way(key, branch_of(lanes, at)->bit)];
    return at;
}

/* First (0) or last (1) lane under a child. */
static uint32_t extreme(const b3_lanes *lanes, uint32_t at, uint32_t which) {
    while (is_branch(at)) at = branch_of(lanes, at)->child[which];
    return at;
}

uint32_t b3_lanes_find(const b3_lanes *lanes, const b3_ladder *ladder, uint64_t key) {
    const uint32_t lane = candidate(lanes, ladder, key);
    return lane != B3_LANE_NONE && lanes->lanes[lane].key == key ? lane : B3_LANE_NONE;
}

static void link_lane(b3_lanes *lanes, b3_ladder *ladder, uint32_t lane, uint32_t before, uint32_t after) {
    lanes->lanes[lane].prev = before;
    lanes->lanes[lane].next = after;
    if (before == B3_LANE_NONE) ladder->first = lane;
    else lanes->lanes[before].next = lane;
    if (after != B3_LANE_NONE) lanes->lanes[after].prev = lane;
}

/* Puts a lane beside the subtree whose keys agree with it above the bit where it differs. */
static void insert(b3_lanes *lanes, b3_ladder *ladder, uint32_t lane, uint64_t differing) {
    const uint64_t key = lanes->lanes[lane].key;
    const uint32_t bit = 63 - (uint32_t)__builtin_clzll(differing);
    uint32_t *link = &ladder->root;
    while (is_branch(*link) && branch_of(lanes, *link)->bit > bit)
        link = &branch_of(lanes, *link)->child[way(key, branch_of(lanes, *link)->bit)];
    const uint32_t made = lanes->free_branch;
    b3_branch *branch = &lanes->branches[made];
    lanes->free_branch = branch->child[0];
    const uint32_t mine = way(key, bit);
    const uint32_t neighbour = extreme(lanes, *link, mine);
    branch->bit = bit;
    branch->child[mine] = lane;
    branch->child[1 - mine] = *link;
    *link = made | B3_BRANCH;
    if (mine == 1) link_lane(lanes, ladder, lane, neighbour, lanes->lanes[neighbour].next);
    else link_lane(lanes, ladder, lane, lanes->lanes[neighbour].prev, neighbour);
}

uint32_t b3_lanes_get(b3_lanes *lanes, b3_ladder *ladder, uint64_t key) {
    const uint32_t near = candidate(lanes, ladder, key);
    if (near != B3_LANE_NONE && lanes->lanes[near].key == key) return near;
    const uint32_t lane = lanes->free_lane;
    b3_lane *made = &lanes->lanes[lane];
    lanes->free_lane = made->next;
    *made = (b3_lane){.key = key, .first = B3_LANE_NONE, .last = B3_LANE_NONE};
    if (near == B3_LANE_NONE) {
        ladder->root = lane;
        link_lane(lanes, ladder, lane, B3_LANE_NONE, B3_LANE_NONE);
    } else {
        insert(lanes, ladder, lane, key ^ lanes->lanes[near].key);
    }
    return lane;
}

static void drop(b3_lanes *lanes, b3_ladder *ladder, uint32_t lane) {
    b3_lane *gone = &lanes->lanes[lane];
    uint32_t *link = &ladder->root; /* to the branch above the lane, or the lane itself */
    uint32_t *above = NULL;
    while (is_branch(*link)) {
        above = link;
        link = &branch_of(lanes, *link)->child[way(gone->key, branch_of(lanes, *link)->bit)];
    }
    if (above == NULL) {
        ladder->root = B3_LANE_NONE;
    } else {
        const uint32_t freed = *above & ~B3_BRANCH;
        b3_branch *branch = &lanes->branches[freed];
        *above = branch->child[1 - way(gone->key, branch->bit)];
        branch->child[0] = lanes->free_branch;
        lanes->free_branch = freed;
    }
    if (gone->prev == B3_LANE_NONE) ladder->first = gone->next;
    else lanes->lanes[gone->prev].next = gone->next;
    if (gone->next != B3_LANE_NONE) lanes->lanes[gone->next].prev = gone->prev;
    gone->next = lanes->free_lane;
    lanes->free_lane = lane;
}

/* ---------------------------------------------------------------- orders in a lane */

uint32_t b3_lanes_append(b3_lanes *lanes, uint32_t lane, const b3_paper_order *order) {
    const uint32_t index = lanes->free_order;
    b3_paper_order *slot = &lanes->orders[index];
    b3_lane *at = &lanes->lanes[lane];
    lanes->free_order = slot->next;
    *slot = *order;
    slot->lane = lane;
    slot->next = B3_LANE_NONE;
    slot->prev = at->last;
    if (at->last == B3_LANE_NONE) at->first = index;
    else lanes->orders[at->last].next = index;
    at->last = index;
    return index;
}

void b3_lanes_remove(b3_lanes *lanes, b3_ladder *ladder, uint32_t order) {
    b3_paper_order *slot = &lanes->orders[order];
    b3_lane *lane = &lanes->lanes[slot->lane];
    if (slot->prev == B3_LANE_NONE) lane->first = slot->next;
    else lanes->orders[slot->prev].next = slot->next;
    if (slot->next == B3_LANE_NONE) lane->last = slot->prev;
    else lanes->orders[slot->next].prev = slot->prev;
    if (lane->first == B3_LANE_NONE) drop(lanes, ladder, slot->lane);
    slot->next = lanes->free_order;
    lanes->free_order = order;
}
