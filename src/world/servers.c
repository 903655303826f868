/* SPDX-License-Identifier: MIT
 * Running language servers and debug adapters of this user, and the manager of this user's services.
 *
 * A server is known by its name (comm): gopls, dlv, clangd, rust-analyzer …; a node or python
 * process by an argument that names one (pyright-langserver, …). The child that gopls starts for
 * telemetry (argv[1] "** telemetry **", golang.org/x/telemetry/internal/upload) is none.
 *
 * systemd's user instance gives its services the variables it was started with, those of
 * environment.d(5) and those that were imported later; only the last two are missing from
 * /proc/PID/environ of the manager itself. A bus daemon it started has them all.
 */
#include "world/looks.h"

#include "base/fd.h"
#include "base/path.h"
#include "core/server_comm.h"
#include "world/proc_scan.h"
#include "world/procfs.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#define SERVERS_MAX   64
#define TEXT_CAP      ((size_t)64 * 1024)
#define ARGUMENTS_MAX 4 /* the name of a script stands among the first */

struct server {
	int64_t pid;
	int64_t ppid;
	uint64_t start_ticks;
	bool inside;
	char name[PROC_COMM_SIZE];
};

struct scan {
	struct arena *arena;
	int proc_fd;
	const char *workspace;
	const char *workspace_real;
	struct server servers[SERVERS_MAX];
	size_t count;
};

/* The server that the arguments name; NULL when it is none. comm has at most 15 bytes. */
static const char *name_of(struct scan *scan, int64_t pid, const char *comm) {
	const char *native = server_of_comm(comm);
	struct slice text, arg;

	if (!native && !comm_is_interpreter(comm) && !str_has(comm, "ls")) {
		return NULL;
	}
	if (proc_read(scan->arena, scan->proc_fd, pid, "cmdline", TEXT_CAP, &text) != 0) {
		return native;
	}
	for (size_t i = 0; i < ARGUMENTS_MAX && slice_cut(&text, '\0', &arg); i++) {
		const char *base = path_base(arena_slicedup(scan->arena, arg));

		if (native && i == 1 && slice_eq(arg, "** telemetry **")) {
			return NULL;
		}
		if (!native && server_of_script(base)) {
			return server_of_script(base);
		}
	}
	return native;
}

static bool server_seen(void *data, int64_t pid, const char *comm) {
	struct scan *scan = data;
	const char *name = name_of(scan, pid, comm);
	struct server *server = &scan->servers[scan->count];
	struct proc_stat ps;
	struct slice text;
	const char *cwd;

	if (!name || proc_read(scan->arena, scan->proc_fd, pid, "stat", TEXT_CAP, &text) != 0 ||
	    !proc_stat_parse(text, &ps) || ps.state == 'Z') {
		return true;
	}
	cwd = proc_link(scan->arena, scan->proc_fd, pid, "cwd");
	*server = (struct server){.pid = pid, .ppid = ps.ppid, .start_ticks = ps.start_ticks};
	server->inside =
		cwd && (path_below(cwd, scan->workspace) || path_below(cwd, scan->workspace_real));
	memcpy(server->name, name, strnlen(name, sizeof server->name - 1));
	scan->count++;
	return scan->count < SERVERS_MAX;
}

static int compare_recent_first(const void *a, const void *b) {
	const struct server *left = a, *right = b;

	if (left->start_ticks != right->start_ticks) {
		return left->start_ticks < right->start_ticks ? 1 : -1;
	}
	return (left->pid < right->pid) - (left->pid > right->pid);
}

void look_servers(const struct looker *looker, const struct look_request *request,
                  struct look_reply *reply) {
	CLEANUP(fd_closep) int proc_fd = proc_open();
	struct scan *scan = arena_new_of(request->arena, struct scan);
	char real[PATH_MAX];

	if (proc_fd < 0) {
		look_reply_errno(reply, ENOSYS);
		return;
	}
	scan->arena = request->arena;
	scan->proc_fd = proc_fd;
	scan->workspace = path_clean(scan->arena, request->arg);
	scan->workspace_real = realpath(request->arg, real) ? real : scan->workspace;
	look_reply_errno(reply, proc_scan(looker->names, proc_fd, looker->uid, server_seen, scan));
	qsort(scan->servers, scan->count, sizeof *scan->servers, compare_recent_first);
	for (size_t i = 0; i < scan->count; i++) {
		const struct server *s = &scan->servers[i];

		strbuf_printf(&reply->bytes, "%" PRId64 " %" PRId64 " %d %s\n", s->pid, s->ppid,
		              s->inside, s->name);
	}
}

/* ---- the manager of the user's services ---- */

struct manager {
	struct arena *arena;
	int proc_fd;
	int64_t pid;    /* 0: none */
	int64_t bus[8]; /* bus daemons and their parents */
	int64_t bus_parent[8];
	size_t bus_count;
};

static int64_t parent_of(struct manager *m, int64_t pid) {
	struct proc_stat ps;
	struct slice text;

	if (proc_read(m->arena, m->proc_fd, pid, "stat", TEXT_CAP, &text) != 0 ||
	    !proc_stat_parse(text, &ps)) {
		return 0;
	}
	return ps.ppid;
}

static bool is_user_manager(struct manager *m, int64_t pid) {
	struct slice text, arg;

	if (proc_read(m->arena, m->proc_fd, pid, "cmdline", TEXT_CAP, &text) != 0) {
		return false;
	}
	while (slice_cut(&text, '\0', &arg)) {
		if (slice_eq(arg, "--user")) {
			return true;
		}
	}
	return false;
}

static bool manager_seen(void *data, int64_t pid, const char *comm) {
	struct manager *m = data;

	if (streq(comm, "systemd") && !m->pid && is_user_manager(m, pid)) {
		m->pid = pid;
	}
	if ((streq(comm, "dbus-daemon") || str_starts(comm, "dbus-broker")) && m->bus_count < 8) {
		m->bus[m->bus_count] = pid;
		m->bus_parent[m->bus_count++] = parent_of(m, pid);
	}
	return true;
}

void look_manager(const struct looker *looker, const struct look_request *request,
                  struct look_reply *reply) {
	CLEANUP(fd_closep) int proc_fd = proc_open();
	struct manager m = {.arena = request->arena, .proc_fd = proc_fd};
	int64_t pid;
	int error;

	if (proc_fd < 0) {
		look_reply_errno(reply, ENOSYS);
		return;
	}
	error = proc_scan(looker->names, proc_fd, looker->uid, manager_seen, &m);
	pid = m.pid;
	for (size_t i = 0; m.pid && i < m.bus_count; i++) {
		if (m.bus_parent[i] == m.pid) {
			pid = m.bus[i];
			break;
		}
	}
	look_reply_errno(reply, error ? error : pid ? 0 : ENOENT);
	if (pid) {
		strbuf_printf(&reply->bytes, "%" PRId64, pid);
	}
}
