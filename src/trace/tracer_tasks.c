/* SPDX-License-Identifier: MIT
 * Threads and processes coming, changing and going; signals and stops.
 */
#include "trace/tracer.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "trace/state.h"

#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ptrace.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define STATUS_BYTES 1024

/* ---- tasks that come ---- */

/* Its thread group out of /proc, for one whose parent died before it could tell. */
static pid_t group_of(pid_t tid) {
	char path[40], text[STATUS_BYTES];

	snprintf(path, sizeof(path), "/proc/%d/status", (int)tid);
	int fd CLEANUP(fd_closep) = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;
	struct slice rest = slice_of(text, n > 0 ? (size_t)n : 0), line;

	text[rest.len] = '\0';
	while (slice_line(&rest, &line)) {
		if (slice_starts(line, "Tgid:")) {
			return (pid_t)strtol(line.data + strlen("Tgid:"), NULL, 10);
		}
	}
	return tid;
}

static void stop_waiting(struct tracer *tracer, struct tracee *t) {
	t->announced = true;
	if (t->waits) {
		t->waits = false;
		tracer->waiting--;
		tracer_resume(tracer, t, 0);
	}
}

/* A parent that was killed, or whose process executed another program, tells of no fork any more. */
void tracer_stop_waiting(struct tracer *tracer) {
	size_t at = 0;

	if (tracer->waiting == 0) {
		return;
	}
	for (struct tracee *t; (t = tracee_next(&tracer->table, &at)) != NULL;) {
		if (t->waits) {
			t->pid = group_of(t->tid);
			stop_waiting(tracer, t);
		}
	}
}

/* What clone was called with: its first argument, clone3's first field; 0 when it was not seen. */
static uint64_t clone_flags(const struct tracee *t) {
	struct payload payloads[EVENT_PAYLOADS];
	uint64_t flags = 0;

	if (!t->in_call || !t->call) {
		return 0;
	}
	if (streq(t->call->name, "clone")) {
		return t->args[0];
	}
	if (streq(t->call->name, "clone3") && capture_payloads(&t->capture, payloads) > 0 &&
	    payloads[0].bytes.len >= sizeof(flags)) {
		memcpy(&flags, payloads[0].bytes.data, sizeof(flags));
	}
	return flags;
}

void tracer_forked(struct tracer *tracer, struct tracee *tracee) {
	unsigned long message = 0;

	if (ptrace(PTRACE_GETEVENTMSG, tracee->tid, 0, &message) == 0 && message > 0) {
		pid_t child = (pid_t)message;
		bool is_thread = syscall(SYS_tgkill, tracee->pid, child, 0) == 0;
		struct event event = {
			.kind = EVENT_FORK,
			.start_ns = clock_now_ns(),
			.pid = tracee->pid,
			.tid = tracee->tid,
			.child = child,
			.child_pid = is_thread ? tracee->pid : child,
			.args = {clone_flags(tracee)},
		};
		struct tracee *t;

		tracer_tell(tracer, &event);
		t = tracee_add(&tracer->table, child);
		if (t) {
			t->pid = event.child_pid;
			stop_waiting(tracer, t);
		}
	}
	tracer_resume(tracer, tracee, 0);
}

/* ---- another program ---- */

static size_t exec_payloads(const struct tracee *t, struct payload payloads[EVENT_PAYLOADS]) {
	size_t count = capture_payloads(&t->capture, payloads);
	bool at = t->call && streq(t->call->name, "execveat");

	for (size_t i = 0; i < count; i++) {
		payloads[i].which -= at;
	}
	return count;
}

/* An execve that is not in the set was not seen: /proc knows what it came to. */
static size_t exec_seen_later(pid_t pid, char file[PATH_MAX], struct payload payloads[2]) {
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
	ssize_t n = readlink(path, file, PATH_MAX);

	if (n <= 0) {
		return 0;
	}
	payloads[0] = (struct payload){
		.kind = PAYLOAD_STRING,
		.full_bytes = (uint32_t)n,
		.bytes = slice_of(file, (size_t)n),
	};
	return 1;
}

static void tell_exec(struct tracer *tracer, const struct tracee *t) {
	struct payload payloads[EVENT_PAYLOADS];
	char file[PATH_MAX];
	struct event event = {
		.kind = EVENT_EXEC,
		.start_ns = clock_now_ns(),
		.pid = t->pid,
		.tid = t->tid,
		.payloads = payloads,
	};

	event.payload_count =
		t->in_call ? exec_payloads(t, payloads) : exec_seen_later(t->pid, file, payloads);
	tracer_tell(tracer, &event);
	if (tracer->launched == t->pid && !tracer->told_state) {
		tracer->told_state = true;
		if (tracer->code == 0) {
			tracer->code = state_tell(tracer->sink, t->pid, event.start_ns);
			tracer->outcome->events++;
		}
	}
}

/* When a thread other than the first executes a program, it gets the first one's id, all others end, and the
 * call it makes goes on under the new id. */
void tracer_execed(struct tracer *tracer, pid_t tid) {
	unsigned long message = 0;
	struct tracee *leader = tracee_find(&tracer->table, tid), *t;

	tracer_stop_waiting(tracer);
	(void)ptrace(PTRACE_GETEVENTMSG, tid, 0, &message);
	t = message > 0 ? tracee_find(&tracer->table, (pid_t)message) : NULL;
	if (t && t != leader) {
		if (leader) {
			tracer_call_abandon(tracer, leader);
		}
		tracee_rename(&tracer->table, t, tid);
	} else {
		t = leader;
	}
	if (t) {
		t->pid = tid;
		t->executed = t->in_call;
		tell_exec(tracer, t);
	}
}

/* ---- signals and stops ---- */

void tracer_signal(struct tracer *tracer, struct tracee *tracee, int signal) {
	siginfo_t info;
	struct event event = {
		.kind = EVENT_SIGNAL,
		.start_ns = clock_now_ns(),
		.pid = tracee->pid,
		.tid = tracee->tid,
		.status = signal,
		.sender = -1,
	};

	if (ptrace(PTRACE_GETSIGINFO, tracee->tid, 0, &info) == 0) {
		/* Codes above 0 are the kernel's own (sigaction(2)); SI_TIMER and kin have no sender. */
		bool sent = info.si_code == SI_USER || info.si_code == SI_TKILL ||
		            info.si_code == SI_QUEUE;

		event.sender = sent ? info.si_pid : 0;
	}
	tracer_tell(tracer, &event);
	tracer_resume(tracer, tracee, signal);
}

static void tell_stop(struct tracer *tracer, const struct tracee *t, enum event_kind kind,
                      int signal) {
	struct event event = {
		.kind = kind,
		.start_ns = clock_now_ns(),
		.pid = t->pid,
		.tid = t->tid,
		.status = signal,
	};

	tracer_tell(tracer, &event);
}

void tracer_group(struct tracer *tracer, struct tracee *tracee, int signal) {
	tracee->stopped = true;
	tell_stop(tracer, tracee, EVENT_STOP, signal);
	(void)ptrace(PTRACE_LISTEN, tracee->tid, 0, 0);
}

void tracer_trapped(struct tracer *tracer, struct tracee *tracee) {
	if (tracee->stopped) {
		tracee->stopped = false;
		tell_stop(tracer, tracee, EVENT_RESUME, SIGCONT);
	} else if (!tracee->announced) {
		tracee->waits = true;
		tracer->waiting++;
		return;
	}
	tracer_resume(tracer, tracee, 0);
}

/* ---- tasks that go ---- */

void tracer_gone(struct tracer *tracer, struct tracee *tracee, int status) {
	struct event event = {
		.kind = EVENT_EXIT,
		.pid = tracee->pid > 0 ? tracee->pid : tracee->tid,
		.tid = tracee->tid,
		.status = tracee->pid == tracee->tid ? status : 0,
	};

	tracer_call_abandon(tracer, tracee);
	event.start_ns = clock_now_ns();
	tracer_tell(tracer, &event);
	if (tracee->tid == tracer->launched) {
		tracer->outcome->status = status;
	}
	tracer->held -= tracee->held_until_ns > 0;
	tracer->waiting -= tracee->waits;
	tracee_drop(&tracer->table, tracee);
	tracer_stop_waiting(tracer);
}
