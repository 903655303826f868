/* SPDX-License-Identifier: MIT */
#include "cmd/remember.h"

#include "apply/states.h"
#include "base/clock.h"
#include "base/str.h"

#include <stdlib.h>

void remember_prepare(struct arena *arena, struct world *world, struct target *target,
                      bool refused) {
	if (refused || !str_empty(getenv(NO_REMEMBER_VARIABLE)) ||
	    !states_may_write(arena, world)) {
		return;
	}
	target->states_file = states_file(arena, target->workspace);
	target->will_remember = target->states_file && !target->no_server;
}

int remember(struct arena *arena, const struct target *target, const struct facts *facts,
             const struct evidence_store *store, const struct diagnosis *diagnosis,
             struct err *err) {
	struct known_good states;
	if (!target->will_remember || diagnosis->verdict != VERDICT_HEALTHY) {
		return 1;
	}
	int r = states_load(arena, target->states_file, target->workspace, &states, err);
	if (r < 0) {
		return r;
	}
	struct setup *now = setup_take(arena, facts, target, store, states.key, clock_wall_ns());
	return states_keep(arena, target->states_file, &states, now, err);
}
