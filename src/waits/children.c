/* SPDX-License-Identifier: MIT
 * From a parent to the child it waits for.
 */
#include "waits/private.h"

#define CALL_WAITID_PIDFD 3 /* P_PIDFD of <sys/wait.h> */

static bool writes_to(const struct wait_process *reader, const struct wait_process *writer) {
	for (int64_t fd = 1; fd <= 2; fd++) {
		const struct wait_fd *f = waits_fd(writer, fd);

		for (size_t i = 0; f && f->ino && i < f->end_count; i++) {
			if (f->ends[i].pid == reader->pid && f->ends[i].way != 'w') {
				return true;
			}
		}
	}
	return false;
}

/* One that only signals wake has started somebody whose end is such a signal: timeout(1), supervisors. */
static bool waits_for_signal(const struct wait_process *p, const struct wait_thread *t) {
	return p->threads == 1 && (streq(t->call, "rt_sigsuspend") || streq(t->call, "pause"));
}

/* How p waits for its child q; NULL when it does not. */
static const char *waits_for_child(struct walk *k, const struct wait_process *p,
                                   const struct wait_process *q) {
	struct arena *a = k->w->arena;

	each_thread(t, p) {
		int64_t first = (int64_t)waits_arg(t, 0), second = (int64_t)waits_arg(t, 1);
		const struct wait_fd *f = first == CALL_WAITID_PIDFD ? waits_fd(p, second) : NULL;
		/* In a pid namespace of their own they have other numbers. */
		bool any = streq(t->call, "wait4")
		                   ? (int)first == -1 || first == q->pid || first == q->own_pid
		           : streq(t->call, "waitid")
		                   ? (first == CALL_WAITID_PIDFD ? f && f->pidfd == q->pid
		                                                 : first == 0 || second == q->pid ||
		                                                           second == q->own_pid)
		                   : streq(t->call, "vfork") || waits_for_signal(p, t);

		if (any) {
			return arena_printf(a, "thread %lld is in %s", (long long)t->tid, t->call);
		}
	}
	if (writes_to(p, q)) {
		return "it reads what the child writes";
	}
	for (size_t i = 0; i < p->fd_count; i++) {
		if (p->first_fd[i].pid == p->pid && p->first_fd[i].pidfd == q->pid) {
			return "it holds the child's pidfd";
		}
	}
	return p->denied ? "it is its parent" : NULL;
}

/* `go generate`, `go test` and the like, which a server starts when its user asks for that (gopls, commands
 * gopls.generate, gopls.run_tests): they run programs of the user's for as long as these take, and it answers meanwhile. */
static bool is_errand(struct walk *k, const struct wait_process *p, const struct wait_process *q) {
	static const char *const errands[] = {"generate", "test", "run", NULL};
	enum wait_role role = waits_role(k->w->arena, p);
	const char *word = streq(q->comm, "go") ? waits_word(k->w->arena, q, 1) : NULL;

	return word && (role == ROLE_SERVER || role == ROLE_DAEMON) && one_of(word, errands);
}

static bool is_of_interest(struct walk *k, const struct wait_process *p,
                           const struct wait_process *q) {
	enum wait_role role = waits_role(k->w->arena, q);

	if (is_errand(k, p, q)) {
		return false;
	}

	if (role == ROLE_SIDE || q->ppid != p->pid || streq(q->state, "Z")) {
		return false;
	}
	if (waits_role(k->w->arena, p) == ROLE_EDITOR) {
		return role == ROLE_SERVER || role == ROLE_FORWARDER || role == ROLE_DEBUGGER;
	}
	return true;
}

bool waits_by_child(struct walk *k, const struct wait_process *p) {
	struct wait_chain best = {0}, start = *k->chain;
	bool found = false, is_editor = waits_role(k->w->arena, p) == ROLE_EDITOR;

	for (size_t i = 0; i < k->w->process_count; i++) {
		const struct wait_process *q = &k->w->processes[i];
		const char *proof = is_of_interest(k, p, q) ? waits_for_child(k, p, q) : NULL;

		if (!proof && is_editor && is_of_interest(k, p, q)) {
			proof = "it is its parent";
		}
		*k->chain = start;
		if (proof && walk_on(k, q, is_editor ? HOW_SERVER : HOW_CHILD, "", proof)) {
			const struct wait_leaf *l = &k->chain->leaf;

			if (!found || waits_rank(l->kind) > waits_rank(best.leaf.kind) ||
			    (waits_rank(l->kind) == waits_rank(best.leaf.kind) &&
			     l->since_ms > best.leaf.since_ms)) {
				best = *k->chain;
			}
			found = true;
		}
	}
	*k->chain = found ? best : start;
	return found;
}
