/* SPDX-License-Identifier: MIT */
#include "trace/state.h"

#include "base/arena.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/vec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <unistd.h>

#define FD_INFO_BYTES 256 /* pos, flags, mnt_id and ino take less */

struct state {
	struct arena *arena;
	int dir; /* /proc/PID */
	struct payload *payloads;
	size_t count, slots;
};

static void add(struct state *s, enum payload_kind kind, int which, struct slice bytes,
                bool whole) {
	VEC_ROOM(s->arena, s->payloads, s->count, &s->slots);
	s->payloads[s->count++] = (struct payload){
		.kind = kind,
		.which = which,
		.full_bytes = (uint32_t)bytes.len + !whole,
		.bytes = bytes,
	};
}

static void add_file(struct state *s, enum state_file which, const char *name) {
	int fd CLEANUP(fd_closep) = openat(s->dir, name, O_RDONLY | O_CLOEXEC);
	char *text;
	size_t len = 0;
	ssize_t n = 1;

	if (fd < 0) {
		return;
	}
	text = arena_alloc(s->arena, STATE_FILE_BYTES);
	while (len < STATE_FILE_BYTES && n > 0) {
		n = read(fd, text + len, STATE_FILE_BYTES - len);
		len += n > 0 ? (size_t)n : 0;
	}
	add(s, PAYLOAD_FILE, which, slice_of(text, len), n == 0);
}

static bool read_link(struct state *s, int dir, const char *name, struct slice *ret) {
	char to[PATH_MAX];
	ssize_t n = readlinkat(dir, name, to, sizeof(to));

	if (n < 0) {
		return false;
	}
	*ret = slice_of(arena_strndup(s->arena, to, (size_t)n), (size_t)n);
	return true;
}

static void add_link(struct state *s, enum state_file which, const char *name) {
	struct slice to;

	if (read_link(s, s->dir, name, &to)) {
		add(s, PAYLOAD_FILE, which, to, true);
	}
}

/* "pos:", "flags:" and what else comes first: whether it goes with an exec stands in the flags. */
static void add_fd_info(struct state *s, int number) {
	char text[FD_INFO_BYTES], name[32];

	snprintf(name, sizeof(name), "fdinfo/%d", number);
	int fd CLEANUP(fd_closep) = openat(s->dir, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text)) : -1;

	if (n > 0) {
		add(s, PAYLOAD_FD_INFO, number,
		    slice_of(arena_strndup(s->arena, text, (size_t)n), (size_t)n),
		    (size_t)n < sizeof(text));
	}
}

static void add_fds(struct state *s) {
	int fd = openat(s->dir, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
	size_t count = 0;

	if (!dir) {
		fd_closep(&fd);
		return;
	}
	for (struct dirent *d; (d = readdir(dir)) != NULL && count < STATE_FDS_MAX;) {
		struct slice to;
		int64_t number;

		if (str_to_int64(d->d_name, &number) == 0 &&
		    read_link(s, dirfd(dir), d->d_name, &to)) {
			add(s, PAYLOAD_FD_PATH, (int)number, to, true);
			add_fd_info(s, (int)number);
			count++;
		}
	}
	closedir(dir);
}

int state_tell(const struct event_sink *sink, pid_t pid, int64_t now_ns) {
	struct state s = {.arena = arena_new(), .dir = -1};
	char path[32];

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	s.dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (s.dir >= 0) {
		add_file(&s, STATE_CMDLINE, "cmdline");
		add_file(&s, STATE_ENVIRON, "environ");
		add_link(&s, STATE_CWD, "cwd");
		add_link(&s, STATE_EXE, "exe");
		add_file(&s, STATE_STAT, "stat");
		add_file(&s, STATE_CGROUP, "cgroup");
		add_fds(&s);
	}
	struct event event = {
		.kind = EVENT_STATE,
		.start_ns = now_ns,
		.pid = pid,
		.tid = pid,
		.payloads = s.payloads,
		.payload_count = s.count,
	};
	int code = sink->take(sink->data, &event);

	fd_closep(&s.dir);
	arena_free(s.arena);
	return code;
}
