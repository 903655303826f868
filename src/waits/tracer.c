/* SPDX-License-Identifier: MIT
 * Why whoever traces a process does not let it go on.
 */
#include "waits/private.h"

/* What keeps the tracer itself: it is stopped or frozen, or what it writes is not read. A debugger that waits for its
 * user, or for what it debugs, is what it seems: it holds the process. */
static bool keeps(const struct wait_chain *c, size_t at) {
	bool held = c->leaf.kind == WAIT_STOPPED || c->leaf.kind == WAIT_FROZEN ||
	            c->leaf.kind == WAIT_THROTTLED;
	bool writes = c->leaf.kind == WAIT_READER ||
	              (at + 1 < c->link_count && c->links[at].how == HOW_WRITE);

	return (held && at + 1 == c->link_count) || writes;
}

bool waits_on_to_tracer(struct walk *k, const struct wait_process *tracer, const char *proof) {
	struct wait_chain before = *k->chain;

	if (walk_on(k, tracer, HOW_TRACER, "", proof) && keeps(k->chain, before.link_count)) {
		return true;
	}
	*k->chain = before;
	return false;
}

bool waits_by_tracer(struct walk *k, const struct wait_process *p) {
	const struct wait_process *tracer = waits_process(k->w, p->tracer);

	each_thread(t, p) {
		if (tracer && streq(t->state, "t") && t->still) {
			return waits_on_to_tracer(
				k, tracer,
				arena_printf(k->w->arena, "thread %lld: state t, TracerPid %lld",
			                     (long long)t->tid, (long long)p->tracer));
		}
	}
	return false;
}
