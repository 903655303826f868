/* SPDX-License-Identifier: MIT */
#include "apply/turn.h"

#include "apply/lock.h"
#include "base/fd.h"

struct turn turn_take(struct arena *arena, struct err *err) {
	struct turn turn = {.journal = journal_open(true, err), .lock = -1};
	if (!turn.journal) {
		return turn;
	}
	turn.lock = lock_take(arena, LOCK_WAIT_NS, err);
	if (turn.lock < 0 || journal_refuse_interrupted(turn.journal, arena, err) < 0) {
		turn_end(&turn);
	}
	return turn;
}

void turn_end(struct turn *turn) {
	fd_closep(&turn->lock);
	journal_close(turn->journal);
	*turn = (struct turn){.lock = -1};
}
