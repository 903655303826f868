/* SPDX-License-Identifier: MIT
 * The descriptors of processes: of those that were named, and of all that hold what is searched for.
 */
#include "world/peers_parts.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "base/vec.h"
#include "world/proc_numbers.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static uint64_t inode_in(const char *target, const char *prefix) {
	return strtoull(target + strlen(prefix), NULL, 10);
}

/* What a path leads to; nothing is asked of a server far away. */
static void path_kind(struct end *end, int dir_fd, const char *name) {
	struct statx st;

	end->kind = END_FILE;
	if (statx(dir_fd, name, AT_STATX_DONT_SYNC, STATX_TYPE | STATX_INO, &st) < 0) {
		return;
	}
	if (S_ISFIFO(st.stx_mode)) {
		end->kind = END_FIFO;
		end->inode = st.stx_ino;
	} else if (S_ISCHR(st.stx_mode) &&
	           (str_starts(end->target, "/dev/pts/") || str_starts(end->target, "/dev/tty") ||
	            streq(end->target, "/dev/console"))) {
		end->kind = END_TTY;
	}
}

static void end_read(struct end *end, int dir_fd, const char *name) {
	struct stat st;

	if (str_starts(end->target, "pipe:[")) {
		end->kind = END_PIPE;
		end->inode = inode_in(end->target, "pipe:[");
	} else if (str_starts(end->target, "socket:[")) {
		end->kind = END_UNIX;
		end->inode = inode_in(end->target, "socket:[");
		end->reads = end->writes = true;
		return;
	} else if (streq(end->target, "/dev/null")) {
		end->kind = END_NULL;
	} else if (end->target[0] == '/') {
		path_kind(end, dir_fd, name);
	} else {
		end->kind = END_OTHER;
		return;
	}
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		end->reads = (st.st_mode & S_IRUSR) != 0;
		end->writes = (st.st_mode & S_IWUSR) != 0;
	}
}

static bool ends_add(struct peers *p, const struct end *end) {
	if (p->end_count >= PEER_ENDS_MAX) {
		return false;
	}
	VEC_ROOM(p->arena, p->ends, p->end_count, &p->end_size);
	p->ends[p->end_count++] = *end;
	p->sorted = false;
	return true;
}

static bool is_taken(const struct peers *p, int64_t pid) {
	for (size_t i = 0; i < p->pid_count; i++) {
		if (p->pids[i] == pid) {
			return true;
		}
	}
	return false;
}

static void pids_add(struct peers *p, int64_t pid) {
	VEC_ROOM(p->arena, p->pids, p->pid_count, &p->pid_size);
	p->pids[p->pid_count++] = pid;
}

static int refused(struct peers *p, int error) {
	p->denied += error == EACCES || error == EPERM;
	return error;
}

int peers_take(struct peers *p, int64_t pid) {
	char target[PATH_MAX + 1];
	struct proc_numbers fds;
	size_t count = 0;

	if (is_taken(p, pid)) {
		return 0;
	}
	int error = proc_fds_open(&fds, p->proc_fd, pid);

	if (error) {
		return refused(p, error);
	}
	pids_add(p, pid);
	while (proc_numbers_next(&fds)) {
		if (++count > PEER_DESCRIPTORS_MAX) {
			p->cut++;
			break;
		}
		if (proc_numbers_link(&fds, target, sizeof target)) {
			struct end end = {.pid = pid, .fd = fds.number};

			end.target = arena_strdup(p->arena, target);
			end_read(&end, fds.dir_fd, fds.name);
			ends_add(p, &end);
		}
	}
	proc_numbers_close(&fds);
	return 0;
}

static int compare_ends(const void *a, const void *b) {
	const struct end *left = a, *right = b;

	if (left->inode != right->inode) {
		return left->inode < right->inode ? -1 : 1;
	}
	if (left->pid != right->pid) {
		return left->pid < right->pid ? -1 : 1;
	}
	return (left->fd > right->fd) - (left->fd < right->fd);
}

static void ends_sort(struct peers *p) {
	if (!p->sorted && p->end_count > 1) {
		qsort(p->ends, p->end_count, sizeof *p->ends, compare_ends);
	}
	p->sorted = true;
}

size_t peers_find(struct peers *p, uint64_t inode) {
	size_t low = 0, high = p->end_count;

	ends_sort(p);
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (p->ends[middle].inode < inode) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low;
}

void peers_each(struct peers *p, int64_t pid, bool (*fn)(void *data, const struct end *end),
                void *data) {
	for (size_t i = 0; i < p->end_count; i++) {
		if (p->ends[i].pid == pid && !fn(data, &p->ends[i])) {
			return;
		}
	}
}

struct end peers_end(struct peers *p, int64_t pid, int fd) {
	for (size_t i = 0; i < p->end_count; i++) {
		if (p->ends[i].pid == pid && p->ends[i].fd == fd) {
			const struct inet_socket *tcp = peers_tcp(p, &p->ends[i]);
			struct end end = p->ends[i];

			if (end.kind == END_UNIX && tcp) {
				end.kind = END_TCP;
			}
			return end;
		}
	}
	return (struct end){.pid = pid, .fd = fd, .target = ""};
}

/* ---- everybody ---- */

bool peers_was_searched(const struct peers *p, uint64_t inode) {
	for (size_t i = 0; i < p->searched_count; i++) {
		if (p->searched[i] == inode) {
			return true;
		}
	}
	return false;
}

struct wanted {
	uint64_t inode;
	const char *fifo; /* the path of a FIFO, whose link has no number; else NULL */
};

struct search {
	struct peers *peers;
	struct wanted *wanted;
	size_t count;
};

/* What the end at the other side looks like in /proc/PID/fd; false when it needs no search. */
static bool want(struct peers *p, const struct end *end, struct wanted *ret) {
	struct peer peer = peers_of(p, end);

	if ((peer.state != PEER_UNSEEN &&
	     !(peer.state == PEER_WAITING && peer.holder_count == 0)) ||
	    peers_was_searched(p, end->inode)) {
		return false;
	}
	*ret = (struct wanted){.inode = peers_far_inode(p, end),
	                       .fifo = end->kind == END_FIFO ? end->target : NULL};
	return ret->inode != 0 || ret->fifo;
}

static bool is_wanted(const struct search *search, const char *target) {
	uint64_t inode = str_starts(target, "pipe:[")     ? inode_in(target, "pipe:[")
	                 : str_starts(target, "socket:[") ? inode_in(target, "socket:[")
	                                                  : 0;

	for (size_t i = 0; i < search->count; i++) {
		const struct wanted *w = &search->wanted[i];

		if (w->fifo ? streq(w->fifo, target) : inode != 0 && w->inode == inode) {
			return true;
		}
	}
	return false;
}

static void search_process(struct search *search, int64_t pid) {
	struct peers *p = search->peers;
	char target[PATH_MAX + 1];
	struct proc_numbers fds;
	size_t count = 0;
	int error = proc_fds_open(&fds, p->proc_fd, pid);

	if (error) {
		refused(p, error);
		return;
	}
	while (proc_numbers_next(&fds)) {
		if (++count > PEER_DESCRIPTORS_MAX) {
			p->cut++;
			break;
		}
		if (proc_numbers_link(&fds, target, sizeof target) && is_wanted(search, target)) {
			struct end end = {.pid = pid, .fd = fds.number};

			end.target = arena_strdup(p->arena, target);
			end_read(&end, fds.dir_fd, fds.name);
			ends_add(p, &end);
		}
	}
	proc_numbers_close(&fds);
}

static void searched_add(struct peers *p, const struct end *ends, size_t count) {
	uint64_t *all = arena_array_of(p->arena, uint64_t, p->searched_count + count);

	if (p->searched_count > 0) {
		memcpy(all, p->searched, p->searched_count * sizeof *all);
	}
	for (size_t i = 0; i < count; i++) {
		all[p->searched_count++] = ends[i].inode;
	}
	p->searched = all;
}

void peers_search(struct peers *p, const struct end *ends, size_t count, int64_t until_ns) {
	struct search search = {.peers = p};

	search.wanted = arena_array_of(p->arena, struct wanted, count);
	for (size_t i = 0; i < count; i++) {
		search.count += want(p, &ends[i], &search.wanted[search.count]);
	}
	struct proc_numbers pids;

	if (search.count == 0 || proc_pids_open(&pids, p->proc_fd) != 0) {
		return;
	}
	p->denied = 0;
	p->cut = 0;
	while (proc_numbers_next(&pids)) {
		if (is_taken(p, pids.number)) {
			continue;
		}
		if (clock_now_ns() > until_ns) {
			p->cut++;
			break;
		}
		search_process(&search, pids.number);
	}
	proc_numbers_close(&pids);
	searched_add(p, ends, count);
}
