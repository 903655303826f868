/* SPDX-License-Identifier: MIT
 * What a process waits for when nothing outside of it explains that: for what is sent to it, for a timer of its own, for
 * another part of itself.
 */
#include "waits/private.h"

static bool reads_stdin(const struct wait_process *p) {
	each_thread(t, p) {
		if (waits_reads(t) && waits_arg(t, 0) == 0) {
			return true;
		}
	}
	return false;
}

static bool is_unread(struct walk *k, const struct wait_process *p) {
	const struct wait_fd *f = waits_fd(p, 0);

	if (f && waits_unread_in(k->w, f) > 0 && !reads_stdin(p)) {
		return true;
	}
	/* A daemon: the connections it has accepted. */
	for (size_t i = 0; i < p->fd_count; i++) {
		const struct wait_socket *s = p->first_fd[i].pid == p->pid && p->first_fd[i].fd > 2
		                                      ? waits_socket(k->w, p->first_fd[i].ino)
		                                      : NULL;

		if (s && s->unread > 0) {
			return true;
		}
	}
	return false;
}

/* It waits for a child that was not there yet when its children were listed. */
static bool by_newborn(struct walk *k, const struct wait_process *p) {
	static const char *const calls[] = {"wait4", "waitid", "vfork", NULL};

	each_thread(t, p) {
		if (one_of(t->call, calls)) {
			return leaf(k, p, WAIT_WORKS, "",
			            "works: it starts one program after another",
			            arena_printf(k->w->arena,
			                         "thread %lld is in %s, for one that has just "
			                         "begun",
			                         (long long)t->tid, t->call));
		}
	}
	return false;
}

bool waits_does_nothing(const struct wait_leaf *l, const struct wait_process *p) {
	return l->process == p && (l->kind == WAIT_IDLE || l->kind == WAIT_INSIDE ||
	                           (l->kind == WAIT_SLEEP && l->timer));
}

/* Of all its threads the one that wakes first by itself; NULL when none does. */
static const struct wait_thread *next_timer(const struct wait_process *p) {
	const struct wait_thread *first = NULL;

	each_thread(t, p) {
		if (t->still && t->wakes_ms >= 0 && t->wakes_ms < INT64_MAX &&
		    (!first || t->wakes_ms < first->wakes_ms)) {
			first = t;
		}
	}
	return first;
}

/* It sleeps, or has nothing to do before its next timer. What waits inside of itself may have timers besides. */
static bool by_timer(struct walk *k, const struct wait_process *p) {
	struct arena *a = k->w->arena;
	const struct wait_inner *inner = waits_inner_of(k->w, p);
	const struct wait_thread *t = next_timer(p);
	bool sleeps = inner && streq(inner->reason, "sleep");

	if (!sleeps && (!t || inner)) {
		return false;
	}
	const char *wakes =
		t ? arena_printf(a, " (it wakes by itself in %s)", waits_duration(a, t->wakes_ms))
		  : "";

	leaf(k, p, WAIT_SLEEP, "",
	     sleeps ? arena_printf(a, "%s%s", waits_inner_words(a, inner), wakes)
	            : arena_printf(a, "waits for nothing but its next timer%s", wakes),
	     t ? arena_printf(a, "thread %lld is in %s with that limit of time", (long long)t->tid,
	                      t->call)
	       : arena_printf(a, "its goroutine %lld sleeps", (long long)inner->goroutine));
	k->chain->leaf.timer = true;
	return true;
}

static const char *inside_words(struct walk *k, const struct wait_process *p) {
	struct arena *a = k->w->arena;
	const struct wait_inner *inner = waits_inner_of(k->w, p);
	const struct wait_thread *t = next_timer(p);
	const char *to = waits_unseen_peer(k->w, p);

	if (to) {
		return arena_printf(a,
		                    "waits for nothing that can be seen from outside, but it is "
		                    "connected to %s, and who serves that cannot be seen",
		                    to);
	}
	if (!inner) {
		return "waits for nothing that can be seen from outside";
	}
	return arena_printf(a, "%s%s", waits_inner_words(a, inner),
	                    t ? arena_printf(a, "; its next timer runs out in %s",
	                                     waits_duration(a, t->wakes_ms))
	                      : "");
}

static bool by_itself(struct walk *k, const struct wait_process *p) {
	struct arena *a = k->w->arena;
	const struct wait_inner *inner = waits_inner_of(k->w, p);

	return leaf(k, p, WAIT_INSIDE, "", inside_words(k, p),
	            arena_printf(a,
	                         "%s%lld threads, none runs, none waits for a child, a lock, a "
	                         "file or a connection",
	                         inner ? arena_printf(a, "its goroutine %lld; ",
	                                              (long long)inner->goroutine)
	                               : "",
	                         (long long)p->threads));
}

/* Somebody takes what it writes, slowly: whatever else it has to say queues up behind that. */
static bool is_writing(const struct wait_process *p) {
	each_thread(t, p) {
		if (waits_writes(t)) {
			return true;
		}
	}
	return false;
}

/* A server that reads what is sent to it, and of which one part waits for ever: for a lock of its own, or, when it has
 * answered nothing of what it was asked, for whatever that is. */
static bool by_wedge(struct walk *k, const struct wait_process *p) {
	struct arena *a = k->w->arena;
	const struct wait_inner *inner = waits_inner_of(k->w, p);
	bool locked = waits_is_locked(inner) && !is_writing(p);

	if (!locked && !k->w->unanswered) {
		return false;
	}
	const char *what =
		inner ? waits_inner_words(a, inner) : "does not work and waits for nothing outside";

	return leaf(k, p, WAIT_INSIDE, "",
	            k->w->unanswered ? arena_printf(a,
	                                            "has read what it was asked and answers "
	                                            "nothing of it: it %s",
	                                            what)
	                             : arena_printf(a, "%s, and nobody gives that back", what),
	            arena_printf(a,
	                         "%s%lld threads, none runs, none waits for a child, a file or a "
	                         "connection",
	                         inner ? arena_printf(a, "its goroutine %lld; ",
	                                              (long long)inner->goroutine)
	                               : "",
	                         (long long)p->threads));
}

bool waits_by_nothing(struct walk *k, const struct wait_process *p) {
	struct arena *a = k->w->arena;
	enum wait_role role = waits_role(a, p);

	if (waits_by_hidden_prompt(k, p)) {
		return true;
	}
	/* Without its descriptors nothing is known of what lies unread. */
	if (p->denied && (p->thread_count == 0 || p->fds < 0)) {
		return leaf(k, p, WAIT_HIDDEN, "",
		            "may not be looked into: it belongs to somebody else",
		            "/proc/PID/syscall: permission denied");
	}
	if (waits_serves(role) && is_unread(k, p)) {
		const struct wait_inner *inner = waits_inner_of(k->w, p);

		leaf(k, p, WAIT_INSIDE, "",
		     inner ? arena_printf(a,
		                          "does not read what was sent to it and is no gopls "
		                          "itself: it %s",
		                          waits_inner_words(a, inner))
		           : "does not read what was sent to it, does not work and waits for "
		             "nothing outside: "
		             "it waits for itself",
		     "no thread reads, no thread runs, and bytes lie unread");
		k->chain->leaf.unread = true;
		return true;
	}
	if (waits_serves(role)) {
		return waits_by_stuck_write(k, p) || waits_by_client(k, p) || by_wedge(k, p) ||
		       leaf(k, p, WAIT_IDLE, "",
		            role == ROLE_DAEMON ? "waits for nothing but its clients"
		                                : "waits for nothing but its editor",
		            reads_stdin(p) ? "a thread reads its stdin, nothing lies unread"
		                           : "nothing lies unread, nothing runs");
	}
	if (role != ROLE_EDITOR && by_newborn(k, p)) {
		return true;
	}
	if (role == ROLE_EDITOR || reads_stdin(p)) {
		return leaf(k, p, WAIT_IDLE, "",
		            role == ROLE_EDITOR ? "waits for nothing but its user"
		                                : "waits for nothing but its input",
		            "nothing runs");
	}
	if (p->denied) {
		return leaf(k, p, WAIT_HIDDEN, "", "may not be looked into",
		            "/proc/PID/syscall: permission denied");
	}
	return by_timer(k, p) || by_itself(k, p);
}
