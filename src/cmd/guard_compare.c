/* SPDX-License-Identifier: MIT
 * Is the set-up still what it was when all worked last? The guard starts no server, so it cannot say that all works; but it can
 * say until when nothing of what it looks at anyway was otherwise.
 */
#include "apply/states.h"
#include "base/clock.h"
#include "cmd/guard.h"
#include "core/changes.h"
#include "core/known_good.h"

/* Variables and limits are those of the timer, not of the user; what `go env` says comes with them. */
static bool is_compared(const struct change *change) {
	switch ((change->new ? change->new : change->old)->kind) {
	case ITEM_SETTING:
		return true;
	case ITEM_TOOL:
	case ITEM_FILE:
	case ITEM_KERNEL:
	case ITEM_PLACE:
		/* What is not in both may only not have been looked at. */
		return change->how == ITEM_CHANGED;
	default:
		return false;
	}
}

void guard_compare(struct guard *g, const struct guard_view *view, struct guard_visit *visit) {
	const char *file = states_file(g->arena, visit->dir);
	const struct evidence *ev =
		file ? world_look(view->world, LOOK_FILE, file, KNOWN_GOOD_FILE_BYTES_MAX) : NULL;
	struct known_good store;
	struct err ignored;
	bool older;
	size_t count = 0;
	if (!ev || ev->state != EV_READ ||
	    known_good_parse(g->arena, ev->bytes, &store, &ignored) < 0 ||
	    !streq(store.workspace, visit->dir)) {
		return;
	}
	const struct setup *now = setup_take(g->arena, view->facts, view->target, view->store,
	                                     store.key, clock_wall_ns());
	const struct setup *good = known_good_choose(&store, now, 0, &older);
	if (!good || !setup_same_side(good, now)) {
		return;
	}
	const struct change *changes = changes_between(g->arena, good, now, &count);
	visit->good_ns = good->until_ns;
	for (size_t i = 0; i < count; i++) {
		visit->differs += is_compared(&changes[i]);
	}
	visit->same_ns = visit->differs == 0 ? visit->at_ns : 0;
}
