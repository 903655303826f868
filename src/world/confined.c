/* SPDX-License-Identifier: MIT
 * What a process may see and do that we may, and the reverse: namespaces, filters, and how paths
 * look from its root. Sources: proc(5), namespaces(7), openat2(2) (RESOLVE_IN_ROOT: links are
 * followed as the process would), statfs(2) (f_flags holds the flags of the mount).
 */
#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"
#include "world/proc_children.h"
#include "world/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <unistd.h>

#define TEXT_CAP   ((size_t)64 * 1024)
#define PARENT_MAX 64
#define WAIT_NS    (60 * NS_PER_MS)
#define STEP_US    2000

struct confined {
	const struct look_request *request;
	struct look_reply *reply;
	int proc_fd;
	int64_t self;
	struct slice paths; /* a line each */
};

static const char *compare_ns(const struct confined *c, int64_t pid, const char *name) {
	char theirs[64], ours[64];
	struct stat a, b;

	snprintf(theirs, sizeof theirs, "%" PRId64 "/ns/%s", pid, name);
	snprintf(ours, sizeof ours, "%" PRId64 "/ns/%s", c->self, name);
	if (fstatat(c->proc_fd, theirs, &a, 0) != 0 || fstatat(c->proc_fd, ours, &b, 0) != 0) {
		return "unknown";
	}
	return a.st_ino == b.st_ino && a.st_dev == b.st_dev ? "same" : "other";
}

static void put_status(struct confined *c, int64_t pid) {
	static const char *const names[][2] = {{"NoNewPrivs:", "no_new_privs"},
	                                       {"Seccomp:", "seccomp"},
	                                       {"Seccomp_filters:", "filters"}};
	struct slice text, line;

	if (proc_read(c->request->arena, c->proc_fd, pid, "status", TEXT_CAP, &text) != 0) {
		return;
	}
	while (slice_line(&text, &line)) {
		for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
			size_t len = strlen(names[i][0]);
			if (slice_starts(line, names[i][0])) {
				struct slice value =
					slice_trim(slice_of(line.data + len, line.len - len));
				strbuf_printf(&c->reply->bytes, "%s=%.*s\n", names[i][1],
				              (int)value.len, value.data);
			}
		}
	}
}

static int open_in(int root_fd, const char *path) {
	struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};

	return (int)syscall(SYS_openat2, root_fd, path, &how, sizeof how);
}

/* It is there for us and may be written, or its nearest parent may. */
static bool can_be_made(struct arena *arena, const char *path) {
	for (int i = 0; i < PARENT_MAX; i++) {
		if (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0) {
			return true;
		}
		if (errno != ENOENT || streq(path, "/")) {
			return false;
		}
		path = path_parent(arena, path);
	}
	return false;
}

/* seen=STATE READ_ONLY SAME PATH; of what is absent the nearest parent tells whether it could be
 * made. */
static void put_path(struct confined *c, int root_fd, const char *path) {
	struct arena *arena = c->request->arena;
	CLEANUP(fd_closep) int fd = open_in(root_fd, path);
	const char *state = fd >= 0           ? "ok"
	                    : errno == ENOENT ? "absent"
	                    : errno == EACCES ? "denied"
	                                      : "unknown";
	const char *at = path;
	struct stat theirs = {0}, ours = {0};
	struct statvfs fs = {0};

	for (int i = 0; fd < 0 && streq(state, "absent") && i < PARENT_MAX && !streq(at, "/");
	     i++) {
		at = path_parent(arena, at);
		fd = open_in(root_fd, at);
	}
	bool known = fd >= 0 && fstat(fd, &theirs) == 0 && fstatvfs(fd, &fs) == 0;
	/* Nothing can be made there by what has that root, and here it can. */
	bool shut = known && streq(state, "absent") &&
	            faccessat(fd, "", W_OK, AT_EMPTY_PATH | AT_EACCESS) != 0 &&
	            can_be_made(arena, path);
	bool same = known && stat(path, &ours) == 0 && ours.st_ino == theirs.st_ino &&
	            ours.st_dev == theirs.st_dev;
	strbuf_printf(&c->reply->bytes, "seen=%s %d %d %s\n", state,
	              shut || (known && (fs.f_flag & ST_RDONLY) != 0), same && streq(state, "ok"),
	              keyline_escape(arena, path));
}

static void put_view(struct confined *c, int64_t pid) {
	char path[64];
	struct slice rest = c->paths, line;

	snprintf(path, sizeof path, "%" PRId64 "/root", pid);
	CLEANUP(fd_closep)
	int root_fd = openat(c->proc_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root_fd < 0) {
		return;
	}
	CLEANUP(fd_closep) int info = open_in(root_fd, "/.flatpak-info");
	strbuf_printf(&c->reply->bytes, "flatpak=%d\n", info >= 0);
	while (slice_line(&rest, &line)) {
		if (line.len > 1 && line.data[0] == '/') {
			put_path(c, root_fd, arena_slicedup(c->request->arena, line));
		}
	}
}

static void put_process(struct confined *c, int64_t pid) {
	static const char *const ns[] = {"mnt", "net", "user", "pid"};
	struct arena *arena = c->request->arena;
	struct strbuf *out = &c->reply->bytes;
	struct proc_stat ps;
	struct slice text;

	if (proc_read(arena, c->proc_fd, pid, "stat", TEXT_CAP, &text) != 0 ||
	    !proc_stat_parse(text, &ps)) {
		return;
	}
	const char *exe = proc_link(arena, c->proc_fd, pid, "exe");
	strbuf_printf(out, "pid=%" PRId64 "\n", pid);
	keyline_put(out, "comm", ps.comm);
	keyline_put(out, "exe", exe ? exe : "");
	put_status(c, pid);
	for (size_t i = 0; i < sizeof ns / sizeof *ns; i++) {
		strbuf_printf(out, "%s=%s\n", ns[i], compare_ns(c, pid, ns[i]));
	}
	if (proc_read(arena, c->proc_fd, pid, "attr/current", TEXT_CAP, &text) == 0) {
		keyline_put(out, "label", arena_slicedup(arena, slice_trim(text)));
	}
	put_view(c, pid);
	strbuf_add_char(out, '\n');
}

/* A program of this name (or one that begins so) runs among them. */
static bool has_program(const struct confined *c, const struct proc_children *all,
                        const char *name) {
	for (size_t i = 0; i < all->count; i++) {
		const char *exe = proc_link(c->request->arena, c->proc_fd, all->pids[i], "exe");
		if (exe && str_starts(path_base(exe), name)) {
			return true;
		}
	}
	return false;
}

/* The processes below us, as soon as a program of that name is among them: wrappers take a moment. word is "WORD" or
 * "WORD NAME". */
static const struct proc_children *wait_for(const struct confined *c, const char *word) {
	const char *blank = strchr(word, ' ');
	int64_t until = clock_now_ns() + WAIT_NS;

	for (;;) {
		const struct proc_children *all =
			proc_descendants(c->request->arena, c->proc_fd, c->self);
		if (!blank || clock_now_ns() >= until || has_program(c, all, blank + 1)) {
			return all;
		}
		usleep(STEP_US);
	}
}

void look_confined(const struct looker *looker, const struct look_request *request,
                   struct look_reply *reply) {
	CLEANUP(fd_closep) int proc_fd = proc_open();
	struct confined c = {.request = request,
	                     .reply = reply,
	                     .proc_fd = proc_fd,
	                     .self = looker->self,
	                     .paths = slice_str(request->arg)};
	struct slice line, who;
	int64_t pid = -1;

	if (proc_fd < 0 || !slice_line(&c.paths, &line) || !slice_cut(&line, ' ', &who)) {
		look_reply_errno(reply, proc_fd < 0 ? ENOSYS : EINVAL);
		return;
	}
	if (slice_eq(who, "pid")) {
		pid = proc_pid_of(looker, arena_slicedup(request->arena, line));
		if (pid < 0) {
			look_reply_errno(reply, EINVAL);
			return;
		}
		put_process(&c, pid);
	} else {
		const struct proc_children *all =
			wait_for(&c, arena_slicedup(request->arena, line));
		for (size_t i = 0; i < all->count && reply->bytes.len < request->cap; i++) {
			put_process(&c, all->pids[i]);
		}
	}
	look_reply_errno(reply, 0);
}
