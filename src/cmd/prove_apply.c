/* SPDX-License-Identifier: MIT */
#include "cmd/prove_apply.h"

#include "apply/resolve.h"
#include "apply/steps.h"
#include "base/fd.h"
#include "base/str.h"
#include "world/live.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

/* /tmp is one of the rehearsal's own. */
#define STATE_DIR "/tmp/dialtone-rehearsed"

static int apply_one(struct steps *steps, const struct plan *plan, struct err *err) {
	/* Resolving may set needs_root; the plan is the caller's, and root is somebody else here. */
	struct plan *copy = arena_new_of(steps->arena, struct plan);
	struct repair repair;
	*copy = *plan;
	int r = plan_resolve(steps->arena, copy, &repair, err);
	return r < 0 || repair.change_count == 0 ? r : steps_apply(steps, &repair, err);
}

static int apply_all(struct arena *arena, const struct plan *const *plans, size_t count,
                     const struct envset *env, const struct rehearsal *inside, struct err *err) {
	struct evidence_store store;
	struct steps steps;
	CLEANUP(journal_closep) struct journal *journal = journal_open(true, err);
	if (!journal) {
		return err->code;
	}
	evidence_store_init(&store, arena);
	steps_init(&steps, arena, journal);
	steps.env = env;
	steps.disruptive = inside->own_processes;
	steps.world = world_live_open(arena, &store, -1, err);
	int r = steps.world ? 0 : err->code;
	for (size_t i = 0; r == 0 && i < count; i++) {
		r = apply_one(&steps, plans[i], err);
	}
	world_close(steps.world);
	return r;
}

int prove_apply_plans(const struct plan *const *plans, size_t count, const struct envset *env,
                      const struct rehearsal *inside, struct err *err) {
	/* A process of its own, which ends behind this. */
	if (setenv("XDG_STATE_HOME", STATE_DIR, 1) < 0) {
		return err_set(err, -ENOMEM, "no memory");
	}
	struct arena *arena = arena_new();
	int r = apply_all(arena, plans, count, env, inside, err);
	arena_free(arena);
	return r;
}
