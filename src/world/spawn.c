/* SPDX-License-Identifier: MIT
 */
#include "world/spawn.h"

#include "base/clock.h"
#include "base/fd.h"
#include "world/warden.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

enum { NEAR, FAR };

/* One channel per standard stream; pairs[i] = {ours, the program's}. */
static int std_pairs_open(enum child_kind kind, int pairs[3][2]) {
	for (int i = 0; i < 3; i++) {
		int ends[2];

		if (kind == CHILD_SESSION) {
			if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pairs[i]) < 0) {
				return -errno;
			}
		} else if (i > 0) {
			if (pipe2(ends, O_CLOEXEC) < 0) {
				return -errno;
			}
			pairs[i][NEAR] = ends[0];
			pairs[i][FAR] = ends[1];
		}
		if (pairs[i][NEAR] >= 0 && fd_set_nonblock(pairs[i][NEAR]) < 0) {
			return -errno;
		}
	}
	return 0;
}

static void fd_close(int *fd) {
	fd_closep(fd);
	*fd = -1;
}

static int warden_start(struct child *child, const struct child_spec *spec, int pairs[3][2],
                        int control[2], int report[2]) {
	struct warden_job job = {.spec = spec};
	int r = std_pairs_open(spec->kind, pairs);

	if (r < 0) {
		return r;
	}
	if (pipe2(control, O_CLOEXEC) < 0 || pipe2(report, O_CLOEXEC) < 0) {
		return -errno;
	}
	r = fd_set_nonblock(report[0]);
	if (r < 0) {
		return r;
	}
	job.control_fd = control[0];
	job.report_fd = report[1];
	for (int i = 0; i < 3; i++) {
		job.std_fds[i] = pairs[i][FAR];
	}
	child->warden = fork();
	if (child->warden < 0) {
		r = -errno;
		child->warden = 0;
		return r;
	}
	if (child->warden == 0) {
		warden_main(&job);
	}
	return 0;
}

void child_start(struct child *child, const struct child_spec *spec) {
	int pairs[3][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
	int control[2] = {-1, -1}, report[2] = {-1, -1};
	int r;

	*child = (struct child){.start_ns = clock_now_ns()};
	r = warden_start(child, spec, pairs, control, report);
	if (r < 0) {
		child->exec_error = -r;
		child->gone = true;
		fd_close(&control[1]);
		fd_close(&report[0]);
	}
	child->control_fd = control[1];
	child->report_fd = report[0];
	fd_close(&control[0]);
	fd_close(&report[1]);
	for (int i = 0; i < 3; i++) {
		fd_close(&pairs[i][FAR]);
		if (r < 0) {
			fd_close(&pairs[i][NEAR]);
		}
	}
	child->in_fd = pairs[0][NEAR];
	child->out_fd = pairs[1][NEAR];
	child->err_fd = pairs[2][NEAR];
}

static void child_take_report(struct child *child, const struct warden_report *report) {
	switch (report->kind) {
	case WARDEN_STARTED:
		child->started = true;
		break;
	case WARDEN_FAILED:
		child->exec_error = report->value;
		break;
	case WARDEN_EXITED:
		child->exited = true;
		child->wait_status = report->value;
		child->exit_ns = report->at_ns;
		child->last = report->last;
		break;
	default:
		break;
	}
}

static void child_is_gone(struct child *child) {
	child->gone = true;
	fd_close(&child->report_fd);
	if (child->warden > 0) {
		while (waitpid(child->warden, NULL, 0) < 0 && errno == EINTR) {
		}
		child->warden = 0;
	}
	if (child->started && !child->exited) {
		child->wait_status = SIGKILL; /* it could not be killed in time, or the warden was:
		                                 nobody reaped it */
	}
	if (!child->started && !child->exec_error) {
		child->exec_error = ECHILD; /* the warden was killed before it could tell */
	}
}

void child_read_report(struct child *child) {
	while (child->report_fd >= 0) {
		struct warden_report report;
		ssize_t n = read(child->report_fd, &report, sizeof report);

		if (n == (ssize_t)sizeof report) {
			child_take_report(child, &report);
		} else if (n < 0 && errno == EINTR) {
			continue;
		} else if (n < 0 && errno == EAGAIN) {
			return;
		} else {
			child_is_gone(child);
		}
	}
}

void child_end(struct child *child) {
	fd_close(&child->control_fd);
}

void child_close(struct child *child) {
	child_end(child);
	fd_close(&child->in_fd);
	fd_close(&child->out_fd);
	fd_close(&child->err_fd);
	if (!child->gone) {
		child_is_gone(child);
	}
}

size_t child_last_text(const struct last_words *last, char buf[256]) {
	int len =
		snprintf(buf, 256,
	                 "end peak=%" PRId64 " cpu_ms=%" PRId64 " core=%" PRId64 " seccomp=%" PRId64
	                 " as=%" PRId64 " data=%" PRId64 " cpu=%" PRId64 " fsize=%" PRId64,
	                 last->peak_bytes, last->cpu_ms, last->core_dumped, last->seccomp,
	                 last->limit[LIMIT_ADDRESS_SPACE], last->limit[LIMIT_DATA],
	                 last->limit[LIMIT_CPU], last->limit[LIMIT_FILE_SIZE]);

	return len > 0 && len < 256 ? (size_t)len : 0;
}

size_t child_status_text(int wait_status, char buf[32]) {
	if (WIFSIGNALED(wait_status)) {
		return (size_t)snprintf(buf, 32, "signal %d", WTERMSIG(wait_status));
	}
	return (size_t)snprintf(buf, 32, "exit %d", WEXITSTATUS(wait_status));
}
