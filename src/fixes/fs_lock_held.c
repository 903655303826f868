/* SPDX-License-Identifier: MIT
 * A holder that is stuck is asked to end; a stopped one goes on first, or it would not hear of it. Never the file: the lock
 * is in the kernel.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"

/* A program it has started has the same open file, or keeps it waiting: ended first, it leaves nobody behind. */
static const struct fact_wait_leaf *leaf_of(const struct facts *facts,
                                            const struct fact_lock_wait *w) {
	facts_each (wait_leaf, l, facts) {
		if (w->leaf > 0 && l->pid == w->leaf && l->pid != w->holder &&
		    mend_is_own(facts, l->uid)) {
			return l;
		}
	}
	return NULL;
}

static bool only_leaf(const struct facts *facts, const struct fact_lock_wait *w,
                      const struct fact_wait_leaf *leaf) {
	return str_empty(w->also) ||
	       (leaf && streq(w->also, arena_printf(facts->arena, "%lld", (long long)leaf->pid)));
}

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_lock_wait *w = finding_first(lock_wait, finding);
	if (!w || w->holder <= 0) {
		plan_unable(out, "who holds the lock cannot be seen from here");
		return;
	}
	const char *who = path_base(w->holder_program);
	const struct fact_wait_leaf *leaf = leaf_of(facts, w);
	out->why = arena_printf(out->arena,
	                        "%s (process %lld) holds the lock on %s, and go waits for it "
	                        "without a limit of time.",
	                        who, (long long)w->holder, w->what);
	out->keeps = w->path;
	if (streq(w->stuck, "stopped") && str_empty(w->also)) {
		/* Let go on alone, it would hold the lock for as long as it still has to do. */
		mend_end(out, w->holder, w->holder_ticks, who);
		mend_go_on(out, w->holder, w->holder_ticks, who);
	} else if (!only_leaf(facts, w, leaf)) {
		plan_unable(out,
		            "more than one process has that lock (%lld, %s); see what they are, "
		            "and end "
		            "them",
		            (long long)w->holder, w->also);
	} else if (STR_IN(w->stuck, "connecting", "silent") && mend_is_own(facts, w->holder_uid)) {
		if (leaf) {
			mend_end(out, leaf->pid, leaf->start_ticks, path_base(w->leaf_program));
		}
		mend_end(out, w->holder, w->holder_ticks, who);
	} else if (STR_IN(w->stuck, "traced", "frozen")) {
		plan_unable(out, "who holds process %lld (%s) has to let it go on",
		            (long long)w->holder, w->stuck);
	} else {
		plan_unable(out, "process %lld works, and may come to its end",
		            (long long)w->holder);
	}
}

const struct fix fix_fs_lock_held = {
	.cause = "fs-lock-held",
	.title = "ask who holds the lock to end",
	.plan = plan,
};
