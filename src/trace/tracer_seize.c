/* SPDX-License-Identifier: MIT
 * Taking hold of threads and letting go of them.
 */
#include "trace/tracer.h"

#include "base/clock.h"
#include "base/str.h"
#include "trace/state.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>

#define OPTIONS                                                                                    \
	(PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE |  \
	 PTRACE_O_TRACEEXEC)
#define ROUNDS_MAX 64 /* a tree that still grows after so many looks is growing without end */

static int seize(struct tracer *tracer, pid_t tid, pid_t pid, long options) {
	if (ptrace(PTRACE_SEIZE, tid, 0, options) < 0) {
		return -errno;
	}
	struct tracee *t = tracee_add(&tracer->table, tid);

	if (!t) {
		return -ENOMEM;
	}
	t->pid = pid;
	t->announced = true;
	return 0;
}

static int refused(struct err *err, pid_t pid, int code) {
	switch (-code) {
	case ESRCH:
		return err_set(err, code, "there is no process %d", (int)pid);
	case EPERM:
		return err_set(err, code,
		               "process %d cannot be traced: it belongs to somebody else, another "
		               "tracer (a debugger) has it, or kernel.yama.ptrace_scope forbids it",
		               (int)pid);
	default:
		return err_set(err, code, "process %d cannot be traced: %s", (int)pid,
		               strerror(-code));
	}
}

int tracer_seize_launched(struct tracer *tracer, pid_t pid, struct err *err) {
	int code = seize(tracer, pid, pid, OPTIONS | PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL);

	return code < 0 ? refused(err, pid, code) : 0;
}

/* ---- what runs already ---- */

/* Calls visit with each number in a folder or list of /proc; the sum of what it returned, or its error. */
static int each_thread(struct tracer *tracer, pid_t pid,
                       int (*visit)(struct tracer *tracer, pid_t pid, pid_t tid)) {
	char path[40];

	snprintf(path, sizeof(path), "/proc/%d/task", (int)pid);
	DIR *dir = opendir(path);
	int sum = dir ? 0 : -ESRCH;

	for (struct dirent *d; sum >= 0 && dir && (d = readdir(dir)) != NULL;) {
		int64_t tid;

		if (str_to_int64(d->d_name, &tid) == 0) {
			int n = visit(tracer, pid, (pid_t)tid);

			sum = n < 0 ? n : sum + n;
		}
	}
	if (dir) {
		closedir(dir);
	}
	return sum;
}

/* 1 when it was taken now. One that ended while we looked is none. */
static int take_thread(struct tracer *tracer, pid_t pid, pid_t tid) {
	if (tracee_find(&tracer->table, tid)) {
		return 0;
	}
	int code = seize(tracer, tid, pid, OPTIONS);

	if (code == -ESRCH) {
		return 0;
	}
	return code < 0 ? code : 1;
}

static int take_process(struct tracer *tracer, pid_t pid);

/* proc(5), /proc/PID/task/TID/children: the children that thread made. */
static int take_children(struct tracer *tracer, pid_t pid, pid_t tid) {
	char path[64];
	int sum = 0, child;

	snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)tid);
	FILE *file = fopen(path, "re");

	while (file && sum >= 0 && fscanf(file, "%d", &child) == 1) {
		int n = take_process(tracer, (pid_t)child);

		sum = n < 0 && n != -ESRCH ? n : sum + (n > 0 ? n : 0);
	}
	if (file) {
		fclose(file);
	}
	return sum;
}

/* How many threads were new; -errno. */
static int take_process(struct tracer *tracer, pid_t pid) {
	bool known = tracee_find(&tracer->table, pid) != NULL;
	int threads = each_thread(tracer, pid, take_thread);

	if (threads < 0) {
		return threads;
	}
	if (!known && threads > 0) {
		(void)state_tell(tracer->sink, pid, clock_now_ns());
		tracer->outcome->events++;
	}
	int children = each_thread(tracer, pid, take_children);

	return children < 0 && children != -ESRCH ? children
	                                          : threads + (children > 0 ? children : 0);
}

int tracer_seize_running(struct tracer *tracer, struct err *err) {
	const struct trace_request *request = tracer->request;
	int taken = 1;

	for (int round = 0; taken > 0 && round < ROUNDS_MAX; round++) {
		taken = 0;
		for (size_t i = 0; i < request->pid_count; i++) {
			int n = take_process(tracer, request->pids[i]);

			if (n < 0 && (n != -ESRCH || round == 0)) {
				return refused(err, request->pids[i], n);
			}
			taken += n > 0 ? n : 0;
		}
	}
	/* A seized thread runs on; from the stop asked for here on its calls are seen. */
	tracer_interrupt_all(tracer);
	return 0;
}

void tracer_interrupt_all(const struct tracer *tracer) {
	size_t at = 0;

	for (const struct tracee *t; (t = tracee_next(&tracer->table, &at)) != NULL;) {
		(void)ptrace(PTRACE_INTERRUPT, t->tid, 0, 0);
	}
}

void tracer_release(struct tracer *tracer, struct tracee *tracee, struct stop stop) {
	int signal = stop.kind == STOP_SIGNAL ? stop.signal : 0;

	tracer_call_abandon(tracer, tracee);
	(void)ptrace(PTRACE_DETACH, tracee->tid, 0, (long)signal);
	tracer->waiting -= tracee->waits;
	tracee_drop(&tracer->table, tracee);
}
