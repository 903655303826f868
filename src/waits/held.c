/* SPDX-License-Identifier: MIT
 * What holds a whole process, whatever its threads are in: stopped, traced, frozen, throttled, ended.
 * Names of kernel functions: Linux 5.10 to 6.18 (kernel/freezer.c, kernel/signal.c).
 */
#include "waits/private.h"

/* Every thread that lives is in this state. */
static bool all_in(const struct wait_process *p, const char *state) {
	size_t count = 0;

	each_thread(t, p) {
		if (streq(t->state, "Z") || streq(t->state, "X")) {
			continue;
		}
		if (!streq(t->state, state)) {
			return false;
		}
		count++;
	}
	return count > 0;
}

/* What the kernel does to a frozen process, when its groups are not seen: a wait that can always be interrupted is
 * shown as one that cannot (6.1 and later, version 1), or the threads sit in the freezer itself. */
static bool looks_frozen(const struct wait_process *p) {
	static const char *const easy[] = {"hrtimer_nanosleep",
	                                   "futex_do_wait",
	                                   "futex_wait_queue",
	                                   "futex_wait_queue_me",
	                                   "ep_poll",
	                                   "do_epoll_wait",
	                                   "do_sys_poll",
	                                   "do_poll",
	                                   "poll_schedule_timeout",
	                                   "do_wait",
	                                   "do_select",
	                                   NULL};
	static const char *const freezer[] = {"__refrigerator", "do_freezer_trap", NULL};
	size_t easy_count = 0, count = 0, trap_count = 0;

	each_thread(t, p) {
		if (streq(t->state, "Z")) {
			continue;
		}
		count++;
		easy_count += streq(t->state, "D") && one_of(t->wchan, easy);
		trap_count += one_of(t->wchan, freezer) ||
		              (streq(t->wchan, "get_signal") && streq(t->state, "S"));
		if (!streq(t->state, "D") && !one_of(t->wchan, freezer) &&
		    !streq(t->wchan, "get_signal")) {
			return false;
		}
	}
	return count > 0 && (easy_count > 0 || trap_count == count);
}

/* The terminal that a thread of it was about to read, to write or to set up when it was stopped; NULL none. What a program
 * has opened by the name /dev/tty, and not been given, it asks at: git stops itself by raise(3) and not in such a call. */
static const char *terminal_asked(struct walk *k, const struct wait_process *p) {
	if (waits_role(k->w->arena, p) != ROLE_OTHER) {
		return NULL;
	}
	for (size_t i = 0; i < p->fd_count; i++) {
		const struct wait_fd *f = &p->first_fd[i];

		if (f->pid == p->pid && f->fd > 2 && streq(f->link, "/dev/tty")) {
			return f->link;
		}
	}
	each_thread(t, p) {
		const struct wait_fd *f =
			streq(t->call, "ioctl") || streq(t->call, "write") || waits_reads(t)
				? waits_fd(p, (int64_t)waits_arg(t, 0))
				: NULL;

		if (f && waits_is_terminal(f)) {
			return f->link;
		}
	}
	return NULL;
}

/* A background job that reads its terminal is stopped as a whole (tty_ioctl(4), SIGTTIN): the last below p that belongs
 * to its job and stands still, too, is who asked; NULL when p is alone. */
static const struct wait_process *last_of_job(struct walk *k, const struct wait_process *p) {
	const struct wait_process *at = p, *found = NULL;

	for (size_t turn = 0; at && turn < WAITS_LINKS_MAX; turn++) {
		const struct wait_process *next = NULL;

		for (size_t i = 0; i < k->w->process_count; i++) {
			const struct wait_process *q = &k->w->processes[i];

			if (q->ppid == at->pid && q->group == p->group && streq(q->state, "T") &&
			    waits_role(k->w->arena, q) != ROLE_SIDE) {
				next = q;
			}
		}
		found = next ? next : found;
		at = next;
	}
	return found;
}

/* The links from the last one down to q, which is below it. */
static void go_down_to(struct walk *k, const struct wait_process *q, const char *proof) {
	struct wait_chain *c = k->chain;
	const struct wait_process *top = c->links[c->link_count - 1].process;
	const struct wait_process *way[WAITS_LINKS_MAX];
	size_t count = 0;

	for (; q && q != top && count < WAITS_LINKS_MAX; q = waits_process(k->w, q->ppid)) {
		way[count++] = q;
	}
	while (count > 0 && c->link_count < WAITS_LINKS_MAX) {
		c->links[c->link_count - 1].how = HOW_CHILD;
		c->links[c->link_count - 1].proof = proof;
		c->links[c->link_count++] =
			(struct wait_link){.process = way[--count], .proof = "", .on = ""};
	}
}

/* Not the job at the terminal, which alone may ask there. */
static bool is_in_background(const struct wait_process *p) {
	return p->terminal != 0 && p->foreground > 0 && p->foreground != p->group;
}

static bool is_stopped_by_signal(struct walk *k, const struct wait_process *p) {
	struct arena *a = k->w->arena;
	bool background = is_in_background(p);
	const struct wait_process *last = background ? last_of_job(k, p) : NULL;
	const char *terminal = background ? terminal_asked(k, last ? last : p) : NULL;
	const char *why = background ? "by a signal (Ctrl-Z, SIGSTOP, or a background job that "
	                               "asked its terminal for input)"
	                             : "by a signal (SIGSTOP, or Ctrl-Z in a terminal)";

	if (!terminal) {
		return leaf(k, p, WAIT_STOPPED, "",
		            last ? arena_printf(a, "is stopped %s, with its whole job down to %s",
		                                why, waits_name(a, last))
		                 : arena_printf(a, "is stopped %s", why),
		            "state T in /proc/PID/stat");
	}
	if (last) {
		go_down_to(k, last, "both are stopped, and of one job");
	}
	return leaf(k, k->chain->links[k->chain->link_count - 1].process, WAIT_STOPPED, terminal,
	            arena_printf(a,
	                         "asks something at %s, which another job has: it is stopped "
	                         "with its whole job (SIGTTIN or SIGTTOU, or Ctrl-Z)",
	                         terminal),
	            arena_printf(a, "state T; process group %lld, and %lld has the terminal",
	                         (long long)p->group, (long long)p->foreground));
}

static bool is_stopped(struct walk *k, const struct wait_process *p) {
	struct arena *a = k->w->arena;
	const struct wait_process *tracer = waits_process(k->w, p->tracer);

	if (streq(p->state, "T") || all_in(p, "T")) {
		return is_stopped_by_signal(k, p);
	}
	/* waits_tracer_of: -1 is the recorder of us all. */
	if (p->tracer >= 0 && (streq(p->state, "t") || all_in(p, "t"))) {
		leaf(k, p, WAIT_TRACED, tracer ? waits_name(a, tracer) : "",
		     arena_printf(a, "is held by its debugger %s",
		                  tracer ? waits_name(a, tracer)
		                         : arena_printf(a, "(pid %lld)", (long long)p->tracer)),
		     arena_printf(a, "state t, TracerPid %lld", (long long)p->tracer));
		(void)waits_on_to_tracer(k, tracer, k->chain->leaf.proof);
		return true;
	}
	return waits_by_tracer(k, p);
}

static bool is_frozen(struct walk *k, const struct wait_process *p) {
	struct arena *a = k->w->arena;
	bool looks = looks_frozen(p);

	if (!looks && (str_empty(p->frozen) || is_busy(p))) {
		return false;
	}
	if (str_empty(p->frozen)) {
		return leaf(k, p, WAIT_FROZEN, "",
		            "is frozen by its cgroup (which one is not seen from here)",
		            "state D in waits that can be interrupted");
	}
	leaf(k, p, WAIT_FROZEN, p->frozen,
	     arena_printf(a, "is frozen: its cgroup %s is", p->frozen),
	     streq(p->frozen_by, "v1") ? "freezer.state is not THAWED" : "cgroup.events: frozen 1");
	if (streq(p->frozen_by, "v2") && p->frozen_ms > 0) {
		k->chain->leaf.since_ms = p->frozen_ms;
	}
	return true;
}

static bool is_throttled(struct walk *k, const struct wait_process *p) {
	struct arena *a = k->w->arena;
	bool runs = false;

	each_thread(t, p) {
		runs = runs || streq(t->state, "R");
	}
	if (str_empty(p->quota) || p->periods <= 0 || !runs || p->period_us <= 0) {
		return false;
	}
	int64_t permille = p->quota_us * 1000 / p->period_us, allowed = permille / 10;
	const char *share = permille < 100 ? arena_printf(a, "%lld.%lld", (long long)allowed,
	                                                  (long long)permille % 10)
	                                   : arena_printf(a, "%lld", (long long)allowed);

	if (p->throttled * 10 < p->periods * 3 || allowed >= 100 ||
	    busy_percent(p) > allowed + 30) {
		return false;
	}
	return leaf(k, p, WAIT_THROTTLED, p->quota,
	            arena_printf(a,
	                         "may use %s %% of one processor and has used it up: its cgroup %s "
	                         "was held back in %lld of %lld periods",
	                         share, p->quota, (long long)p->throttled, (long long)p->periods),
	            "a thread is runnable and does not run; nr_throttled in cpu.stat");
}

static bool is_held_now(struct walk *k, const struct wait_process *p) {
	if (streq(p->state, "Z")) {
		return leaf(k, p, WAIT_ENDED, "", "has ended and its parent has not taken notice",
		            "state Z");
	}
	/* A frozen process may be stopped, too: the freezer is what has to go first. */
	return is_frozen(k, p) || is_stopped(k, p) || is_throttled(k, p);
}

/* What stands still has done so since it last ran. */
bool waits_is_held(struct walk *k, const struct wait_process *p) {
	struct wait_leaf *l = &k->chain->leaf;

	if (!is_held_now(k, p)) {
		return false;
	}
	bool still = l->kind == WAIT_STOPPED || l->kind == WAIT_TRACED || l->kind == WAIT_FROZEN;

	if (still && l->since_ms == l->process->age_ms) {
		l->since_ms = l->process->rested_ms;
	}
	return true;
}
