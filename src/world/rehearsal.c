/* SPDX-License-Identifier: MIT
 */
#include "world/rehearsal.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "world/rehearsal_inside.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define GONE_LIMIT_NS (2 * NS_PER_S)
#define ERR_BYTES_MAX ((size_t)2048)

enum { CONTROL, REPORT, OUT, ERR, PIPES };

struct running {
	const struct rehearsal_spec *spec;
	struct rehearsal_outcome *outcome;
	pid_t pid; /* 0: gone */
	int fds[PIPES];
	struct strbuf out;
	struct strbuf err;
	bool no_proc;
	bool told;      /* how it ended */
	bool ended;     /* by us */
	bool abandoned; /* something in there cannot be killed */
};

static void fd_close(int *fd) {
	fd_closep(fd);
	*fd = -1;
}

static void conclude(struct running *run, enum rehearsal_end end, int error, const char *because) {
	struct rehearsal_outcome *o = run->outcome;

	if (!run->told) {
		run->told = true;
		o->end = end;
		o->error = error;
		o->because = arena_strdup(run->out.arena, because);
	}
}

static int begin(struct arena *arena, const struct rehearsal_spec *spec, bool own_processes,
                 struct running *run) {
	struct inside_job job = {.spec = spec, .own_processes = own_processes};
	int ends[PIPES][2] = {{-1, -1}, {-1, -1}, {-1, -1}, {-1, -1}};
	int r = 0;

	for (int i = 0; i < PIPES && r == 0; i++) {
		r = pipe2(ends[i], O_CLOEXEC) < 0 ? -errno : 0;
	}
	job.control_fd = ends[CONTROL][0];
	job.report_fd = ends[REPORT][1];
	job.out_fd = ends[OUT][1];
	job.err_fd = ends[ERR][1];
	run->pid = r == 0 ? fork() : -1;
	if (run->pid == 0) {
		inside_main(&job);
	}
	if (run->pid < 0) {
		r = r < 0 ? r : -errno;
		run->pid = 0;
	}
	for (int i = 0; i < PIPES; i++) {
		run->fds[i] = ends[i][i == CONTROL];
		fd_close(&ends[i][i != CONTROL]);
		if (i != CONTROL && run->fds[i] >= 0) {
			fd_set_nonblock(run->fds[i]);
		}
	}
	strbuf_init(&run->out, arena);
	strbuf_init(&run->err, arena);
	run->outcome->inside =
		(struct rehearsal){.own_processes = own_processes, .own_network = spec->no_network};
	return r;
}

static void take_report(struct running *run, const struct inside_report *report) {
	struct rehearsal_outcome *o = run->outcome;

	switch (report->kind) {
	case INSIDE_ENTERED:
		o->entered_ns = report->at_ns;
		break;
	case INSIDE_ACTED:
		o->acted_ns = report->at_ns;
		break;
	case INSIDE_NO_PROC:
		run->no_proc = true;
		break;
	case INSIDE_REFUSED:
		conclude(run, REHEARSAL_REFUSED, -report->value, report->text);
		break;
	case INSIDE_NOT_DONE:
		conclude(run, REHEARSAL_NOT_DONE, -report->value, report->text);
		break;
	case INSIDE_ENDED:
		o->status = report->value;
		conclude(run, REHEARSAL_RAN, 0, "");
		break;
	default:
		break;
	}
}

static void read_reports(struct running *run) {
	struct inside_report report;
	ssize_t n;

	while ((n = read(run->fds[REPORT], &report, sizeof report)) == (ssize_t)sizeof report) {
		report.text[sizeof report.text - 1] = '\0';
		take_report(run, &report);
	}
	if (n >= 0 || errno != EAGAIN) {
		fd_close(&run->fds[REPORT]);
	}
}

/* What is beyond the cap is read and thrown away. */
static void read_text(int *fd, struct strbuf *text, size_t cap, bool *cut) {
	char chunk[16384];
	ssize_t n;

	while ((n = read(*fd, chunk, sizeof chunk)) > 0) {
		size_t room = cap - text->len;
		size_t len = (size_t)n < room ? (size_t)n : room;

		strbuf_add_n(text, chunk, len);
		*cut = *cut || len < (size_t)n;
	}
	if (n == 0 || errno != EAGAIN) {
		fd_close(fd);
	}
}

static bool is_over(const struct running *run) {
	return run->fds[REPORT] < 0 && run->fds[OUT] < 0 && run->fds[ERR] < 0;
}

static void serve(struct running *run) {
	bool cut = false;

	if (run->fds[REPORT] >= 0) {
		read_reports(run);
	}
	if (run->fds[OUT] >= 0) {
		read_text(&run->fds[OUT], &run->out, run->spec->output_cap, &run->outcome->cut);
	}
	if (run->fds[ERR] >= 0) {
		read_text(&run->fds[ERR], &run->err, ERR_BYTES_MAX, &cut);
	}
	if (run->outcome->cut) {
		fd_close(&run->fds[CONTROL]);
	}
}

static bool is_readable(int fd) {
	struct pollfd one = {.fd = fd, .events = POLLIN};

	return fd >= 0 && poll(&one, 1, 0) > 0;
}

/* Ends those that shall go on no longer; returns when to look again. */
static int64_t end_some(struct running *runs, size_t count) {
	int64_t next_ns = INT64_MAX;

	for (size_t i = 0; i < count; i++) {
		struct running *run = &runs[i];
		int64_t until_ns = run->spec->deadline_ns + (run->ended ? GONE_LIMIT_NS : 0);

		if (is_over(run)) {
			continue;
		}
		if (!run->ended && is_readable(run->spec->interrupt_fd)) {
			conclude(run, REHEARSAL_INTERRUPTED, EINTR, "it was interrupted");
			run->ended = true;
		} else if (!run->ended && clock_now_ns() >= until_ns) {
			conclude(run, REHEARSAL_TIMED_OUT, ETIMEDOUT, "it did not end in time");
			run->ended = true;
		} else if (run->ended && clock_now_ns() >= until_ns) {
			run->abandoned = true;
			kill(run->pid, SIGKILL);
			fd_close(&run->fds[REPORT]);
			fd_close(&run->fds[OUT]);
			fd_close(&run->fds[ERR]);
			continue;
		}
		if (run->ended) {
			fd_close(&run->fds[CONTROL]);
		}
		until_ns = run->spec->deadline_ns + (run->ended ? GONE_LIMIT_NS : 0);
		next_ns = until_ns < next_ns ? until_ns : next_ns;
	}
	return next_ns;
}

static void wait_for_all(struct running *runs, size_t count) {
	struct pollfd fds[REHEARSALS_MAX * PIPES];
	int64_t next_ns;

	while ((next_ns = end_some(runs, count)) != INT64_MAX) {
		int64_t left_ms = (next_ns - clock_now_ns()) / NS_PER_MS + 1;
		nfds_t n = 0;

		for (size_t i = 0; i < count; i++) {
			for (int k = REPORT; k < PIPES; k++) {
				fds[n++] = (struct pollfd){.fd = runs[i].fds[k], .events = POLLIN};
			}
			fds[n++] = (struct pollfd){.fd = runs[i].ended ? -1
			                                               : runs[i].spec->interrupt_fd,
			                           .events = POLLIN};
		}
		poll(fds, n, left_ms < 0 ? 0 : (int)left_ms);
		for (size_t i = 0; i < count; i++) {
			serve(&runs[i]);
		}
	}
}

static void finish(struct running *run) {
	struct rehearsal_outcome *o = run->outcome;

	fd_close(&run->fds[CONTROL]);
	for (int i = REPORT; i < PIPES; i++) {
		fd_close(&run->fds[i]);
	}
	while (run->pid > 0 && waitpid(run->pid, NULL, run->abandoned ? WNOHANG : 0) < 0 &&
	       errno == EINTR) {
	}
	conclude(run, REHEARSAL_REFUSED, ECHILD, "it ended before its time");
	o->out = slice_of(run->out.data, run->out.len);
	o->err = slice_of(run->err.data, run->err.len);
	o->ended_ns = clock_now_ns();
}

static void run_some(struct arena *arena, const struct rehearsal_spec *specs,
                     struct rehearsal_outcome *outcomes, size_t count, bool own_processes,
                     bool *ret_no_proc) {
	struct running runs[REHEARSALS_MAX] = {0};

	for (size_t i = 0; i < count; i++) {
		runs[i].spec = &specs[i];
		runs[i].outcome = &outcomes[i];
		outcomes[i] = (struct rehearsal_outcome){.because = "", .begun_ns = clock_now_ns()};
		int r = begin(arena, &specs[i], own_processes, &runs[i]);
		if (r < 0) {
			conclude(&runs[i], REHEARSAL_REFUSED, -r, "no process can be started");
		}
	}
	wait_for_all(runs, count);
	for (size_t i = 0; i < count; i++) {
		finish(&runs[i]);
		*ret_no_proc = *ret_no_proc || runs[i].no_proc;
	}
}

void rehearsals_run(struct arena *arena, const struct rehearsal_spec *specs,
                    struct rehearsal_outcome *outcomes, size_t count) {
	bool no_proc = false;

	count = count < REHEARSALS_MAX ? count : REHEARSALS_MAX;
	run_some(arena, specs, outcomes, count, true, &no_proc);
	if (no_proc) {
		run_some(arena, specs, outcomes, count, false, &no_proc);
	}
}
