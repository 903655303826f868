/* SPDX-License-Identifier: MIT
 */
#include "probes/server/lock_wait.h"

#include "base/clock.h"
#include "base/str.h"
#include "core/locks.h"
#include "gofile/lockfile.h"
#include "probes/server/handshake.h"
#include "probes/server/wait_trial.h"

/* Between two looks: short at first, since a stopped holder is proven by two. */
static const int64_t pauses_ns[] = {100 * NS_PER_MS, 150 * NS_PER_MS, 250 * NS_PER_MS,
                                    500 * NS_PER_MS};

/* A holder that has done nothing so long will go on so: a host far away answers within a second, and even a slow
 * proxy within some seconds. */
#define IDLE_CONNECTING_NS (2000 * NS_PER_MS)
#define IDLE_OLD_NS        (2000 * NS_PER_MS)
#define IDLE_NS            (4500 * NS_PER_MS)
#define OLD_NS             (10 * NS_PER_S) /* age of a holder of which nothing more is expected */
#define IDLE_CPU_MS        20              /* a go that waits wakes up now and then */
#define IDLE_IO_BYTES      256
#define START_GAP_NS       (500 * NS_PER_MS)

struct watch {
	struct exam *exam;
	const struct evidence *ev;
	const struct lock *waiter; /* of ours; NULL: nobody waits */
	const struct lock *holder; /* NULL: nobody that may be seen */
	int64_t now_ns;            /* of the last look, as world_now_ns() */
	int64_t since_ns;          /* the same waiter for the same file */
	int64_t idle_since_ns;     /* the same holder that has done nothing */
};

static const struct lock *our_waiter(const struct locks *locks) {
	for (const struct lock *l = locks->first; l; l = l->next) {
		if (l->waits && l->ours && l->tid > 0) {
			return l;
		}
	}
	return NULL;
}

/* Two of ours that wait for each other are no concern of the user's. */
static const struct lock *foreign_holder(const struct locks *locks, const struct lock *waiter) {
	const struct lock *best = NULL;

	for (const struct lock *h = locks_holder(locks, waiter, NULL); h;
	     h = locks_holder(locks, waiter, h)) {
		if (!best || (best->pid == 0 && h->pid > 0) || (best->ours && !h->ours)) {
			best = h;
		}
	}
	return best;
}

static bool same_wait(const struct lock *a, const struct lock *b) {
	return a && b && a->pid == b->pid && a->tid == b->tid &&
	       lock_place_eq(&a->place, &b->place);
}

/* The start of a process by the wall clock comes out a little different with every look. */
static bool same_start(const struct lock *a, const struct lock *b) {
	int64_t gap = a->start_wall_ns - b->start_wall_ns;

	return gap > -START_GAP_NS && gap < START_GAP_NS;
}

static bool did_nothing(const struct lock *before, const struct lock *now) {
	return before && now && before->pid == now->pid && now->pid > 0 &&
	       same_start(before, now) && before->leaf == now->leaf &&
	       now->cpu_ms - before->cpu_ms <= IDLE_CPU_MS &&
	       now->io_bytes - before->io_bytes <= IDLE_IO_BYTES;
}

/* One look. The one that waits first is kept in view as long as it waits. False where a recorded watch ended; all stays
 * as it was then. */
static bool watch_look(struct watch *w) {
	struct exam *exam = w->exam;
	const struct lock *waiter_before = w->waiter, *holder_before = w->holder;
	const struct evidence *ev =
		world_look_anew(exam->world, LOOK_LOCKS, "below self ", LOOK_CAP_SETTINGS);

	if (w->ev && ev->state == EV_NOT_RECORDED) {
		return false;
	}
	int64_t now = exam->world->start_ns + ev->at_ns;
	struct locks locks = locks_parse(exam->arena, ev->bytes);

	w->ev = ev;
	w->now_ns = now;
	w->waiter = our_waiter(&locks);
	w->holder = w->waiter ? foreign_holder(&locks, w->waiter) : NULL;
	if (w->holder && w->holder->ours) {
		w->waiter = NULL;
		w->holder = NULL;
	}
	if (!same_wait(waiter_before, w->waiter)) {
		w->since_ns = now;
		w->idle_since_ns = now;
	} else if (!did_nothing(holder_before, w->holder)) {
		w->idle_since_ns = now;
	}
	return true;
}

static const char *stuck_reason(const struct watch *w) {
	const struct lock *h = w->holder;
	int64_t idle = w->now_ns - w->idle_since_ns;
	bool old = h && h->start_wall_ns > 0 &&
	           world_wall_ns(w->exam->world, w->now_ns) - h->start_wall_ns > OLD_NS;

	if (!h || h->pid == 0 || w->since_ns == w->now_ns) {
		return "";
	}
	if (h->state == 'T') {
		return "stopped";
	}
	if (h->state == 't') {
		return "traced";
	}
	if (h->frozen) {
		return "frozen";
	}
	if (streq(h->peer_state, "connecting") && idle >= IDLE_CONNECTING_NS) {
		return "connecting";
	}
	return idle >= (old ? IDLE_OLD_NS : IDLE_NS) ? "silent" : "";
}

static void state_wait(struct watch *w, const char *stuck) {
	static const struct lock nobody = {.exe = "",
	                                   .comm = "",
	                                   .cmdline = "",
	                                   .cwd = "",
	                                   .peer = "",
	                                   .leaf_comm = "",
	                                   .leaf_cmdline = "",
	                                   .also = "",
	                                   .unseen = "elsewhere",
	                                   .state = '?',
	                                   .uid = -1};
	struct arena *arena = w->exam->arena;
	const struct lock *h = w->holder ? w->holder : &nobody;
	const struct lock *l = w->waiter;
	const char *path = *l->path ? l->path : h->path ? h->path : "";
	struct lockfile file = lockfile_of(arena, path);

	FACTS_ADD(w->exam->facts, lock_wait, w->ev, .pid = l->pid, .program = l->comm,
	          .args = l->cmdline, .path = path, .kind = file.name, .what = file.what,
	          .module = file.module, .version = file.version,
	          .wait_ms = (w->now_ns - w->since_ns) / NS_PER_MS, .holder = h->pid,
	          .holder_program = h->comm, .holder_args = h->cmdline, .holder_cwd = h->cwd,
	          .holder_uid = h->uid, .holder_start_ns = h->start_wall_ns,
	          .holder_ticks = h->start_ticks,
	          .holder_state = arena_strndup(arena, &h->state, 1), .stuck = stuck,
	          .idle_ms = (w->now_ns - w->idle_since_ns) / NS_PER_MS, .peer = h->peer,
	          .leaf = h->leaf == h->pid ? 0 : h->leaf, .leaf_program = h->leaf_comm,
	          .leaf_args = h->leaf_cmdline, .also = h->also,
	          .unseen = h->pid > 0 ? "" : h->unseen, .fstype = l->fstype);
}

/* Is there a server of this workspace whose go may be the one that has the lock? */
static bool another_runs(const struct facts *facts) {
	facts_each (running_server, s, facts) {
		if (s->here) {
			return true;
		}
	}
	return false;
}

/* What the holder waits for itself, and since when, the kernel knows: that need not be waited for. One that stands still
 * waits for nothing; but a go of the user's own server may only be stopped with whoever asks at their terminal. */
static enum wait_lock_verdict ask_on(struct exam *exam, const char *stuck) {
	bool stands = STR_IN(stuck, "stopped", "traced", "frozen");

	return stands && !another_runs(exam->facts)
	               ? WAIT_LOCK_UNKNOWN
	               : wait_trial_lock(exam, WAIT_LOCK_IDLE_MS, stands);
}

static bool has_said_all(const struct handshake *h) {
	return h->talk->base.is_done(&h->talk->base) || h->talk->life > TALK_ALIVE;
}

bool lock_wait_watch(struct exam *exam, int64_t limit_ns) {
	struct handshake *h = exam->handshake;
	struct watch w = {.exam = exam};

	enum wait_lock_verdict v = WAIT_LOCK_UNKNOWN;

	for (size_t turn = 0; !has_said_all(h) && !exam->world->interrupted; turn++) {
		size_t last = sizeof pauses_ns / sizeof *pauses_ns - 1;
		bool has_looked = watch_look(&w);
		int64_t until = w.now_ns + pauses_ns[turn < last ? turn : last];

		if (!w.waiter) {
			return false;
		}
		const char *stuck = turn > 0 ? stuck_reason(&w) : "";

		if (has_looked) {
			v = turn > 0 ? ask_on(exam, stuck) : WAIT_LOCK_UNKNOWN;
		}
		if (v == WAIT_LOCK_STATED) {
			return true;
		}
		if ((!str_empty(stuck) && v != WAIT_LOCK_OURS) || until >= limit_ns ||
		    !has_looked) {
			if (v != WAIT_LOCK_OURS) {
				state_wait(&w, stuck);
			}
			return true;
		}
		world_session_wait(exam->world, h->session, until);
	}
	return false;
}
