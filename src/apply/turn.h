/* SPDX-License-Identifier: MIT
 * A turn at changing things: what everything new begins with.
 */
#ifndef APPLY_TURN_H
#define APPLY_TURN_H

#include "apply/journal.h"

struct turn {
	struct journal *journal;
	int lock; /* apply/lock.h */
};

/* The journal, open for writing, while nobody else changes anything and no repair waits to be settled. journal is NULL
 * with a sentence as journal_open, lock_take (after LOCK_WAIT_NS) and journal_refuse_interrupted give it. End it in any
 * case. */
struct turn turn_take(struct arena *arena, struct err *err);
void turn_end(struct turn *turn);

#endif
