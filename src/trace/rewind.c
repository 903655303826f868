/* SPDX-License-Identifier: MIT */
#include "trace/rewind.h"

#include "base/str.h"
#include "trace/rewind_private.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <stdlib.h>

#define STAT_PPID    4 /* fields of /proc/PID/stat, proc(5) */
#define STAT_THREADS 20

struct rewind *rewind_new(void) {
	struct rewind *r = calloc(1, sizeof(*r));
	if (r) {
		r->arena = arena_new();
		rewind_actions_init(r);
	}
	return r;
}

void rewind_free(struct rewind *r) {
	if (!r) {
		return;
	}
	for (size_t i = 0; i < r->process_count; i++) {
		rewind_end_process(r, r->processes[i]);
		free(r->processes[i]);
	}
	free(r->processes);
	free(r->locks);
	free(r->name_of);
	dictionary_free(&r->names);
	arena_free(r->arena);
	free(r);
}

/* ---- what /proc said ---- */

static int stat_number(struct slice stat, int field) {
	const char *behind = stat.len > 0 ? memrchr(stat.data, ')', stat.len) : NULL;
	struct slice rest, word;
	if (!behind) {
		return 0;
	}
	rest = slice_trim(slice_of(behind + 1, (size_t)(stat.data + stat.len - behind - 1)));
	for (int i = 3; slice_cut(&rest, ' ', &word); i++) {
		char text[16] = "";
		if (i == field && word.len < sizeof(text)) {
			memcpy(text, word.data, word.len);
			return (int)strtol(text, NULL, 10);
		}
	}
	return 0;
}

/* Pipes and sockets of one name are one thing, whoever has them. */
static void take_fd(struct rewind *r, struct rewind_process *p, const struct event *e,
                    const struct payload *payload) {
	struct rewind_file *file =
		rewind_new_file(r, p, rewind_name(r, payload->bytes), e->start_ns);
	rewind_put(r, p, payload->which, file, CLOEXEC_UNKNOWN, e->start_ns);
}

/* "flags:\t02100000", octal (proc(5)). */
static void take_fd_info(struct rewind_process *p, const struct payload *payload) {
	struct rewind_fd *fd = rewind_get(p, payload->which);
	struct slice rest = payload->bytes, line;
	while (fd && slice_line(&rest, &line)) {
		char digits[24] = "";
		if (slice_starts(line, "flags:") && line.len < sizeof(digits)) {
			memcpy(digits, line.data + 6, line.len - 6);
			unsigned long flags = strtoul(digits, NULL, 8);
			fd->cloexec = flags & O_CLOEXEC ? CLOEXEC_YES : CLOEXEC_NO;
			return;
		}
	}
}

static void take_state(struct rewind *r, const struct event *e) {
	struct rewind_process *p = rewind_new_process(r, e->pid);
	if (!p) {
		return;
	}
	p->start_ns = e->start_ns;
	for (size_t i = 0; i < e->payload_count; i++) {
		const struct payload *payload = &e->payloads[i];
		if (payload->kind == PAYLOAD_FD_PATH) {
			take_fd(r, p, e, payload);
		} else if (payload->kind == PAYLOAD_FD_INFO) {
			take_fd_info(p, payload);
		} else if (payload->kind == PAYLOAD_FILE && payload->which == STATE_CWD) {
			rewind_place_set(r, p, rewind_name(r, payload->bytes));
		} else if (payload->kind == PAYLOAD_FILE && payload->which == STATE_EXE) {
			p->exe = rewind_name(r, payload->bytes);
		} else if (payload->kind == PAYLOAD_FILE && payload->which == STATE_STAT) {
			p->ppid = stat_number(payload->bytes, STAT_PPID);
			p->threads = stat_number(payload->bytes, STAT_THREADS);
		}
	}
}

/* ---- life ---- */

static void take_fork(struct rewind *r, const struct event *e) {
	struct rewind_process *parent = rewind_find(r, e->pid);
	if (e->child_pid == e->pid) {
		if (parent) {
			parent->threads++;
		}
		return;
	}
	pid_t child_pid = e->child_pid ? e->child_pid : e->child;
	struct rewind_process *child = rewind_new_process(r, child_pid);
	parent = rewind_find(r, e->pid);
	if (!child) {
		return;
	}
	child->ppid = e->pid;
	child->start_ns = e->start_ns;
	if (!parent) {
		return;
	}
	child->exe = parent->exe;
	rewind_place_share(r, child, parent, (e->args[0] & CLONE_FS) != 0);
	if (e->args[0] & CLONE_FILES && parent->fds) {
		child->fds = parent->fds;
		child->fds->refs++;
	} else {
		child->fds = rewind_fds_copy(r, parent->fds);
	}
}

static struct rewind_process *somebody(struct rewind *r, const struct event *e) {
	struct rewind_process *p = rewind_find(r, e->pid);
	if (!p) {
		p = rewind_new_process(r, e->pid);
		if (p) {
			p->start_ns = e->start_ns;
		}
	}
	return p;
}

static void take_exec(struct rewind *r, const struct event *e) {
	struct rewind_process *p = somebody(r, e);
	const struct payload *path = event_payload(e, PAYLOAD_STRING, 0);
	if (!p) {
		return;
	}
	rewind_close_on_exec(r, p);
	p->threads = 1;
	p->execs++;
	if (path) {
		p->exe = rewind_path(r, p, AT_FDCWD, path->bytes);
	}
	if (p->cwd && p->cwd->refs > 1) {
		const char *cwd = p->cwd->path;
		p->cwd->refs--;
		p->cwd = NULL;
		rewind_place_set(r, p, cwd);
	}
}

static void take_exit(struct rewind *r, const struct event *e) {
	struct rewind_process *p = rewind_find(r, e->pid);
	if (!p || p->end_ns != 0 || --p->threads > 0) {
		return;
	}
	rewind_end_process(r, p);
	p->end_ns = e->start_ns;
	p->status = e->status;
}

void rewind_take(struct rewind *r, const struct event *e) {
	struct rewind_process *p;
	switch (e->kind) {
	case EVENT_CALL:
		p = somebody(r, e);
		if (p && e->duration_ns >= 0) {
			rewind_call(r, p, e);
		}
		break;
	case EVENT_FORK:
		take_fork(r, e);
		break;
	case EVENT_EXEC:
		take_exec(r, e);
		break;
	case EVENT_EXIT:
		take_exit(r, e);
		break;
	case EVENT_STATE:
		take_state(r, e);
		break;
	case EVENT_SIGNAL:
	case EVENT_STOP:
	case EVENT_RESUME:
	case EVENT_LOST:
	case EVENT_MAPPED:
	case EVENT_KINDS:
		break;
	}
}

static int take(void *data, const struct event *e) {
	struct rewind *r = data;
	rewind_take(r, e);
	return r->no_memory ? -ENOMEM : 0;
}

struct event_sink rewind_sink(struct rewind *r) {
	return (struct event_sink){.data = r, .take = take};
}

/* ---- questions ---- */

const struct rewind_process *rewind_process(const struct rewind *r, pid_t pid) {
	return rewind_find(r, pid);
}

const struct rewind_process *const *rewind_processes(const struct rewind *r, size_t *ret_count) {
	*ret_count = r->process_count;
	return (const struct rewind_process *const *)r->processes;
}

const struct rewind_lock *rewind_locks(const struct rewind *r, size_t *ret_count) {
	*ret_count = r->lock_count;
	return r->locks;
}

const struct rewind_fd *rewind_fd(const struct rewind_process *p, int fd) {
	return rewind_get(p, fd);
}
