/* SPDX-License-Identifier: MIT
 * From the one that waits for a lock to the one that has it.
 */
#include "waits/private.h"

/* A server, or one that waits for its input, has nothing to do that would end and free the lock: whoever waits for it
 * waits for that to end. */
static void keep_for_life(struct walk *k, const struct wait_lock *l, const struct wait_process *p) {
	struct wait_leaf *leaf = &k->chain->leaf;
	enum wait_role role = waits_role(k->w->arena, leaf->process);
	bool serves = role == ROLE_SERVER || role == ROLE_FORWARDER || role == ROLE_DAEMON ||
	              role == ROLE_EDITOR;

	if (leaf->kind != WAIT_IDLE && !(leaf->kind == WAIT_WORKS && serves)) {
		return;
	}
	leaf->kind = WAIT_LOCK;
	leaf->on = l->link;
	leaf->detail = arena_printf(k->w->arena, "%s and keeps the lock %s as long as it runs",
	                            serves ? "serves" : "waits for its input", l->link);
	leaf->since_ms = p->rested_ms >= 0 ? p->rested_ms : p->age_ms;
}

/* A lock that was inherited has several holders, and lasts as long as the one that lasts. */
static bool by_worst_holder(struct walk *k, const struct wait_lock *l, const char *proof) {
	struct wait_chain best = {0}, start = *k->chain;
	bool found = false;

	for (size_t i = 0; i < l->holder_count; i++) {
		*k->chain = start;
		if (!walk_on(k, waits_process(k->w, l->holders[i]), HOW_LOCK, l->link, proof)) {
			continue;
		}
		keep_for_life(k, l, start.links[start.link_count - 1].process);
		if (!found || waits_rank(k->chain->leaf.kind) > waits_rank(best.leaf.kind)) {
			best = *k->chain;
		}
		found = true;
	}
	*k->chain = found ? best : start;
	return found;
}

bool waits_by_lock(struct walk *k, const struct wait_process *p) {
	struct arena *a = k->w->arena;

	for (size_t i = 0; i < k->w->lock_count; i++) {
		const struct wait_lock *l = &k->w->locks[i];

		if (l->pid != p->pid) {
			continue;
		}
		const char *proof = arena_printf(a, "%s in /proc/locks%s%s",
		                                 str_empty(l->class) ? "a lock" : l->class,
		                                 str_empty(l->place) ? "" : ", ", l->place);

		if (by_worst_holder(k, l, proof)) {
			return true;
		}
		return leaf(
			k, p, WAIT_LOCK, l->link,
			arena_printf(
				a, "waits for the lock %s, and who has it cannot be seen from here",
				l->link),
			proof);
	}
	return false;
}
