/* SPDX-License-Identifier: MIT
 * Recording in the kernel: programs at its tracepoints filter by process tree, copy what the calls
 * point at and put it into a buffer that is read in large pieces. The traced never stop.
 */
#include "trace/backend.h"

#include <errno.h>

#ifdef DIALTONE_EBPF

#include "base/clock.h"
#include "base/fd.h"
#include "trace/ebpf/allowed.h"
#include "trace/ebpf/session.h"
#include "trace/ebpf/tree.h"
#include "trace/launch.h"
#include "trace/state.h"

#include <fcntl.h>
#include <linux/bpf.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define WAIT_MS       50
#define GRACE_NS      (2 * NS_PER_S) /* between SIGTERM and SIGKILL */
#define GRACE_STEP_MS 20
#define ROUNDS_MAX    20
#define PIDS_MAX      256
#define LOOK_EACH_NS  (500 * NS_PER_MS) /* whether one ended unnoticed; what was lost */

struct recording {
	struct session session;
	const struct trace_request *request;
	struct launch launch;
	pid_t taken[TREE_MAX]; /* that ran already */
	size_t taken_count;
	int64_t looked_ns;
	bool refused; /* by the kernel, before anything was begun */
};

static int attach(struct recording *r, struct err *err) {
	int code = session_attach(&r->session, err);

	r->refused = code < 0;
	return code;
}

/* ---- the program that is started ---- */

static bool is_closed_at_exec(pid_t pid, int fd) {
	char path[64], text[256];

	(void)snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", (int)pid, fd);
	int file CLEANUP(fd_closep) = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = file >= 0 ? read(file, text, sizeof(text) - 1) : -1;

	text[n > 0 ? n : 0] = '\0';
	const char *flags = strstr(text, "flags:");
	return flags && (strtoul(flags + strlen("flags:"), NULL, 8) & O_CLOEXEC) != 0;
}

/* Before it executes: the descriptors that it will find are those that are not closed then. */
static int take_inherited(void *data, const struct event *event) {
	const struct event_sink *sink = data;
	struct event e = *event;
	struct payload *kept = calloc(e.payload_count + 1, sizeof(*kept));
	size_t count = 0;

	for (size_t i = 0; kept && i < e.payload_count; i++) {
		const struct payload *p = &event->payloads[i];

		if (p->kind != PAYLOAD_FD_PATH || !is_closed_at_exec(e.pid, p->which)) {
			kept[count++] = *p;
		}
	}
	e.payloads = kept;
	e.payload_count = count;
	int r = kept ? sink->take(sink->data, &e) : -ENOMEM;
	free(kept);
	return r;
}

static int start(struct recording *r, struct err *err) {
	struct session *s = &r->session;
	struct event_sink inherited = {.data = (void *)(uintptr_t)s->decoder.sink,
	                               .take = take_inherited};
	int code = launch_start(r->request->argv, NULL, false, &r->launch, err);

	if (code < 0) {
		return code;
	}
	s->decoder.held = r->launch.pid;
	session_add(s, r->launch.pid);
	code = attach(r, err);
	if (code == 0) {
		s->decoder.events++;
		code = state_tell(&inherited, r->launch.pid, clock_now_ns());
	}
	if (code == 0) {
		launch_go(&r->launch);
	}
	return code;
}

/* ---- processes that run ---- */

static int take_process(struct recording *r, pid_t pid) {
	struct session *s = &r->session;

	if (r->taken_count >= TREE_MAX || !session_add(s, pid)) {
		return 0;
	}
	if (!tree_is_running(pid)) {
		session_remove(s, pid);
		return 0;
	}
	r->taken[r->taken_count++] = pid;
	s->decoder.events++;
	int code = state_tell(s->decoder.sink, pid, clock_now_ns());
	return code < 0 ? code : 1;
}

static bool is_taken(const struct recording *r, pid_t pid) {
	for (size_t i = 0; i < r->taken_count; i++) {
		if (r->taken[i] == pid) {
			return true;
		}
	}
	return false;
}

/* One look over the machine: children of those that are in. How many were new. */
static int take_children(struct recording *r, struct tree_process *processes) {
	ssize_t count = tree_list(processes);
	int new = count < 0 ? (int)count : 0;

	for (ssize_t i = 0; i < count; i++) {
		if (is_taken(r, processes[i].parent) && !is_taken(r, processes[i].pid)) {
			int code = take_process(r, processes[i].pid);
			if (code < 0) {
				return code;
			}
			new += code;
		}
	}
	return new;
}

/* Children that come from now on are taken in by the kernel. One that came a moment ago is found in
 * the next round. */
static int adopt(struct recording *r, struct err *err) {
	int code = attach(r, err);

	if (code < 0) {
		return code;
	}
	for (size_t i = 0; i < r->request->pid_count; i++) {
		pid_t pid = r->request->pids[i];

		code = take_process(r, pid);
		if (code < 0) {
			return err_set(err, code, "what was seen cannot be kept: %s",
			               strerror(-code));
		}
		if (code == 0 && !is_taken(r, pid)) {
			return err_set(err, -ESRCH, "there is no process %d to record", (int)pid);
		}
	}
	struct tree_process *processes = calloc(TREE_MAX, sizeof(*processes));
	for (int round = 0; processes && round < ROUNDS_MAX; round++) {
		code = take_children(r, processes);
		if (code <= 0) {
			break;
		}
	}
	free(processes);
	return !processes ? err_set(err, -ENOMEM, "no memory for a list of processes")
	       : code < 0 ? err_set(err, code, "the tree of processes cannot be recorded: %s",
	                            strerror(-code))
	                  : 0;
}

/* ---- while it records ---- */

static bool launched_has_ended(const struct recording *r) {
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)r->launch.pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	       info.si_pid != 0;
}

static bool has_ended(const struct recording *r) {
	if (session_live(&r->session) > 0) {
		return false;
	}
	if (!r->session.other_namespace) {
		return true;
	}
	/* There the kernel takes in at its next call who was told to it. */
	for (size_t i = 0; i < r->taken_count; i++) {
		if (tree_is_running(r->taken[i])) {
			return false;
		}
	}
	return r->launch.pid <= 0 || launched_has_ended(r);
}

/* One that was just ending when it was taken in was not seen to end. */
static int look_after(struct recording *r) {
	int64_t now = clock_now_ns();

	if (now - r->looked_ns < LOOK_EACH_NS) {
		return 0;
	}
	r->looked_ns = now;
	for (size_t i = 0; i < r->taken_count; i++) {
		if (!tree_is_running(r->taken[i])) {
			session_remove(&r->session, r->taken[i]);
			r->taken[i] = r->taken[--r->taken_count];
			i--;
		}
	}
	return session_tell_lost(&r->session);
}

static int wait_ms(const struct recording *r) {
	int64_t left = r->request->deadline_ns - clock_now_ns();

	if (r->request->deadline_ns == 0 || left > WAIT_MS * NS_PER_MS) {
		return WAIT_MS;
	}
	return left > 0 ? (int)((left + NS_PER_MS - 1) / NS_PER_MS) : 0;
}

static int follow(struct recording *r) {
	bool stop = false;
	int code = 0;

	while (code == 0) {
		bool ended = has_ended(r), late = wait_ms(r) == 0;

		code = session_consume(&r->session);
		if (code == 0) {
			code = look_after(r);
		}
		if (ended || late || stop) {
			break;
		}
		stop = session_wait(&r->session, wait_ms(r));
	}
	return code;
}

/* What was started ends with its recording, and that is recorded as well. */
static int end_launched(struct recording *r) {
	int64_t until = clock_now_ns() + GRACE_NS;
	int code = 0;

	if (r->launch.pid <= 0 || launched_has_ended(r)) {
		return 0;
	}
	(void)kill(r->launch.pid, SIGTERM);
	while (code == 0 && clock_now_ns() < until && !launched_has_ended(r)) {
		(void)session_wait(&r->session, GRACE_STEP_MS);
		code = session_consume(&r->session);
	}
	if (!launched_has_ended(r)) {
		(void)kill(r->launch.pid, SIGKILL);
	}
	return code;
}

static int reap(struct recording *r, struct trace_outcome *ret_outcome, struct err *err) {
	if (r->launch.pid <= 0) {
		return 0;
	}
	launch_wait(&r->launch, &ret_outcome->status);
	return launch_result(&r->launch, r->request->argv[0], err);
}

static int run(struct recording *r, struct trace_outcome *ret_outcome, struct err *err) {
	int code = r->request->argv ? start(r, err) : adopt(r, err);

	if (code < 0) {
		/* One that was started waits still, and ends when it is not let go. */
		launch_close(&r->launch);
		if (r->launch.pid > 0) {
			launch_wait(&r->launch, NULL);
		}
		ret_outcome->refused = r->refused;
		return code;
	}
	code = follow(r);
	if (code == 0) {
		code = end_launched(r);
	}
	int last = session_detach(&r->session);
	code = code < 0 ? code : last;
	*ret_outcome = (struct trace_outcome){.events = r->session.decoder.events,
	                                      .lost = r->session.lost,
	                                      .calls_failed_to_read = r->session.unread};
	int launched = reap(r, ret_outcome, err);
	if (launched < 0) {
		return launched;
	}
	return code < 0 ? err_set(err, code, "what was seen cannot be kept: %s", strerror(-code))
	                : 0;
}

static int ebpf_record(const struct trace_request *request, const struct event_sink *sink,
                       struct trace_outcome *ret_outcome, struct err *err) {
	struct recording *r = calloc(1, sizeof(*r));

	if (!r) {
		return err_set(err, -ENOMEM, "no memory for the recorder");
	}
	r->request = request;
	r->launch = (struct launch){.go_fd = -1, .error_fd = -1};
	int code = session_load(&r->session, request, sink, err);
	ret_outcome->refused = code < 0;
	if (code == 0) {
		code = run(r, ret_outcome, err);
	}
	launch_close(&r->launch);
	session_close(&r->session);
	free(r);
	return code;
}

/* The program itself, checked by the kernel and taken out again. */
static int try_load(const struct trace_request *request, struct err *err) {
	struct session session;
	const struct event_sink nowhere = {0};
	int code = session_load(&session, request, &nowhere, err);

	if (code == 0) {
		session_close(&session);
	}
	return code;
}

static int ebpf_can(const struct trace_request *request, struct err *err) {
	static const struct bpf_insn nothing[] = {
		{.code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0},
		{.code = BPF_JMP | BPF_EXIT},
	};
	struct library library;
	int code;

	if (request->inject_count > 0) {
		return err_set(err, -ENOTSUP,
		               "it only looks: a fault is put into calls by the backend 'ptrace'");
	}
	code = allowed_look(err);
	if (code < 0) {
		return code;
	}
	code = library_open(&library, err);
	if (code < 0) {
		return code;
	}
	/* The real one takes the kernel a tenth of a second to check: here the smallest there is. */
	int fd CLEANUP(fd_closep) = library.program_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "dialtone",
	                                                 "GPL", nothing, 2, NULL);
	code = fd < 0 ? allowed_explain(fd, "", err) : 0;
	library_close(&library);
	return code == 0 && request->thorough ? try_load(request, err) : code;
}

#else

static int ebpf_record(const struct trace_request *request, const struct event_sink *sink,
                       struct trace_outcome *ret_outcome, struct err *err) {
	(void)request;
	(void)sink;
	(void)ret_outcome;
	return err_set(err, -ENOTSUP, "this build of dialtone has no eBPF");
}

static int ebpf_can(const struct trace_request *request, struct err *err) {
	(void)request;
	return err_set(err, -ENOTSUP,
	               "this build of dialtone has no eBPF: with clang and libbpf-dev installed "
	               "./dev build makes one that has");
}

#endif

const struct backend backend_ebpf = {
	.name = "ebpf",
	.summary = "in the kernel, a few percent; needs CAP_BPF and CAP_PERFMON, or root",
	.cost = 1,
	.can = ebpf_can,
	.record = ebpf_record,
};
