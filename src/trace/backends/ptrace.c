/* SPDX-License-Identifier: MIT
 * Recording by ptrace(2). A program we start gets a seccomp filter that stops its threads at the calls
 * of the set only; one that runs already cannot be given a filter and stops at every call.
 */
#include "base/arena.h"
#include "base/clock.h"
#include "trace/launch.h"
#include "trace/ticks.h"
#include "trace/tracer.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- can we? ---- */

static int trial_on_child(struct err *err) {
	pid_t child = fork();

	if (child == 0) {
		pause();
		_exit(0);
	}
	if (child < 0) {
		return err_set(err, -errno, "no child can be made to try on: %s", strerror(errno));
	}
	struct __ptrace_syscall_info info;
	int code = 0, status;

	if (ptrace(PTRACE_SEIZE, child, 0, 0) < 0) {
		code = err_set(err, -errno,
		               "ptrace is refused even for a child of ours (%s): a container's "
		               "seccomp profile, or kernel.yama.ptrace_scope=3",
		               strerror(errno));
	} else if (ptrace(PTRACE_INTERRUPT, child, 0, 0) < 0 ||
	           waitpid(child, &status, __WALL) < 0 ||
	           ptrace(PTRACE_GET_SYSCALL_INFO, child, sizeof(info), &info) < 0) {
		code = err_set(err, -errno,
		               "the kernel lacks PTRACE_GET_SYSCALL_INFO (Linux 5.3): %s",
		               strerror(errno));
	}
	(void)kill(child, SIGKILL);
	(void)waitpid(child, &status, __WALL);
	return code;
}

static int can(const struct trace_request *request, struct err *err) {
	if (!request->argv && request->inject_count > 0) {
		return err_set(err, -ENOTSUP,
		               "faults are put only into programs that dialtone starts itself");
	}
	return trial_on_child(err);
}

/* ---- recording ---- */

static int begin_launched(struct tracer *tracer, struct launch *launch, struct err *err) {
	struct filter *filter = malloc(sizeof(*filter));
	int code = filter ? filter_make(tracer->request->set, SECCOMP_RET_TRACE, filter) : -ENOMEM;

	if (code < 0) {
		free(filter);
		return err_set(err, code, "no filter can be made of the set of calls");
	}
	code = launch_start(tracer->request->argv, filter, false, launch, err);
	free(filter);
	if (code < 0) {
		return code;
	}
	code = tracer_seize_launched(tracer, launch->pid, err);
	if (code == 0) {
		tracer->filtered = true;
		tracer->launched = launch->pid;
		launch_go(launch);
	}
	return code;
}

static int record(const struct trace_request *request, const struct event_sink *sink,
                  struct trace_outcome *ret_outcome, struct err *err) {
	struct launch launch = {.go_fd = -1, .error_fd = -1};
	struct trace_outcome outcome = {0};
	struct arena *arena = arena_new();
	struct tracer tracer = {
		.request = request,
		.sink = sink,
		.outcome = &outcome,
		.limits = {.string_bytes = request->string_bytes,
	                   .data_bytes = request->data_bytes,
	                   .stdio_bytes = request->stdio_bytes},
		.injected = arena_array_of(arena, uint64_t, request->inject_count + 1),
	};
	struct ticks before;

	ticks_begin(&before);
	int code = request->argv ? begin_launched(&tracer, &launch, err)
	                         : tracer_seize_running(&tracer, err);

	while (code == 0 && dispatch_stop(&tracer, next_stop(&tracer))) {
	}
	ticks_end(&before);
	if (code == 0 && tracer.code < 0) {
		code = err_set(err, tracer.code, "what was recorded could not be kept: %s",
		               strerror(-tracer.code));
	} else if (code == 0 && request->argv) {
		code = launch_result(&launch, request->argv[0], err);
	}
	launch_close(&launch);
	tracee_table_free(&tracer.table);
	arena_free(arena);
	*ret_outcome = outcome;
	return code;
}

const struct backend backend_ptrace = {
	.name = "ptrace",
	.summary = "every call of the set stops its thread twice; needs no rights, sees results",
	.cost = 50,
	.can = can,
	.record = record,
};
