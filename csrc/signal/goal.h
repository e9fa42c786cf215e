/* What a strategy's signal asks for (long, short, flat), and the market orders that bring its position there.
 *
 * An entry is tried once, when the signal comes (or as soon as no order of ours is open); an exit on every call until the position is gone.
 */
#ifndef B3_SIGNAL_GOAL_H
#define B3_SIGNAL_GOAL_H

#include "sizing.h"

typedef struct b3_goal {
    int8_t side;  /* 1 long, -1 short, 0 flat */
    int8_t above; /* of crosses: 1 the first line is above the second, -1 below, 0 not known yet */
    uint8_t allow_short;
    uint8_t entry_due; /* the signal asked for a position, and no order was sent for it yet */
    uint32_t reserved;
} b3_goal;

/* Long when line a crosses above line b; flat, or short, when it crosses below. The first call only says which one is above. */
void b3_goal_on_cross(b3_goal *goal, double a, double b);

/* Long once score >= enter, until score <= leave; short, where allowed, by the same rule on -score. leave < enter. */
void b3_goal_on_score(b3_goal *goal, double score, double enter, double leave);

/* Writes at most one market order; returns how many. */
int32_t b3_goal_trade(b3_goal *goal, const b3_sizing *sizing, const b3_view *view, b3_slot *out);

#endif
