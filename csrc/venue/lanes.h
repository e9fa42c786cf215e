/* Our orders at the venue, by price and then by time: a ladder of lanes, a lane a price, each a queue of orders.
 *
 * A ladder runs from the price that is reached first: bids and sell stops from the highest down (side 0), asks and buy stops from the
 * lowest up (side 1). Its key is the price, or its complement, so that a smaller key always comes first.
 *
 *   first ─► lane ─► lane ─► lane         a list in order of keys: what comes next
 *              │ first ... last            orders of the lane, first come first
 *   root ─► branches over the lanes        a crit-bit tree (https://cr.yp.to/critbit.html): which lane has this key
 *
 * All in fixed pools, as many lanes as orders. Finding, adding and taking out a lane: O(bits in which the keys differ), at most 64, in
 * practice log2(lanes); an order in its lane: O(1).
 */
#ifndef B3_VENUE_LANES_H
#define B3_VENUE_LANES_H

#include "venue/queue.h"

#define B3_LANE_NONE UINT32_MAX

/* An order of ours at the venue. */
typedef struct b3_paper_order {
    uint64_t order_id;
    uint64_t venue_order_id;
    int64_t price_raw;      /* 0: MARKET, STOP */
    int64_t stop_price_raw; /* STOP, STOP_LIMIT */
    int64_t qty_raw;
    int64_t cum_qty_raw;
    int64_t ahead_raw;   /* of others, see queue.h */
    int64_t arrived_ns;  /* here: when it rested, or was triggered */
    uint64_t arrived_no; /* of the venue's events */
    uint32_t instrument;
    uint32_t lane;
    uint32_t next; /* in its lane, or among the free slots */
    uint32_t prev;
    uint16_t strategy;
    uint16_t account;
    uint16_t venue;
    uint8_t side;
    uint8_t order_type;
    uint8_t tif;
    uint8_t triggered;
    uint8_t reserved[6];
} b3_paper_order;

typedef struct b3_lane {
    uint64_t key;
    uint32_t first; /* orders */
    uint32_t last;
    uint32_t next; /* in the ladder, or among the free lanes */
    uint32_t prev;
    b3_queue queue;
} b3_lane;

/* A branch of a tree: where its lanes' keys first differ. A child is a lane, or a branch with B3_BRANCH set. */
#define B3_BRANCH UINT32_C(0x80000000)
typedef struct b3_branch {
    uint32_t child[2]; /* child[0] or the next free one */
    uint32_t bit;
} b3_branch;

typedef struct b3_ladder {
    uint32_t root;
    uint32_t first;
    uint32_t side;
    uint32_t reserved;
} b3_ladder;

/* The pools. */
typedef struct b3_lanes {
    b3_paper_order *orders;
    b3_lane *lanes;
    b3_branch *branches;
    uint32_t free_order;
    uint32_t free_lane;
    uint32_t free_branch;
    uint32_t reserved;
} b3_lanes;

static inline uint64_t b3_lane_key(uint32_t side, int64_t price_raw) {
    return side == 0 ? ~(uint64_t)price_raw : (uint64_t)price_raw;
}

/* capacity: orders, at most 2^31 - 1. memory: aligned to 64. */
size_t b3_lanes_size(uint32_t capacity);
void b3_lanes_init(b3_lanes *lanes, void *memory, uint32_t capacity);
void b3_ladder_init(b3_ladder *ladder, uint32_t side);

/* The lane of a price; B3_LANE_NONE. */
uint32_t b3_lanes_find(const b3_lanes *lanes, const b3_ladder *ladder, uint64_t key);
/* The same, made if it is not there: a new one has an empty queue. There is room for it as long as there is for an order. */
uint32_t b3_lanes_get(b3_lanes *lanes, b3_ladder *ladder, uint64_t key);
/* Copies an order to the end of its lane. Returns its slot. There must be a free one. */
uint32_t b3_lanes_append(b3_lanes *lanes, uint32_t lane, const b3_paper_order *order);
/* Frees an order's slot, and its lane when it was the last there. */
void b3_lanes_remove(b3_lanes *lanes, b3_ladder *ladder, uint32_t order);

#endif
