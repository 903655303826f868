/* SPDX-License-Identifier: MIT
 */
#include "world/lock_holder.h"

#include "base/fd.h"
#include "core/world.h"
#include "world/proc_children.h"
#include "world/procfs.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TEXT_CAP    ((size_t)64 * 1024)
#define SOCKETS_CAP ((size_t)1024 * 1024)
#define SOCKETS_MAX 512

enum { STATE_ESTABLISHED = 1, STATE_SYN_SENT = 2 }; /* include/net/tcp_states.h */

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

static bool address_parse(const char *hex, char *peer, size_t size) {
	size_t len = strcspn(hex, ":");
	uint32_t words[4] = {0};
	char text[INET6_ADDRSTRLEN] = "";
	unsigned port;

	if ((len != 8 && len != 32) || sscanf(hex + len, ":%x", &port) != 1 || port > 65535) {
		return false;
	}
	for (size_t i = 0; i < len / 8; i++) {
		char word[9] = "";
		char *end;

		memcpy(word, hex + i * 8, 8);
		words[i] = (uint32_t)strtoul(word, &end, 16); /* as it lies in memory */
		if (*end) {
			return false;
		}
	}
	inet_ntop(len == 8 ? AF_INET : AF_INET6, words, text, sizeof text);
	snprintf(peer, size, len == 8 ? "%s:%u" : "[%s]:%u", text, port);
	return true;
}

bool tcp_row_parse(struct slice line, struct tcp_row *ret) {
	char text[256] = "", local[80], remote[80], state[8];
	unsigned long long inode;

	memcpy(text, line.data ? line.data : "",
	       line.len < sizeof text - 1 ? line.len : sizeof text - 1);
	if (sscanf(text, " %*[0-9]: %79s %79s %7s %*s %*s %*s %*s %*s %llu", local, remote, state,
	           &inode) != 4) {
		return false;
	}
	unsigned long number = strtoul(state, NULL, 16);

	ret->inode = inode;
	ret->connecting = number == STATE_SYN_SENT;
	return (ret->connecting || number == STATE_ESTABLISHED) &&
	       address_parse(remote, ret->peer, sizeof ret->peer);
}

struct sockets {
	uint64_t inodes[SOCKETS_MAX];
	size_t count;
};

static void sockets_of(int proc_fd, int64_t pid, struct sockets *sockets) {
	char path[64], target[64];

	snprintf(path, sizeof path, "%" PRId64 "/fd", pid);
	int fd = openat(proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	for (const struct dirent *e = dir ? readdir(dir) : NULL; e && sockets->count < SOCKETS_MAX;
	     e = readdir(dir)) {
		ssize_t n = readlinkat(dirfd(dir), e->d_name, target, sizeof target - 1);

		target[n > 0 ? n : 0] = '\0';
		if (str_starts(target, "socket:[")) {
			sockets->inodes[sockets->count++] = strtoull(target + 8, NULL, 10);
		}
	}
	if (dir) {
		closedir(dir);
	}
}

static bool has_socket(const struct sockets *sockets, uint64_t inode) {
	for (size_t i = 0; i < sockets->count; i++) {
		if (sockets->inodes[i] == inode) {
			return true;
		}
	}
	return false;
}

/* The one that is still connecting, if there is one, else any that is connected. */
static bool find_peer(struct arena *arena, int proc_fd, int64_t pid, struct tcp_row *ret) {
	static const char *const tables[] = {"net/tcp", "net/tcp6"};
	struct sockets *sockets = arena_new_of(arena, struct sockets);
	bool found = false;

	sockets_of(proc_fd, pid, sockets);
	for (size_t i = 0; sockets->count > 0 && i < sizeof tables / sizeof *tables; i++) {
		struct slice text, line;

		if (proc_read(arena, proc_fd, pid, tables[i], SOCKETS_CAP, &text) != 0) {
			continue;
		}
		while (slice_line(&text, &line)) {
			struct tcp_row row;

			if (tcp_row_parse(line, &row) && has_socket(sockets, row.inode) &&
			    (!found || (row.connecting && !ret->connecting))) {
				*ret = row;
				found = true;
			}
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

void lock_holder_put(struct arena *arena, int proc_fd, int64_t pid, struct strbuf *out) {
	const struct proc_children *below = proc_descendants(arena, proc_fd, pid);
	int64_t leaf = below->count > 0 ? below->pids[below->count - 1] : pid;
	int64_t ticks_per_s = sysconf(_SC_CLK_TCK);
	int64_t cpu_ms = 0, io_bytes = 0;
	struct tcp_row row;
	struct slice text;
	struct proc_stat ps;
	bool found = false;

	for (size_t i = 0; i <= below->count; i++) {
		int64_t one = i == 0 ? pid : below->pids[i - 1];
		int64_t io = io_of(arena, proc_fd, one);

		io_bytes = io < 0 || io_bytes < 0 ? -1 : io_bytes + io;
		if (proc_read(arena, proc_fd, one, "stat", TEXT_CAP, &text) == 0 &&
		    proc_stat_parse(text, &ps)) {
			cpu_ms += (int64_t)ps.cpu_ticks * 1000 /
			          (ticks_per_s > 0 ? ticks_per_s : 100);
		}
		found = found || find_peer(arena, proc_fd, one, &row);
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
	if (found) {
		keyline_put(out, "peer", row.peer);
		keyline_put(out, "peer_state", row.connecting ? "connecting" : "connected");
	}
}
