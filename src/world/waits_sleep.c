/* SPDX-License-Identifier: MIT
 * When a thread that sleeps wakes by itself: what it asked for lies in its memory, or in the arguments of its call. One
 * that waits for descriptors with a limit of time has a timer that runs out then: Go, node and others wait so for the
 * next of all their timers.
 * Sources: nanosleep(2), clock_nanosleep(2), pause(2), sigtimedwait(2), poll(2), select(2), epoll_wait(2), futex(2) (a
 * FUTEX_WAIT_BITSET says when, and not how long: glibc's timed waits); the kernel writes what is left only when the call
 * ends. Go: runtime/netpoll_epoll.go, netpoll; libuv: src/unix/linux.c, uv__io_poll.
 */
#include "world/waits.h"

#include "base/clock.h"

#include <linux/futex.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define LONGEST_S ((int64_t)4000000000)

enum form {
	FORM_NEVER,    /* only a signal ends it */
	FORM_TIMESPEC, /* argument `at` points to one; NULL: never */
	FORM_TIMEVAL,
	FORM_MS, /* argument `at` is a number; negative: never */
};

static const struct {
	const char *call;
	enum form form;
	int at;
	int idle; /* an argument that has to be 0: so many descriptors are waited for; -1 none */
} calls[] = {
	{"pause", FORM_NEVER, 0, -1},
	{"rt_sigsuspend", FORM_NEVER, 0, -1},
	{"nanosleep", FORM_TIMESPEC, 0, -1},
	{"clock_nanosleep", FORM_TIMESPEC, 2, -1},
	{"rt_sigtimedwait", FORM_TIMESPEC, 2, -1},
	{"pselect6", FORM_TIMESPEC, 4, 0},
	{"ppoll", FORM_TIMESPEC, 2, 1},
	{"select", FORM_TIMEVAL, 4, 0},
	{"poll", FORM_MS, 2, 1},
	{"epoll_wait", FORM_MS, 3, -1},
	{"epoll_pwait", FORM_MS, 3, -1},
	{"epoll_pwait2", FORM_TIMESPEC, 3, -1},
	{"futex", FORM_TIMESPEC, 3, -1},
};

/* Two words of its memory, in seconds and parts of them; false when they are not to be had, or make no sense. */
static bool read_span(int64_t pid, uint64_t address, int64_t part_ns, int64_t *ret_ns) {
	int64_t words[2];
	struct iovec ours = {words, sizeof words};
	struct iovec theirs = {(void *)(uintptr_t)address, sizeof words}; /* there, not here */

	if (process_vm_readv((pid_t)pid, &ours, 1, &theirs, 1, 0) != (ssize_t)sizeof words ||
	    words[0] < 0 || words[0] > LONGEST_S || words[1] < 0 || words[1] >= NS_PER_S) {
		return false;
	}
	*ret_ns = words[0] * NS_PER_S + words[1] * part_ns;
	return true;
}

/* clock_nanosleep with TIMER_ABSTIME says when, and not how long. */
static bool is_moment(const struct waits_thread *t) {
	return streq(t->call, "futex") ||
	       (streq(t->call, "clock_nanosleep") && (t->args[1] & TIMER_ABSTIME));
}

static clockid_t clock_asked(const struct waits_thread *t) {
	if (!streq(t->call, "futex")) {
		return (clockid_t)t->args[0];
	}
	return t->args[1] & FUTEX_CLOCK_REALTIME ? CLOCK_REALTIME : CLOCK_MONOTONIC;
}

/* A wait for a futex is a sleep when it ends by the clock; other kinds of it are the business of who wakes it. Go's own
 * are FUTEX_WAIT: its runtime looks around once a minute so. */
static bool is_other_futex(const struct waits_thread *t) {
	return streq(t->call, "futex") &&
	       ((t->args[1] & (uint64_t)FUTEX_CMD_MASK) != FUTEX_WAIT_BITSET || t->args[3] == 0);
}

/* Of a span that began when it last ran; -1: that is not known. */
static int64_t left_ms(const struct waits_thread *t, int64_t span_ms) {
	int64_t left = span_ms - t->rested_ms;

	return t->rested_ms < 0 ? -1 : left > 0 ? left : 0;
}

static int64_t left_of(int64_t pid, const struct waits_thread *t, uint64_t address,
                       int64_t part_ns) {
	struct timespec now;
	int64_t span_ns;

	if (!read_span(pid, address, part_ns, &span_ns)) {
		return -1;
	}
	if (is_moment(t)) {
		if (clock_gettime(clock_asked(t), &now) < 0) {
			return -1;
		}
		span_ns -= (int64_t)now.tv_sec * NS_PER_S + now.tv_nsec;
		return span_ns > 0 ? span_ns / NS_PER_MS : 0;
	}
	return left_ms(t, span_ns / NS_PER_MS);
}

int64_t waits_wakes_ms(int64_t pid, const struct waits_thread *t) {
	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		uint64_t value = t->args[calls[i].at];

		if (!streq(t->call, calls[i].call) ||
		    (calls[i].idle >= 0 && t->args[calls[i].idle] != 0) || is_other_futex(t)) {
			continue;
		}
		if (calls[i].form == FORM_NEVER) {
			return INT64_MAX;
		}
		if (calls[i].form == FORM_MS) {
			return (int)value < 0 ? INT64_MAX : left_ms(t, (int)value);
		}
		return value == 0
		               ? INT64_MAX
		               : left_of(pid, t, value, calls[i].form == FORM_TIMEVAL ? 1000 : 1);
	}
	return -1;
}
