/* SPDX-License-Identifier: MIT
 * From one process to the next it waits for.
 *
 * Order matters: what holds a whole process (stopped, frozen) goes before what one of its threads is in; a lock or a
 * file system goes before children; a child before sockets, since gopls reads its stdin all the time it waits for go.
 * Names of kernel functions: Linux 5.10 to 6.18 (fs/locks.c, fs/fuse/dev.c, fs/pipe.c, net/unix/af_unix.c,
 * kernel/freezer.c, kernel/signal.c); another version that calls them otherwise is still told by its system calls.
 */
#include "waits/private.h"

#include <stddef.h>
#include <stdlib.h>

#define CALL_WAITID_PIDFD 3  /* P_PIDFD of <sys/wait.h> */
#define BUSY_PERCENT      10 /* of one processor */
#define SLEEP_MS          2500
#define POLL_MS           2500 /* so long nobody looks again and again for what will come at once */
#define ASKED_MS          1000 /* a question, a pipe without another end: nothing that passes by itself */
#define BUSY_CALLS        40 /* reads and writes between the samples */

static bool step(struct walk *k, const struct wait_process *p);
static int rank_of(enum wait_kind kind);

/* ---- one process by itself ---- */

bool one_of(const char *word, const char *const *list) {
	for (size_t i = 0; list[i]; i++) {
		if (streq(word, list[i])) {
			return true;
		}
	}
	return false;
}

static int64_t busy_percent(const struct wait_process *p) {
	int64_t sum = 0;

	each_thread(t, p) {
		sum += t->cpu_us;
	}
	return p->interval_us > 0 ? sum * 100 / p->interval_us : 0;
}

bool is_busy(const struct wait_process *p) {
	return busy_percent(p) >= BUSY_PERCENT || p->io_calls >= BUSY_CALLS;
}

bool leaf(struct walk *k, const struct wait_process *p, enum wait_kind kind, const char *on,
          const char *detail, const char *proof) {
	k->chain->leaf = (struct wait_leaf){.kind = kind,
	                                    .process = p,
	                                    .on = on ? on : "",
	                                    .detail = detail,
	                                    .proof = proof,
	                                    .since_ms = p->age_ms};
	return true;
}

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

static bool is_stopped(struct walk *k, const struct wait_process *p) {
	struct arena *a = k->w->arena;
	const struct wait_process *tracer = waits_process(k->w, p->tracer);

	if (streq(p->state, "T") || all_in(p, "T")) {
		bool background =
			p->terminal != 0 && p->foreground > 0 && p->foreground != p->group;
		const char *why = background ? "by a signal (Ctrl-Z, SIGSTOP, or a background job "
		                               "that asked its terminal for input)"
		                             : "by a signal (SIGSTOP, or Ctrl-Z in a terminal)";

		return leaf(k, p, WAIT_STOPPED, "", arena_printf(a, "is stopped %s", why),
		            "state T in /proc/PID/stat");
	}
	if (streq(p->state, "t") || all_in(p, "t")) {
		leaf(k, p, WAIT_TRACED, tracer ? waits_name(a, tracer) : "",
		     arena_printf(a, "is held by its debugger %s",
		                  tracer ? waits_name(a, tracer)
		                         : arena_printf(a, "(pid %lld)", (long long)p->tracer)),
		     arena_printf(a, "state t, TracerPid %lld", (long long)p->tracer));
		return true;
	}
	return false;
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
	int64_t allowed = p->quota_us * 100 / p->period_us;

	if (p->throttled * 10 < p->periods * 3 || allowed >= 100 ||
	    busy_percent(p) > allowed + 30) {
		return false;
	}
	return leaf(
		k, p, WAIT_THROTTLED, p->quota,
		arena_printf(a,
	                     "may use %lld %% of one processor and has used it up: its cgroup %s "
	                     "was held back in %lld of %lld periods",
	                     (long long)allowed, p->quota, (long long)p->throttled,
	                     (long long)p->periods),
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
static bool is_held(struct walk *k, const struct wait_process *p) {
	struct wait_leaf *l = &k->chain->leaf;

	if (!is_held_now(k, p)) {
		return false;
	}
	bool still = l->kind == WAIT_STOPPED || l->kind == WAIT_TRACED || l->kind == WAIT_FROZEN;

	if (still && l->since_ms == p->age_ms) {
		l->since_ms = p->rested_ms;
	}
	return true;
}

/* ---- to the next ---- */

/* Goes on to q; back to where it was when that leads nowhere. */
static bool go_on(struct walk *k, const struct wait_process *q, enum wait_how how, const char *on,
                  const char *proof) {
	struct wait_chain *c = k->chain;

	if (!q || c->link_count == 0 || c->link_count >= WAITS_LINKS_MAX) {
		return false;
	}
	for (size_t i = 0; i < c->link_count; i++) {
		if (c->links[i].process == q) {
			return false;
		}
	}
	struct wait_link *from = &c->links[c->link_count - 1];
	struct wait_link before = *from;

	from->how = how;
	from->on = on ? on : "";
	from->proof = proof;
	c->links[c->link_count++] = (struct wait_link){.process = q, .proof = "", .on = ""};
	if (step(k, q)) {
		return true;
	}
	c->link_count--;
	*from = before;
	return false;
}

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
		if (!go_on(k, waits_process(k->w, l->holders[i]), HOW_LOCK, l->link, proof)) {
			continue;
		}
		keep_for_life(k, l, start.links[start.link_count - 1].process);
		if (!found || rank_of(k->chain->leaf.kind) > rank_of(best.leaf.kind)) {
			best = *k->chain;
		}
		found = true;
	}
	*k->chain = found ? best : start;
	return found;
}

static bool by_lock(struct walk *k, const struct wait_process *p) {
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

static bool by_fifo(struct walk *k, const struct wait_process *p) {
	static const char *const calls[] = {"openat", "open", NULL};
	struct arena *a = k->w->arena;

	each_thread(t, p) {
		if (!one_of(t->call, calls) ||
		    (!streq(t->wchan, "wait_for_partner") && !streq(t->wchan, "fifo_open"))) {
			continue;
		}
		bool writes = waits_arg(t, streq(t->call, "open") ? 1 : 2) & 1;

		return leaf(k, p, WAIT_FIFO, t->path,
		            arena_printf(a, "opens the named pipe %s, and nobody %s it",
		                         str_empty(t->path) ? "(its path is not seen)" : t->path,
		                         writes ? "reads" : "writes"),
		            arena_printf(a, "thread %lld: %s in %s", (long long)t->tid, t->call,
		                         t->wchan));
	}
	return false;
}

/* ---- children ---- */

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
		                   : streq(t->call, "vfork");

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

/* The worst goes on: a stopped child beside one that works is what lasts. */
static int rank_of(enum wait_kind kind) {
	switch (kind) {
	case WAIT_IDLE:
		return 1;
	case WAIT_WORKS:
	case WAIT_ENDED:
		return 2;
	case WAIT_INSIDE:
	case WAIT_HIDDEN:
		return 3;
	case WAIT_SLEEP:
		return 4;
	case WAIT_DISK:
	case WAIT_GUARD:
	case WAIT_PEER:
	case WAIT_READER:
	case WAIT_NET:
	case WAIT_DNS:
		return 5;
	default:
		return 6;
	}
}

static bool is_of_interest(struct walk *k, const struct wait_process *p,
                           const struct wait_process *q) {
	enum wait_role role = waits_role(k->w->arena, q);

	if (role == ROLE_SIDE || q->ppid != p->pid || streq(q->state, "Z")) {
		return false;
	}
	if (waits_role(k->w->arena, p) == ROLE_EDITOR) {
		return role == ROLE_SERVER || role == ROLE_FORWARDER || role == ROLE_DEBUGGER;
	}
	return true;
}

static bool by_child(struct walk *k, const struct wait_process *p) {
	struct wait_chain best = {0}, start = *k->chain;
	bool found = false, is_editor = waits_role(k->w->arena, p) == ROLE_EDITOR;

	for (size_t i = 0; i < k->w->process_count; i++) {
		const struct wait_process *q = &k->w->processes[i];
		const char *proof = is_of_interest(k, p, q) ? waits_for_child(k, p, q) : NULL;

		if (!proof && is_editor && is_of_interest(k, p, q)) {
			proof = "it is its parent";
		}
		*k->chain = start;
		if (proof && go_on(k, q, is_editor ? HOW_SERVER : HOW_CHILD, "", proof)) {
			const struct wait_leaf *l = &k->chain->leaf;

			if (!found || rank_of(l->kind) > rank_of(best.leaf.kind) ||
			    (rank_of(l->kind) == rank_of(best.leaf.kind) &&
			     l->since_ms > best.leaf.since_ms)) {
				best = *k->chain;
			}
			found = true;
		}
	}
	*k->chain = found ? best : start;
	return found;
}

/* ---- by itself again ---- */

static bool by_sleep(struct walk *k, const struct wait_process *p) {
	static const char *const calls[] = {"nanosleep",     "clock_nanosleep", "pause",
	                                    "rt_sigsuspend", "rt_sigtimedwait", NULL};

	each_thread(t, p) {
		/* The threads of a Go program sleep in turns; one thread that sleeps is a program that does. */
		if (one_of(t->call, calls) && p->threads <= 1) {
			return leaf(k, p, WAIT_SLEEP, "", "sleeps",
			            arena_printf(k->w->arena, "its only thread is in %s", t->call));
		}
	}
	return false;
}

static bool by_work(struct walk *k, const struct wait_process *p) {
	struct arena *a = k->w->arena;
	int64_t percent = busy_percent(p);
	bool runs = false;

	each_thread(t, p) {
		runs = runs || streq(t->state, "R");
	}
	if (!is_busy(p) && !runs) {
		return false;
	}
	leaf(k, p, WAIT_WORKS, "",
	     percent >= BUSY_PERCENT || p->io_calls < BUSY_CALLS
	             ? arena_printf(a, "works: it used %lld %% of a processor just now",
	                            (long long)percent)
	             : "works: it reads and writes",
	     arena_printf(a, "%lld %% of a processor, %lld reads and writes in %lld ms",
	                  (long long)percent, (long long)p->io_calls,
	                  (long long)(p->interval_us / 1000)));
	return true;
}

static bool by_exhaustion(struct walk *k, const struct wait_process *p) {
	struct arena *a = k->w->arena;

	if (p->fd_limit > 0 && p->fds >= p->fd_limit) {
		return leaf(k, p, WAIT_FILES, "",
		            arena_printf(a, "has %lld files open and may have no more than %lld",
		                         (long long)p->fds, (long long)p->fd_limit),
		            "Max open files in /proc/PID/limits");
	}
	if (!str_empty(p->starved)) {
		return leaf(k, p, WAIT_MEMORY, p->starved,
		            arena_printf(a,
		                         "waits for memory: its cgroup %s has none left, and the "
		                         "kernel may kill nobody there",
		                         p->starved),
		            "memory.oom_control: under_oom 1, oom_kill_disable 1");
	}
	if (!str_empty(p->pids_full)) {
		return leaf(k, p, WAIT_PIDS, p->pids_full,
		            arena_printf(a,
		                         "can start nothing: its cgroup %s has %lld processes and "
		                         "threads and "
		                         "may have %lld",
		                         p->pids_full, (long long)p->pids_now,
		                         (long long)p->pids_max),
		            "pids.current and pids.max");
	}
	return false;
}

/* In the order of what is stronger. */
static bool step(struct walk *k, const struct wait_process *p) {
	static bool (*const ways[])(struct walk * k, const struct wait_process *p) = {
		is_held,         by_lock,  waits_by_file_system,
		by_fifo,         by_child, waits_by_descriptor,
		by_sleep,        by_work,  by_exhaustion,
		waits_by_socket,
	};

	if (++k->steps > STEPS_MAX) {
		return false;
	}
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		if (ways[i](k, p)) {
			return true;
		}
	}
	return waits_by_nothing(k, p);
}

bool walk_on(struct walk *k, const struct wait_process *q, enum wait_how how, const char *on,
             const char *proof) {
	return go_on(k, q, how, on, proof);
}

bool walk_is_held(struct walk *k, const struct wait_process *p) {
	return is_held(k, p);
}

/* A kind that is what it is however long it has lasted. */
static bool is_certain(enum wait_kind kind) {
	switch (kind) {
	case WAIT_STOPPED:
	case WAIT_TRACED:
	case WAIT_FROZEN:
	case WAIT_THROTTLED:
	case WAIT_FILES:
	case WAIT_PIDS:
		return true;
	default:
		return false;
	}
}

/* Sleeping for a moment is what many programs do between two tries. */
static bool sleeps_long(const struct waits *w, const struct wait_leaf *l) {
	const char *time =
		streq(l->process->comm, "sleep") ? waits_word(w->arena, l->process, 1) : NULL;

	return l->since_ms >= SLEEP_MS ||
	       (time && (strtod(time, NULL) >= 60 || strpbrk(time, "mhd")));
}

/* A program that looks again every second: each sleep is short, and the one that starts them is not young and has
 * done nothing else. */
static bool polls(const struct wait_chain *c, int64_t settled_ms) {
	const struct wait_link *before = c->link_count > 1 ? &c->links[c->link_count - 2] : NULL;
	const struct wait_process *p = before ? before->process : NULL;

	return p && before->how == HOW_CHILD && str_starts(c->leaf.process->comm, "sleep") &&
	       p->age_ms >= (settled_ms < POLL_MS / 2 ? POLL_MS * 2 / 3 : POLL_MS) &&
	       settled_ms < INT64_MAX && p->cpu_ms * 10 <= p->age_ms;
}

static int64_t settles_after(enum wait_kind kind, int64_t settled_ms) {
	bool asked = kind == WAIT_PROMPT || kind == WAIT_FIFO;

	return asked && settled_ms > ASKED_MS && settled_ms < INT64_MAX ? ASKED_MS : settled_ms;
}

/* How long it has waited: no longer than since it last ran, where that is known. */
static void bound_since(struct wait_leaf *l) {
	bool passes = l->kind == WAIT_SLEEP || l->kind == WAIT_PROMPT || l->kind == WAIT_FIFO ||
	              l->kind == WAIT_DISK || l->kind == WAIT_GUARD || l->kind == WAIT_DNS ||
	              (l->kind == WAIT_INSIDE && !l->unread);

	if (passes && l->process->rested_ms >= 0 && l->process->rested_ms < l->since_ms) {
		l->since_ms = l->process->rested_ms;
	}
}

static void settle_sleep(const struct waits *w, struct wait_chain *c, int64_t settled_ms) {
	struct wait_leaf *l = &c->leaf;
	bool is_long = sleeps_long(w, l);

	if (is_long || !polls(c, settled_ms)) {
		l->settled = l->settled && is_long;
		return;
	}
	/* The next sleep is another process: it is whoever starts them. */
	const char *proof = arena_printf(w->arena, "%s; %s", c->links[c->link_count - 2].proof,
	                                 waits_name(w->arena, l->process));

	c->link_count--;
	l->process = c->links[c->link_count - 1].process;
	l->since_ms = l->process->age_ms;
	l->detail = "sleeps for a moment, again and again: it polls for something";
	l->proof = proof;
	l->settled = true;
}

struct wait_chain waits_chain(const struct waits *w, int64_t settled_ms) {
	struct wait_chain chain = {0};
	struct walk walk = {.w = w, .chain = &chain};
	const struct wait_process *p = waits_process(w, w->target);

	chain.leaf.since_ms = -1;
	if (!p) {
		return chain;
	}
	chain.links[0] = (struct wait_link){.process = p, .proof = "", .on = ""};
	chain.link_count = 1;
	if (!step(&walk, p)) {
		leaf(&walk, p, WAIT_HIDDEN, "", "may not be looked into", "");
	}
	bound_since(&chain.leaf);
	chain.leaf.settled = is_certain(chain.leaf.kind) ||
	                     chain.leaf.since_ms >= settles_after(chain.leaf.kind, settled_ms);
	if (chain.leaf.kind == WAIT_SLEEP) {
		settle_sleep(w, &chain, settled_ms);
	}
	for (size_t i = 0; i < chain.link_count && !chain.server; i++) {
		enum wait_role role = waits_role(w->arena, chain.links[i].process);

		chain.server = role >= ROLE_SERVER && role <= ROLE_DEBUGGER ? chain.links[i].process
		                                                            : NULL;
	}
	if (p->tracer > 0 && chain.leaf.kind != WAIT_TRACED) {
		chain.tracer = waits_process(w, p->tracer);
	}
	waits_find_unread(&walk, &chain);
	return chain;
}

bool waits_is_healthy(const struct wait_chain *c) {
	switch (c->leaf.kind) {
	case WAIT_IDLE:
	case WAIT_WORKS:
	case WAIT_ENDED:
		return true;
	case WAIT_TRACED:
		/* What a debugger debugs stands still at a breakpoint. */
		return c->link_count > 1 &&
		       c->leaf.process->tracer == c->links[c->link_count - 2].process->pid;
	default:
		return !c->leaf.settled;
	}
}
