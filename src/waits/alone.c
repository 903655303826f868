/* SPDX-License-Identifier: MIT
 * What a process does that waits for no other: it works, it sleeps, or it has used up what it may have.
 */
#include "waits/private.h"

#define BUSY_PERCENT 10 /* of one processor */
#define BUSY_CALLS   40 /* reads and writes between the samples */
#define YOUNG_MS     2000

int64_t busy_percent(const struct wait_process *p) {
	int64_t sum = 0;

	each_thread(t, p) {
		sum += t->cpu_us;
	}
	return p->interval_us > 0 ? sum * 100 / p->interval_us : 0;
}

bool is_busy(const struct wait_process *p) {
	return busy_percent(p) >= BUSY_PERCENT || p->io_calls >= BUSY_CALLS;
}

/* select and poll on nothing at all are a sleep with parts of a second (perl, older scripts). */
static bool waits_for_time(const struct wait_thread *t) {
	static const char *const selects[] = {"select", "pselect6", NULL};
	static const char *const polls[] = {"poll", "ppoll", NULL};

	return (one_of(t->call, selects) && waits_arg(t, 0) == 0) ||
	       (one_of(t->call, polls) && waits_arg(t, 1) == 0);
}

static const char *sleep_words(struct arena *a, const struct wait_thread *t) {
	return t->wakes_ms < 0            ? "sleeps"
	       : t->wakes_ms == INT64_MAX ? "sleeps until somebody sends it a signal"
	                                  : arena_printf(a, "sleeps (it wakes by itself in %s)",
	                                                 waits_duration(a, t->wakes_ms));
}

bool waits_by_sleep(struct walk *k, const struct wait_process *p) {
	static const char *const calls[] = {"nanosleep",     "clock_nanosleep", "pause",
	                                    "rt_sigsuspend", "rt_sigtimedwait", NULL};

	each_thread(t, p) {
		/* The threads of a Go program sleep in turns; one thread that sleeps is a program that does. */
		if ((one_of(t->call, calls) || waits_for_time(t)) && p->threads <= 1) {
			return leaf(k, p, WAIT_SLEEP, "", sleep_words(k->w->arena, t),
			            arena_printf(k->w->arena, "its only thread is in %s", t->call));
		}
	}
	return false;
}

bool waits_by_work(struct walk *k, const struct wait_process *p) {
	struct arena *a = k->w->arena;
	int64_t percent = busy_percent(p);
	/* One that wakes every second to look at a clock (git waiting for a host) runs now and then. */
	bool rests = p->age_ms >= YOUNG_MS && p->cpu_ms * 50 < p->age_ms;
	bool runs = false;

	each_thread(t, p) {
		runs = runs || (streq(t->state, "R") && !rests);
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

bool waits_by_exhaustion(struct walk *k, const struct wait_process *p) {
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
