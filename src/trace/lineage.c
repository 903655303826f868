/* SPDX-License-Identifier: MIT
 * Source: proc(5).
 */
#include "trace/lineage.h"

#include "base/fd.h"
#include "base/str.h"
#include "trace/state.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TEXT_BYTES        2048
#define FIELD_STACK_START 28 /* startstack of /proc/PID/stat: another one after an exec */

void lineage_tell(struct lineage *lineage, const struct event *event) {
	if (lineage->code == 0) {
		lineage->code = lineage->sink->take(lineage->sink->data, event);
		lineage->events++;
	}
}

/* ---- /proc ---- */

static struct slice read_proc(pid_t tid, const char *name, char text[TEXT_BYTES]) {
	char path[48];

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)tid, name);
	int fd CLEANUP(fd_closep) = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, TEXT_BYTES - 1) : -1;

	text[n > 0 ? n : 0] = '\0';
	return slice_of(text, n > 0 ? (size_t)n : 0);
}

static pid_t status_field(struct slice text, const char *name) {
	struct slice line;

	while (slice_line(&text, &line)) {
		if (slice_starts(line, name)) {
			return (pid_t)strtol(line.data + strlen(name), NULL, 10);
		}
	}
	return 0;
}

static uint64_t stack_start_of(pid_t pid) {
	char text[TEXT_BYTES];
	struct slice stat = read_proc(pid, "stat", text), field;
	const char *behind_name = strrchr(text, ')'); /* the name may hold anything */

	if (stat.len == 0 || !behind_name || behind_name[1] == '\0') {
		return 0;
	}
	stat = slice_str(behind_name + 2); /* the third field */
	for (int number = 3; slice_cut(&stat, ' ', &field); number++) {
		if (number == FIELD_STACK_START) {
			return strtoull(field.data, NULL, 10);
		}
	}
	return 0;
}

/* ---- tasks that come ---- */

static void tell_fork(struct lineage *lineage, const struct tracee *task, pid_t parent,
                      int64_t now_ns) {
	bool is_thread = task->tid != task->pid;
	struct event event = {
		.kind = EVENT_FORK,
		.start_ns = now_ns,
		.pid = is_thread ? task->pid : parent,
		.tid = is_thread ? task->pid : parent, /* which of its threads is not known */
		.child = task->tid,
		.child_pid = task->pid,
	};

	lineage_tell(lineage, &event);
}

static struct tracee *meet(struct lineage *lineage, pid_t tid, int64_t now_ns) {
	char text[TEXT_BYTES];
	struct slice status = read_proc(tid, "status", text);
	pid_t pid = status_field(status, "Tgid:"), parent = status_field(status, "PPid:");
	struct tracee *task = pid > 0 ? tracee_add(&lineage->table, tid) : NULL;

	if (!task) {
		return NULL;
	}
	task->pid = pid;
	if (tid != pid && !tracee_find(&lineage->table, pid)) {
		(void)meet(lineage, pid, now_ns);
	}
	if (pid != lineage->launched || tid != pid) {
		tell_fork(lineage, task, parent, now_ns);
	}
	return task;
}

/* ---- another program ---- */

static void tell_exec(struct lineage *lineage, struct tracee *task, int64_t now_ns) {
	char link[32], file[PATH_MAX];

	snprintf(link, sizeof(link), "/proc/%d/exe", (int)task->pid);
	ssize_t n = readlink(link, file, sizeof(file));
	struct payload payload = {
		.kind = PAYLOAD_STRING,
		.full_bytes = n > 0 ? (uint32_t)n : 0,
		.bytes = slice_of(file, n > 0 ? (size_t)n : 0),
	};
	struct event event = {
		.kind = EVENT_EXEC,
		.start_ns = now_ns,
		.pid = task->pid,
		.tid = task->pid,
		.payloads = &payload,
		.payload_count = n > 0,
	};

	lineage_tell(lineage, &event);
	if (task->pid == lineage->launched && !lineage->told_state && lineage->code == 0) {
		lineage->told_state = true;
		lineage->code = state_tell(lineage->sink, task->pid, now_ns);
		lineage->events++;
	}
}

/* An execve was begun; that the stack lies elsewhere now proves that it has succeeded. */
static void look_for_exec(struct lineage *lineage, struct tracee *leader, int64_t now_ns) {
	leader->executed = false;
	if (stack_start_of(leader->pid) != leader->stack_start) {
		tell_exec(lineage, leader, now_ns);
	}
}

struct tracee *lineage_seen(struct lineage *lineage, pid_t tid, int64_t now_ns) {
	struct tracee *task = tracee_find(&lineage->table, tid);

	/* Ids are given again: is it the one we met? */
	if (task && syscall(SYS_tgkill, task->pid, tid, 0) < 0) {
		tracee_drop(&lineage->table, task);
		task = NULL;
	}
	if (!task) {
		task = meet(lineage, tid, now_ns);
	}
	struct tracee *leader = task ? tracee_find(&lineage->table, task->pid) : NULL;

	if (leader && leader->executed) {
		look_for_exec(lineage, leader, now_ns);
	}
	return task;
}

/* ---- tasks that go ---- */

static void tell_exit(struct lineage *lineage, pid_t pid, pid_t tid, int status, int64_t now_ns) {
	struct event event = {
		.kind = EVENT_EXIT,
		.start_ns = now_ns,
		.pid = pid,
		.tid = tid,
		.status = status,
	};

	lineage_tell(lineage, &event);
}

static void drop_process(struct lineage *lineage, pid_t pid) {
	size_t at = 0;

	for (struct tracee *t; (t = tracee_next(&lineage->table, &at)) != NULL;) {
		if (t->pid == pid) {
			tracee_drop(&lineage->table, t);
		}
	}
}

void lineage_called(struct lineage *lineage, struct tracee *task, const char *call,
                    uint64_t argument, int64_t now_ns) {
	if (streq(call, "execve") || streq(call, "execveat")) {
		struct tracee *leader = tracee_find(&lineage->table, task->pid);

		if (leader) {
			leader->stack_start = stack_start_of(task->pid);
			leader->executed = true;
		}
	} else if (streq(call, "exit_group")) {
		pid_t pid = task->pid;

		tell_exit(lineage, pid, pid, (int)(argument & 0xff) << 8, now_ns);
		drop_process(lineage, pid);
	} else if (streq(call, "exit") && task->tid != task->pid) {
		tell_exit(lineage, task->pid, task->tid, 0, now_ns);
		tracee_drop(&lineage->table, task);
	}
}

void lineage_sweep(struct lineage *lineage, int64_t now_ns) {
	size_t at = 0;

	for (struct tracee *t; (t = tracee_next(&lineage->table, &at)) != NULL;) {
		if (t->tid == t->pid && kill(t->pid, 0) < 0 && errno == ESRCH) {
			tell_exit(lineage, t->pid, t->pid, SIGKILL, now_ns);
			drop_process(lineage, t->pid);
			at = 0;
		}
	}
}
