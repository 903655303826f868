/* SPDX-License-Identifier: MIT
 * Recording by seccomp's user notification: a call of the set waits until we have looked at it and let
 * it go on. What it returns is not seen; the traced stay free for a debugger. Source:
 * seccomp_unotify(2).
 */
#include "base/arena.h"
#include "base/clock.h"
#include "base/fd.h"
#include "trace/backend.h"
#include "trace/inject.h"
#include "trace/launch.h"
#include "trace/lineage.h"
#include "trace/ticks.h"

#include <errno.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Linux 6.6; not in Debian 12's headers. The caller is woken on our processor, as we go to sleep. */
#define NOTIF_SET_FLAGS _IOW('!', 4, __u64)
#define SYNC_WAKE_UP    1UL

#define GRACE_NS (2 * NS_PER_S)

struct notify {
	const struct trace_request *request;
	struct lineage lineage;
	struct trace_outcome outcome;
	struct capture_limits limits;
	struct capture capture;
	uint64_t *injected;
	int listener;
	struct seccomp_notif *got; /* as large as the kernel's */
	struct seccomp_notif_resp *answer;
	struct seccomp_notif_sizes sizes;
	int64_t patience_ns; /* the end was asked for: until then it may end by itself; 0 not asked */
};

/* ---- can we? ---- */

static int trial_on_child(struct err *err) {
	struct sock_filter allow = BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	struct sock_fprog program = {.len = 1, .filter = &allow};
	pid_t child = fork();
	int status = 0;

	if (child == 0) {
		(void)prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		_exit(syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
		              SECCOMP_FILTER_FLAG_NEW_LISTENER, &program) >= 0
		              ? 0
		              : errno & 0x7f);
	}
	if (child < 0 || waitpid(child, &status, 0) < 0) {
		return err_set(err, -errno, "no child can be made to try on: %s", strerror(errno));
	}
	return status == 0
	               ? 0
	               : err_set(err, -EPERM,
	                         "a seccomp filter with a listener is refused (%s): Linux 5.0 has "
	                         "them, a process has only one",
	                         strerror(WEXITSTATUS(status)));
}

static int can(const struct trace_request *request, struct err *err) {
	if (!request->argv) {
		return err_set(
			err, -ENOTSUP,
			"a filter cannot be put on what runs already; start the program with "
			"dialtone trace -- CMD");
	}
	if (request->stacks) {
		return err_set(
			err, -ENOTSUP,
			"it does not see the registers of a thread, and so no stack; use ebpf "
			"or ptrace");
	}
	for (size_t i = 0; i < request->inject_count; i++) {
		if (request->injects[i].delay_ns > 0 || request->injects[i].short_bytes > 0) {
			return err_set(err, -ENOTSUP,
			               "of faults it can only do errno= and kill=; use ptrace");
		}
	}
	return trial_on_child(err);
}

/* ---- one call ---- */

static ssize_t read_memory(void *data, uint64_t address, void *to, size_t bytes) {
	const pid_t *tid = data;
	struct iovec local = {to, bytes};
	struct iovec remote = {(void *)(uintptr_t)address, bytes};
	ssize_t n = process_vm_readv(*tid, &local, 1, &remote, 1, 0);

	return n < 0 ? -errno : n;
}

/* The fault whose turn it is, or NULL. */
static const struct inject *fault_for(struct notify *n, const struct call *call, pid_t pid) {
	struct payload payloads[EVENT_PAYLOADS];
	char link[32], program[PATH_MAX];

	if (!call || !inject_names(n->request->injects, n->request->inject_count, call->name)) {
		return NULL;
	}
	snprintf(link, sizeof(link), "/proc/%d/exe", (int)pid);
	ssize_t len = readlink(link, program, sizeof(program) - 1);
	size_t count = capture_payloads(&n->capture, payloads);
	struct inject_call made = {
		.name = call->name,
		.path = inject_path(payloads, count),
		.program = program,
	};

	program[len > 0 ? len : 0] = '\0';
	for (size_t i = 0; i < n->request->inject_count; i++) {
		if (inject_is_due(&n->request->injects[i], &made, &n->injected[i])) {
			return &n->request->injects[i];
		}
	}
	return NULL;
}

/* Lets the call go on, or fail as the fault says. */
static void answer(struct notify *n, const struct inject *fault, pid_t pid) {
	memset(n->answer, 0, n->sizes.seccomp_notif_resp);
	n->answer->id = n->got->id;
	if (!fault) {
		n->answer->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
	} else if (fault->kill_signal != 0) {
		n->answer->error = -EINTR;
		(void)kill(pid, fault->kill_signal);
	} else {
		n->answer->error = -fault->error;
	}
	/* ENOENT: it was killed meanwhile. */
	(void)ioctl(n->listener, SECCOMP_IOCTL_NOTIF_SEND, n->answer);
}

static void tell_call(struct notify *n, const struct tracee *task, enum event_arch arch,
                      const struct inject *fault, int64_t now) {
	struct payload payloads[EVENT_PAYLOADS];
	bool known = fault && fault->error != 0;
	struct event event = {
		.kind = EVENT_CALL,
		.arch = arch,
		.start_ns = now,
		.duration_ns = known ? 0 : EVENT_NO_DURATION,
		.result = known ? -fault->error : 0,
		.unseen = !known,
		.injected = fault != NULL,
		.pid = task->pid,
		.tid = task->tid,
		.number = n->got->data.nr,
		.payloads = payloads,
		.payload_count = capture_payloads(&n->capture, payloads),
	};

	memcpy(event.args, n->got->data.args, sizeof(event.args));
	lineage_tell(&n->lineage, &event);
	n->outcome.calls_failed_to_read += n->capture.unread;
	n->capture.unread = 0;
}

static void handle_call(struct notify *n) {
	const struct seccomp_data *data = &n->got->data;
	enum event_arch arch = arch_of_audit(data->arch, (uint32_t)data->nr);
	const struct call *call = call_by_number(arch, data->nr);
	uint64_t args[6];
	int64_t now = clock_now_ns();
	pid_t tid = (pid_t)n->got->pid;
	struct capture_source memory = {.read = read_memory, .data = &tid};

	memcpy(args, data->args, sizeof(args));
	struct tracee *task = lineage_seen(&n->lineage, tid, now);

	capture_enter(&n->capture, &memory, &n->limits, arch, call, args);
	pid_t pid = task ? task->pid : tid; /* an exit_group drops the task */
	const struct inject *fault = task ? fault_for(n, call, pid) : NULL;

	if (task && call && !fault) {
		/* Before it goes on, since then it may be gone. */
		if (call_set_wants(n->request->set, arch, data->nr, args)) {
			tell_call(n, task, arch, NULL, now);
		}
		lineage_called(&n->lineage, task, call->name, args[0], now);
	} else if (task) {
		tell_call(n, task, arch, fault, now);
	}
	answer(n, fault, pid);
}

/* ---- the loop ---- */

static void kill_all(const struct notify *n) {
	size_t at = 0;

	for (const struct tracee *t; (t = tracee_next(&n->lineage.table, &at)) != NULL;) {
		(void)kill(t->pid, SIGKILL);
	}
	(void)kill(n->lineage.launched, SIGKILL);
}

static void end_when_asked(struct notify *n, int64_t now) {
	struct pollfd stop = {.fd = n->request->stop_fd, .events = POLLIN};
	bool asked = n->lineage.code != 0 || poll(&stop, 1, 0) > 0 ||
	             (n->request->deadline_ns > 0 && now >= n->request->deadline_ns);

	if (asked && n->patience_ns == 0) {
		n->patience_ns = now + GRACE_NS;
		(void)kill(n->lineage.launched, SIGTERM);
	} else if (n->patience_ns > 0 && now >= n->patience_ns) {
		kill_all(n);
	}
}

/* False when nobody is under the filter any more. */
static bool look_up(struct notify *n) {
	struct pollfd users = {.fd = n->listener, .events = POLLIN};
	int64_t now = clock_now_ns();

	(void)waitpid(n->lineage.launched, &n->outcome.status, WNOHANG);
	lineage_sweep(&n->lineage, now);
	end_when_asked(n, now);
	return poll(&users, 1, 0) <= 0 || (users.revents & POLLIN) != 0 ||
	       (users.revents & POLLHUP) == 0;
}

static bool next_call(struct notify *n) {
	memset(n->got, 0, n->sizes.seccomp_notif);
	return ioctl(n->listener, SECCOMP_IOCTL_NOTIF_RECV, n->got) == 0;
}

static void serve(struct notify *n) {
	uint64_t turns = 0;

	for (;;) {
		bool got = next_call(n);

		if (got) {
			handle_call(n);
		}
		if ((!got || ++turns % 256 == 0) && !look_up(n)) {
			break;
		}
	}
}

/* What the lineage needs besides what was asked for. */
static int listen_set(struct arena *arena, const struct call_set *wanted,
                      const struct call_set **ret, struct err *err) {
	return call_set_with(arena, wanted, "execve,execveat,exit,exit_group", ret, err);
}

static int begin(struct notify *n, struct arena *arena, struct launch *launch, struct err *err) {
	const struct call_set *set = NULL;
	struct filter *filter = arena_new_of(arena, struct filter);
	int code = listen_set(arena, n->request->set, &set, err);

	if (code < 0) {
		return code;
	}
	if (syscall(SYS_seccomp, SECCOMP_GET_NOTIF_SIZES, 0, &n->sizes) < 0) {
		return err_set(err, -errno, "the kernel has no seccomp notification: %s",
		               strerror(errno));
	}
	n->got = arena_alloc(arena, n->sizes.seccomp_notif + sizeof(*n->got));
	n->answer = arena_alloc(arena, n->sizes.seccomp_notif_resp + sizeof(*n->answer));
	if (filter_make(set, SECCOMP_RET_USER_NOTIF, filter) < 0) {
		return err_set(err, -E2BIG, "no filter can be made of the set of calls");
	}
	code = launch_start(n->request->argv, filter, true, launch, err);
	if (code < 0) {
		return code;
	}
	n->lineage.launched = launch->pid;
	launch_go(launch);
	n->listener = launch_listener(launch, err);
	if (n->listener < 0) {
		(void)kill(launch->pid, SIGKILL);
		launch_wait(launch, NULL);
		return n->listener;
	}
	(void)ioctl(n->listener, NOTIF_SET_FLAGS, SYNC_WAKE_UP);
	return 0;
}

static int end(struct notify *n, const struct launch *launch, struct err *err) {
	if (n->lineage.code < 0) {
		return err_set(err, n->lineage.code, "what was recorded could not be kept: %s",
		               strerror(-n->lineage.code));
	}
	return launch_result(launch, n->request->argv[0], err);
}

static int record(const struct trace_request *request, const struct event_sink *sink,
                  struct trace_outcome *ret_outcome, struct err *err) {
	struct launch launch = {.go_fd = -1, .error_fd = -1};
	struct arena *arena = arena_new();
	struct ticks before;
	struct notify n = {
		.request = request,
		.lineage = {.sink = sink},
		.limits = {.string_bytes = request->string_bytes,
	                   .data_bytes = request->data_bytes},
		.injected = arena_array_of(arena, uint64_t, request->inject_count + 1),
		.listener = -1,
	};

	ticks_begin(&before);
	int code = begin(&n, arena, &launch, err);

	if (code == 0) {
		serve(&n);
		launch_wait(&launch, &n.outcome.status);
		lineage_sweep(&n.lineage, clock_now_ns());
		code = end(&n, &launch, err);
	}
	ticks_end(&before);
	n.outcome.events = n.lineage.events;
	*ret_outcome = n.outcome;
	fd_closep(&n.listener);
	launch_close(&launch);
	capture_free(&n.capture);
	tracee_table_free(&n.lineage.table);
	arena_free(arena);
	return code;
}

const struct backend backend_notify = {
	.name = "notify",
	.summary = "every call of the set waits once; results are not seen, ptrace stays free",
	.blind = true,
	.cost = 90, /* it is cheaper than ptrace and sees less: whoever wants that asks for it */
	.can = can,
	.record = record,
};
