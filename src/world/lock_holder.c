/* SPDX-License-Identifier: MIT
 */
#include "world/lock_holder.h"

#include "base/fd.h"
#include "core/world.h"
#include "world/proc_children.h"
#include "world/procfs.h"
#include "world/sockets.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define TEXT_CAP         ((size_t)64 * 1024)
#define SOCKETS_MINE_MAX 512

/* ---- is it frozen ---- */

static bool file_says(struct arena *arena, const char *path, const char *text) {
	struct look_reply reply = {.state = EV_FAILED};

	strbuf_init(&reply.bytes, arena);
	return look_read_file(AT_FDCWD, path, TEXT_CAP, &reply) == 0 &&
	       strstr(reply.bytes.data, text) != NULL;
}

static bool is_frozen(struct arena *arena, int proc_fd, int64_t pid) {
	struct slice text, line;

	if (proc_read(arena, proc_fd, pid, "cgroup", TEXT_CAP, &text) != 0) {
		return false;
	}
	while (slice_line(&text, &line)) {
		const char *row = arena_slicedup(arena, line);
		const char *path = strchr(row, '/');

		if (!path) {
			continue;
		}
		if (str_starts(row, "0::") &&
		    (file_says(arena, arena_printf(arena, "/sys/fs/cgroup%s/cgroup.events", path),
		               "frozen 1") ||
		     file_says(arena,
		               arena_printf(arena, "/sys/fs/cgroup/unified%s/cgroup.events", path),
		               "frozen 1"))) {
			return true;
		}
		if (str_has(row, ":freezer:") &&
		    file_says(arena,
		              arena_printf(arena, "/sys/fs/cgroup/freezer%s/freezer.state", path),
		              "FROZEN")) {
			return true;
		}
	}
	return false;
}

/* ---- sockets ---- */

/* The one that is still connecting, if there is one, else any that is connected. */
static const struct inet_socket *find_peer(struct arena *arena, int proc_fd, int64_t pid) {
	uint64_t *inodes = arena_array_of(arena, uint64_t, SOCKETS_MINE_MAX);
	size_t count = sockets_of_process(proc_fd, pid, inodes, SOCKETS_MINE_MAX);
	struct sockets *sockets = arena_new_of(arena, struct sockets);
	const struct inet_socket *found = NULL;

	if (count > 0) {
		sockets_read(sockets, arena, proc_fd, pid, SOCKETS_TCP);
	}
	for (size_t i = 0; i < count; i++) {
		const struct inet_socket *s = sockets_inet(sockets, inodes[i]);

		if (s &&
		    (s->state == SOCKET_SYN_SENT || (s->state == SOCKET_ESTABLISHED && !found))) {
			found = s;
		}
	}
	return found;
}

/* ---- does it work ---- */

/* "rchar: N" and "wchar: N"; -1 when it may not be read. */
static int64_t io_of(struct arena *arena, int proc_fd, int64_t pid) {
	unsigned long long r, w;
	struct slice text;

	if (proc_read(arena, proc_fd, pid, "io", TEXT_CAP, &text) != 0 ||
	    sscanf(arena_slicedup(arena, text), "rchar: %llu wchar: %llu", &r, &w) != 2) {
		return -1;
	}
	return (int64_t)((r + w) & INT64_MAX);
}

/* The last that was started below it. Who asks from a terminal below the holder is none of its work: looks are
 * made by a child of the program. */
static int64_t leaf_of(const struct proc_children *below, int64_t pid) {
	for (size_t i = below->count; i > 0; i--) {
		if (below->pids[i - 1] != getpid() && below->pids[i - 1] != getppid()) {
			return below->pids[i - 1];
		}
	}
	return pid;
}

void lock_holder_put(struct arena *arena, int proc_fd, int64_t pid, struct strbuf *out) {
	const struct proc_children *below = proc_descendants(arena, proc_fd, pid);
	int64_t leaf = leaf_of(below, pid);
	int64_t ticks_per_s = sysconf(_SC_CLK_TCK);
	int64_t cpu_ms = 0, io_bytes = 0;
	const struct inet_socket *peer = NULL;
	struct slice text;
	struct proc_stat ps;

	for (size_t i = 0; i <= below->count; i++) {
		int64_t one = i == 0 ? pid : below->pids[i - 1];
		int64_t io = io_of(arena, proc_fd, one);

		io_bytes = io < 0 || io_bytes < 0 ? -1 : io_bytes + io;
		if (proc_read(arena, proc_fd, one, "stat", TEXT_CAP, &text) == 0 &&
		    proc_stat_parse(text, &ps)) {
			cpu_ms += (int64_t)ps.cpu_ticks * 1000 /
			          (ticks_per_s > 0 ? ticks_per_s : 100);
		}
		peer = peer ? peer : find_peer(arena, proc_fd, one);
	}
	strbuf_printf(out,
	              "frozen=%d\ncpu_ms=%" PRId64 "\nio_bytes=%" PRId64 "\nleaf=%" PRId64 "\n",
	              is_frozen(arena, proc_fd, pid), cpu_ms, io_bytes, leaf);
	if (proc_read(arena, proc_fd, leaf, "stat", TEXT_CAP, &text) == 0 &&
	    proc_stat_parse(text, &ps)) {
		keyline_put(out, "leaf_comm", ps.comm);
	}
	if (proc_read(arena, proc_fd, leaf, "cmdline", TEXT_CAP, &text) == 0) {
		proc_put_cmdline_as(out, "leaf_cmdline", arena, text);
	}
	if (peer) {
		keyline_put(out, "peer",
		            socket_address_text(arena, peer->remote, peer->remote_port));
		keyline_put(out, "peer_state",
		            peer->state == SOCKET_SYN_SENT ? "connecting" : "connected");
	}
}
