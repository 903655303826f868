/* SPDX-License-Identifier: MIT
 */
#include "probes/server/wait_calls.h"

static struct slice goroutines_of(struct exam *exam, const struct wait_process *p, const char *what,
                                  bool *ret_denied) {
	const struct evidence *ev = world_look_anew(
		exam->world, LOOK_GOROUTINES,
		arena_printf(exam->arena, "%lld %s", (long long)p->pid, what), LOOK_CAP_SETTINGS);

	*ret_denied = ev->state == EV_DENIED;
	return evidence_has_bytes(ev) ? ev->bytes : slice_of("", 0);
}

/* What a program that waits for nothing outside does: of one that is written in Go its runtime can tell. */
static void look_inside(struct exam *exam, struct waits *w, struct wait_chain *chain,
                        int64_t settled_ms) {
	const struct wait_process *p = chain->leaf.process;
	size_t before = w->inner_count;
	bool denied;

	if (p->denied) {
		return;
	}
	waits_take_inner(w, p->pid, goroutines_of(exam, p, "inside", &denied));
	if (w->inner_count > before) {
		*chain = waits_chain(w, settled_ms);
	}
}

/* Between the two looks at a goroutine that waits for its client, or to write. */
#define AGAIN_MS      1000
#define AGAIN_LATE_MS 2500 /* when nobody has said that it hangs */

static bool is_there_still(const struct waits *now, const struct waits *before) {
	for (size_t i = 0; i < now->call_count && before->call_count > 0; i++) {
		if (now->calls[i].goroutine == before->calls[0].goroutine &&
		    streq(now->calls[i].method, before->calls[0].method)) {
			return true;
		}
	}
	return before->call_count == 0 && before->inner_count > 0 && now->inner_count > 0 &&
	       now->inner[0].goroutine == before->inner[0].goroutine &&
	       streq(now->inner[0].function, before->inner[0].function);
}

/* What it has asked its client or waits to write; when that is nothing, a lock of its own. Behind a question that a person
 * thinks over a lock is no wonder. */
static void take_goroutines(struct waits *w, int64_t pid, struct slice text) {
	waits_take_goroutines(w, pid, text);
	if (w->call_count == 0 && w->inner_count == 0 &&
	    !slice_has(text, "/jsonrpc2.(*conn).Call(")) {
		waits_take_locked(w, pid, text);
	}
}

/* How long it waits already is known only while nothing of the server has run since. So it is asked once more: whoever is
 * well has answered a question like these, or read a line, by then. */
static void look_again(struct exam *exam, const struct waits *w, struct wait_chain *chain,
                       const struct wait_process *p, int64_t settled_ms) {
	struct wait_leaf *l = &chain->leaf;
	int64_t rest_ms = settled_ms > AGAIN_MS ? AGAIN_LATE_MS : AGAIN_MS;
	struct waits again = {.arena = w->arena};
	bool denied;

	if ((l->kind != WAIT_ANSWER && l->kind != WAIT_READER && l->kind != WAIT_INSIDE) ||
	    l->settled || p->age_ms < settled_ms) {
		return;
	}
	take_goroutines(&again, p->pid,
	                goroutines_of(exam, p,
	                              arena_printf(exam->arena, "calls %lld", (long long)rest_ms),
	                              &denied));
	if (is_there_still(&again, w)) {
		l->since_ms = l->since_ms + rest_ms;
		l->settled = true;
		l->proven = l->proven || l->kind == WAIT_INSIDE;
	}
}

void wait_calls_look(struct exam *exam, struct waits *w, struct wait_chain *chain,
                     int64_t settled_ms) {
	const struct wait_process *p = chain->leaf.process;

	if (p && (chain->leaf.kind == WAIT_INSIDE || chain->leaf.kind == WAIT_PEER ||
	          chain->leaf.timer)) {
		look_inside(exam, w, chain, settled_ms);
		return;
	}
	if (!p || chain->leaf.kind != WAIT_IDLE || !str_starts(p->comm, "gopls")) {
		return;
	}
	enum wait_role role = waits_role(w->arena, p);

	if (role != ROLE_SERVER && role != ROLE_DAEMON) {
		return;
	}
	take_goroutines(w, p->pid, goroutines_of(exam, p, "calls", &w->calls_hidden));
	if (w->call_count > 0 || w->inner_count > 0) {
		*chain = waits_chain(w, settled_ms);
		look_again(exam, w, chain, p, settled_ms);
	}
}
