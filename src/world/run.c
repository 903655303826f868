/* SPDX-License-Identifier: MIT
 */
#include "world/run.h"

#include "base/clock.h"
#include "base/fd.h"
#include "core/run_record.h"
#include "world/spawn.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define GONE_LIMIT_NS (3 * NS_PER_S) /* more than a warden takes */

struct capture {
	char *data; /* malloc'ed */
	size_t len;
	size_t size;
	size_t cap;
	uint64_t seen; /* bytes, kept or not */
};

struct live_run {
	char *label;         /* malloc'ed */
	int64_t deadline_ns; /* clock_now_ns() */
	struct child child;
	struct capture out;
	struct capture err;
};

static void capture_add(struct capture *capture, struct slice bytes) {
	size_t room = capture->cap - capture->len;
	size_t len = bytes.len < room ? bytes.len : room;

	capture->seen += bytes.len;
	if (len == 0) {
		return;
	}
	if (capture->len + len > capture->size) {
		size_t size = (capture->len + len) * 2;
		char *data = realloc(capture->data, size);

		if (!data) {
			return;
		}
		capture->data = data;
		capture->size = size;
	}
	memcpy(capture->data + capture->len, bytes.data, len);
	capture->len += len;
}

/* Reads what is there; closes *fd at its end. */
static void capture_read(struct live_world *lw, struct capture *capture, int *fd) {
	while (*fd >= 0) {
		ssize_t n = read(*fd, lw->chunk, sizeof lw->chunk);

		if (n > 0) {
			capture_add(capture, slice_of(lw->chunk, (size_t)n));
			if (capture->seen > capture->cap + RUN_FLOOD_BYTES) {
				return;
			}
		} else if (n < 0 && errno == EINTR) {
			continue;
		} else if (n < 0 && errno == EAGAIN) {
			return;
		} else {
			fd_closep(fd);
			*fd = -1;
		}
	}
}

void live_run_prepare(const struct live_run *run, struct poll_set *set) {
	poll_set_add(set, run->child.report_fd, POLLIN);
	poll_set_add(set, run->child.out_fd, POLLIN);
	poll_set_add(set, run->child.err_fd, POLLIN);
}

void live_run_serve(struct live_world *lw, struct live_run *run, const struct poll_set *set) {
	struct child *child = &run->child;

	if (poll_set_ready(set, child->report_fd)) {
		child_read_report(child);
	}
	if (child->gone || poll_set_ready(set, child->out_fd)) {
		capture_read(lw, &run->out, &child->out_fd);
	}
	if (child->gone || poll_set_ready(set, child->err_fd)) {
		capture_read(lw, &run->err, &child->err_fd);
	}
}

static bool run_floods(const struct live_run *run) {
	return run->out.seen > run->out.cap + RUN_FLOOD_BYTES ||
	       run->err.seen > run->err.cap + RUN_FLOOD_BYTES;
}

/* Until everything is over; true when that was our doing because of the time. */
static bool run_wait(struct live_world *lw, struct live_run *run, int64_t deadline_ns) {
	int64_t until_ns = deadline_ns;
	bool timed_out = false, ended = false;

	while (!run->child.gone && (!ended || clock_now_ns() < until_ns)) {
		live_turn(lw, until_ns);
		if (!ended &&
		    (lw->base.interrupted || clock_now_ns() >= deadline_ns || run_floods(run))) {
			timed_out = !run->child.exited && !run_floods(run);
			ended = true;
			until_ns = clock_now_ns() + GONE_LIMIT_NS;
			child_end(&run->child);
		}
	}
	return timed_out;
}

static void run_conclude(const struct live_world *lw, const struct live_run *run, bool timed_out,
                         struct evidence *ev) {
	const struct child *child = &run->child;
	int64_t end_ns = child->exited ? child->exit_ns : clock_now_ns();
	bool cut = run->out.seen > run->out.len || run->err.seen > run->err.len;
	struct run_record record = {.started = child->started,
	                            .timed_out = timed_out,
	                            .exit_code = -1,
	                            .ms = (end_ns - child->start_ns) / NS_PER_MS,
	                            .out = slice_of(run->out.data, run->out.len),
	                            .err = slice_of(run->err.data, run->err.len)};

	if (child->exited && !timed_out && WIFEXITED(child->wait_status)) {
		record.exit_code = WEXITSTATUS(child->wait_status);
	}
	if (child->exited && WIFSIGNALED(child->wait_status)) {
		record.signal = WTERMSIG(child->wait_status);
	}
	ev->bytes = run_record_format(lw->base.store->arena, &record);
	if (timed_out) {
		ev->state = EV_TIMED_OUT;
		ev->error = lw->base.interrupted ? EINTR : ETIMEDOUT;
	} else if (!child->started) {
		ev->state = EV_FAILED;
		ev->error = child->exec_error;
	} else {
		ev->state = cut ? EV_TRUNCATED : EV_READ;
		ev->error = 0;
	}
}

static struct live_run *run_begin(const struct run_spec *spec) {
	struct child_spec child_spec = {
		.kind = CHILD_RUN, .argv = spec->argv, .envp = spec->env->vars, .cwd = spec->cwd};
	struct live_run *run = calloc(1, sizeof *run);
	char *label = strdup(spec->label);

	if (!run || !label) {
		free(run);
		free(label);
		return NULL;
	}
	run->label = label;
	run->deadline_ns = clock_now_ns() + spec->deadline_ns;
	run->out.cap = spec->cap_bytes;
	run->err.cap = spec->cap_bytes;
	child_start(&run->child, &child_spec);
	return run;
}

static void run_free(struct live_run *run) {
	child_close(&run->child);
	free(run->out.data);
	free(run->err.data);
	free(run->label);
	free(run);
}

/* The one of this label that was started ahead; it is no longer in the list. Or NULL. */
static struct live_run *ahead_take(struct live_world *lw, const char *label) {
	for (size_t i = 0; i < LIVE_AHEAD_MAX; i++) {
		struct live_run *run = lw->ahead[i];

		if (run && strcmp(run->label, label) == 0) {
			lw->ahead[i] = NULL;
			return run;
		}
	}
	return NULL;
}

void live_run_ahead(struct world *w, const struct run_spec *spec) {
	struct live_world *lw = (struct live_world *)w;

	for (size_t i = 0; i < LIVE_AHEAD_MAX && !w->interrupted; i++) {
		if (!lw->ahead[i]) {
			lw->ahead[i] = run_begin(spec);
			return;
		}
	}
}

void live_runs_end(struct live_world *lw) {
	for (size_t i = 0; i < LIVE_AHEAD_MAX; i++) {
		if (lw->ahead[i]) {
			run_free(lw->ahead[i]);
			lw->ahead[i] = NULL;
		}
	}
}

void live_run(struct world *w, const struct run_spec *spec, struct evidence *ev) {
	struct live_world *lw = (struct live_world *)w;
	struct live_run *run = ahead_take(lw, spec->label);
	bool timed_out;

	if (!run && !w->interrupted) {
		run = run_begin(spec);
		if (!run) {
			ev->error = ENOMEM;
			return;
		}
	}
	if (!run) {
		ev->state = EV_TIMED_OUT;
		ev->error = EINTR;
		return;
	}
	lw->run = run;
	timed_out = run_wait(lw, run, run->deadline_ns);
	capture_read(lw, &run->out, &run->child.out_fd);
	capture_read(lw, &run->err, &run->child.err_fd);
	lw->run = NULL;
	run_conclude(lw, run, timed_out, ev);
	run_free(run);
}
