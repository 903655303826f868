/* SPDX-License-Identifier: MIT
 * The gopls processes of this user. A process is one by its name (comm, 15 bytes): "gopls", or a name
 * that begins so ("gopls-0.23"). Those dialtone started itself are children of its wardens and left
 * out.
 */
#include "base/fd.h"
#include "base/path.h"
#include "gofile/binary.h"
#include "world/editors.h"
#include "world/proc_scan.h"
#include "world/procfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SERVERS_MAX   64
#define ANCESTORS_MAX 8
#define TEXT_CAP      ((size_t)128 * 1024)

static const char deleted_mark[] = " (deleted)"; /* proc(5), /proc/PID/exe */

struct survey {
	const struct looker *looker;
	struct arena *arena;
	int proc_fd;
	int64_t boot_ns;
	const char *workspace;
	const char *workspace_real;
	int64_t pids[SERVERS_MAX];
	size_t count;
};

static bool server_seen(void *data, int64_t pid, const char *name) {
	struct survey *s = data;

	if (str_starts(name, "gopls")) {
		s->pids[s->count++] = pid;
	}
	return s->count < SERVERS_MAX;
}

static bool stat_read(const struct survey *s, int64_t pid, struct proc_stat *ret) {
	struct slice text;

	return proc_read(s->arena, s->proc_fd, pid, "stat", TEXT_CAP, &text) == 0 &&
	       proc_stat_parse(text, ret) && ret->state != 'Z';
}

/* Below a warden of the dialtone that asks. */
static bool is_ours(const struct survey *s, int64_t ppid) {
	struct proc_stat parent;

	return stat_read(s, ppid, &parent) && parent.ppid == s->looker->self;
}

static void put_editor(const struct survey *s, struct strbuf *out, int64_t ppid) {
	struct proc_stat ps;

	for (int i = 0; i < ANCESTORS_MAX && ppid > 1 && stat_read(s, ppid, &ps); i++) {
		const char *kind = editor_kind_of_comm(ps.comm);

		if (kind) {
			strbuf_printf(out, "editor_pid=%" PRId64 "\n", ppid);
			keyline_put(out, "editor_kind", kind);
			return;
		}
		ppid = ps.ppid;
	}
}

/* The file that runs, also when its name is gone. */
static void put_program(const struct survey *s, struct strbuf *out, int64_t pid) {
	const char *exe = proc_link(s->arena, s->proc_fd, pid, "exe");
	char path[32];
	struct stat st;

	if (!exe) {
		return;
	}
	bool gone = str_ends(exe, deleted_mark);

	keyline_put(out, "exe",
	            gone ? arena_strndup(s->arena, exe, strlen(exe) - strlen(deleted_mark)) : exe);
	strbuf_printf(out, "gone=%d\n", gone);
	snprintf(path, sizeof path, "%" PRId64 "/exe", pid);
	CLEANUP(fd_closep) int fd = openat(s->proc_fd, path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0) {
		return;
	}
	strbuf_printf(out, "dev=%" PRIu64 "\nino=%" PRIu64 "\nsize=%" PRId64 "\n",
	              (uint64_t)st.st_dev, (uint64_t)st.st_ino, (int64_t)st.st_size);
	struct binary bin = binary_read(s->arena, fd);

	if (bin.is_go) {
		keyline_put(out, "module_version", bin.module_version);
		keyline_put(out, "go_version", bin.go_version);
	}
}

static void put_descriptors(const struct survey *s, struct strbuf *out, int64_t pid) {
	char path[32];
	size_t count = 0;

	snprintf(path, sizeof path, "%" PRId64 "/fd", pid);
	int fd = openat(s->proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir) {
		return;
	}
	for (const struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		count += e->d_name[0] != '.';
	}
	closedir(dir);
	strbuf_printf(out, "fds=%zu\n", count);
}

static bool is_here(const struct survey *s, const char *cwd) {
	return cwd && (path_below(cwd, s->workspace) || path_below(cwd, s->workspace_real));
}

static void put_server(const struct survey *s, struct strbuf *out, int64_t pid) {
	struct proc_stat ps;
	struct slice text;

	if (!stat_read(s, pid, &ps) || is_ours(s, ps.ppid)) {
		return;
	}
	const char *cwd = proc_link(s->arena, s->proc_fd, pid, "cwd");

	strbuf_printf(out, "pid=%" PRId64 "\nppid=%" PRId64 "\nstart_wall_ns=%" PRId64 "\n", pid,
	              ps.ppid, proc_start_wall_ns(s->boot_ns, ps.start_ticks));
	strbuf_printf(out, "start_ticks=%" PRIu64 "\nstate=%c\nhere=%d\n", ps.start_ticks, ps.state,
	              is_here(s, cwd));
	if (cwd) {
		keyline_put(out, "cwd", cwd);
	}
	put_program(s, out, pid);
	put_editor(s, out, ps.ppid);
	put_descriptors(s, out, pid);
	if (proc_read(s->arena, s->proc_fd, pid, "cmdline", TEXT_CAP, &text) == 0) {
		proc_put_cmdline(out, s->arena, text);
	}
	strbuf_add_char(out, '\n');
}

static int compare_pids(const void *a, const void *b) {
	const int64_t *left = a, *right = b;

	return (*left > *right) - (*left < *right);
}

void look_gopls(const struct looker *looker, const struct look_request *request,
                struct look_reply *reply) {
	CLEANUP(fd_closep) int proc_fd = proc_open();
	struct survey *s = arena_new_of(request->arena, struct survey);
	char real[PATH_MAX];

	if (proc_fd < 0) {
		look_reply_errno(reply, ENOSYS);
		return;
	}
	s->looker = looker;
	s->arena = request->arena;
	s->proc_fd = proc_fd;
	s->boot_ns = proc_boot_wall_ns(s->arena, proc_fd);
	s->workspace = path_clean(s->arena, request->arg);
	s->workspace_real = realpath(request->arg, real) ? real : s->workspace;
	look_reply_errno(reply, proc_scan(looker->names, proc_fd, looker->uid, server_seen, s));
	qsort(s->pids, s->count, sizeof *s->pids, compare_pids);
	for (size_t i = 0; i < s->count; i++) {
		put_server(s, &reply->bytes, s->pids[i]);
	}
}
