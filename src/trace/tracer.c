/* SPDX-License-Identifier: MIT
 * Source: ptrace(2), waitpid(2).
 */
#include "trace/tracer.h"

#include "base/clock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/uio.h>
#include <sys/wait.h>

#define LOOK_UP_TURNS 256 /* so many stops are handled before we look whether to end */
#define GRACE_NS      (2 * NS_PER_S)

/* ---- what a stop means ---- */

static enum stop_kind kind_of_event(int event, int signal) {
	switch (event) {
	case 0:
		return signal == (SIGTRAP | 0x80) ? STOP_CALL : STOP_SIGNAL;
	case PTRACE_EVENT_SECCOMP:
		return STOP_CALL_BEGIN;
	case PTRACE_EVENT_FORK:
	case PTRACE_EVENT_VFORK:
	case PTRACE_EVENT_CLONE:
		return STOP_FORKED;
	case PTRACE_EVENT_EXEC:
		return STOP_EXECED;
	case PTRACE_EVENT_STOP:
		return signal == SIGTRAP ? STOP_TRAPPED : STOP_GROUP;
	default:
		return STOP_OTHER;
	}
}

struct stop stop_of(pid_t tid, int status) {
	struct stop stop = {.kind = STOP_GONE, .tid = tid, .status = status};

	if (WIFSTOPPED(status)) {
		stop.signal = WSTOPSIG(status);
		stop.kind = kind_of_event(status >> 16, stop.signal);
	}
	return stop;
}

struct stop next_stop(struct tracer *tracer) {
	int status;
	pid_t tid = waitpid(-1, &status, __WALL);

	(void)tracer;
	if (tid > 0) {
		return stop_of(tid, status);
	}
	return (struct stop){.kind = errno == EINTR ? STOP_NONE : STOP_OVER};
}

/* ---- going on ---- */

void tracer_resume(struct tracer *tracer, const struct tracee *tracee, int signal) {
	bool to_end_of_call = !tracer->filtered || tracee->in_call;

	/* ESRCH: it was killed meanwhile, and its end is the next we hear. */
	(void)ptrace(to_end_of_call ? PTRACE_SYSCALL : PTRACE_CONT, tracee->tid, 0, (long)signal);
}

void tracer_tell(struct tracer *tracer, const struct event *event) {
	if (tracer->code == 0) {
		tracer->code = tracer->sink->take(tracer->sink->data, event);
		tracer->outcome->events++;
	}
}

static ssize_t read_memory(void *data, uint64_t address, void *to, size_t bytes) {
	const struct tracee *tracee = data;
	struct iovec local = {to, bytes};
	struct iovec remote = {(void *)(uintptr_t)address, bytes};
	ssize_t n = process_vm_readv(tracee->tid, &local, 1, &remote, 1, 0);

	return n < 0 ? -errno : n;
}

struct capture_source tracer_memory(const struct tracee *tracee) {
	return (struct capture_source){.read = read_memory, .data = (void *)(uintptr_t)tracee};
}

/* ---- when to end ---- */

static bool is_asked_to_end(const struct tracer *tracer, int64_t now) {
	struct pollfd stop = {.fd = tracer->request->stop_fd, .events = POLLIN};

	return tracer->code != 0 || poll(&stop, 1, 0) > 0 ||
	       (tracer->request->deadline_ns > 0 && now >= tracer->request->deadline_ns);
}

static void kill_all(const struct tracer *tracer) {
	size_t at = 0;

	for (const struct tracee *t; (t = tracee_next(&tracer->table, &at)) != NULL;) {
		(void)kill(t->pid > 0 ? t->pid : t->tid, SIGKILL);
	}
}

/* A process that runs is left as it was found. What we started cannot outlive its filter's tracer: its
 * calls would fail; so it is asked to end, and made to. */
static void begin_to_end(struct tracer *tracer, int64_t now) {
	bool first = tracer->patience_ns == 0;

	if (first) {
		tracer->patience_ns = now + GRACE_NS;
	}
	if (!tracer->launched && first) {
		tracer->leaving = true;
		tracer_stop_waiting(tracer);
		tracer_interrupt_all(tracer);
	} else if (first) {
		(void)kill(tracer->launched, SIGTERM);
	} else if (tracer->launched && now >= tracer->patience_ns) {
		kill_all(tracer);
	}
}

/* False when not even letting go has worked in time: a thread in an uninterruptible wait. The kernel
 * lets go of it when we end. */
static bool look_up(struct tracer *tracer) {
	int64_t now = clock_now_ns();

	if (tracer->held > 0) {
		tracer_release_held(tracer, now);
	}
	if (tracer->patience_ns > 0 || is_asked_to_end(tracer, now)) {
		begin_to_end(tracer, now);
	}
	return tracer->patience_ns == 0 || now < tracer->patience_ns + GRACE_NS;
}

/* ---- the dispatch ---- */

/* A thread nobody told us of is new: its parent's fork, told at about the same time, says whose it is. */
static struct tracee *tracee_of(struct tracer *tracer, pid_t tid) {
	struct tracee *t = tracee_add(&tracer->table, tid);

	if (!t) {
		tracer->code = tracer->code ? tracer->code : -ENOMEM;
	}
	return t;
}

static void dispatch_to(struct tracer *tracer, struct tracee *t, struct stop stop) {
	switch (stop.kind) {
	case STOP_CALL_BEGIN:
		tracer_call_begin(tracer, t);
		break;
	case STOP_CALL:
		tracer_call(tracer, t);
		break;
	case STOP_FORKED:
		tracer_forked(tracer, t);
		break;
	case STOP_SIGNAL:
		tracer_signal(tracer, t, stop.signal);
		break;
	case STOP_GROUP:
		tracer_group(tracer, t, stop.signal);
		break;
	case STOP_TRAPPED:
		tracer_trapped(tracer, t);
		break;
	case STOP_GONE:
		tracer_gone(tracer, t, stop.status);
		break;
	default:
		tracer_resume(tracer, t, 0);
		break;
	}
}

bool dispatch_stop(struct tracer *tracer, struct stop stop) {
	if (stop.kind == STOP_OVER) {
		return false;
	}
	bool is_time = stop.kind == STOP_NONE || ++tracer->turns % LOOK_UP_TURNS == 0;

	if (is_time && !look_up(tracer)) {
		return false;
	}
	if (stop.kind == STOP_NONE) {
		return true;
	}
	if (stop.kind == STOP_EXECED) {
		tracer_execed(tracer, stop.tid);
	}
	struct tracee *t = tracee_of(tracer, stop.tid);

	if (!t) {
		(void)ptrace(PTRACE_DETACH, stop.tid, 0, 0);
	} else if (tracer->leaving && stop.kind != STOP_GONE) {
		tracer_release(tracer, t, stop);
	} else {
		dispatch_to(tracer, t, stop);
	}
	return true;
}
