/* SPDX-License-Identifier: MIT
 */
#include "base/fd.h"
#include "base/vec.h"
#include "world/proc_children.h"
#include "world/proc_numbers.h"
#include "world/waits.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINK_SIZE     512
#define ANCESTORS_MAX 12
#define NAME_MIN      6 /* of a process whose name is looked for in those of sockets */

/* The mode of the link of an open descriptor says how it is open; 0 when it has gone. */
char waits_way_of(const struct waits *w, const struct waits_holder *h) {
	char path[64];
	struct stat st;

	if (!h->is_pipe) {
		return 'b';
	}
	snprintf(path, sizeof path, "%" PRId64 "/fd/%d", h->pid, h->fd);
	if (fstatat(w->proc_fd, path, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		return 0;
	}
	return st.st_mode & S_IRUSR ? st.st_mode & S_IWUSR ? 'b' : 'r' : 'w';
}

static bool inode_of(const char *link, const char *prefix, uint64_t *ret) {
	if (!str_starts(link, prefix)) {
		return false;
	}
	*ret = strtoull(link + strlen(prefix), NULL, 10);
	return true;
}

static struct waits_holder *holder_new(struct waits *w) {
	VEC_ROOM(w->arena, w->holders, w->holder_count, &w->holder_size);
	return &w->holders[w->holder_count++];
}

/* The real user of a process, from the line "Uid:" of its status; -1 unknown. */
static int64_t user_of(struct waits *w, int64_t pid) {
	struct slice text, line;

	if (proc_read(w->arena, w->proc_fd, pid, "status", WAITS_TEXT_CAP, &text) != 0) {
		return -1;
	}
	while (slice_line(&text, &line)) {
		if (slice_starts(line, "Uid:")) {
			return strtoll(arena_slicedup(w->arena, line) + 4, NULL, 10);
		}
	}
	return -1;
}

/* Agents that keep secrets hide what they have open even from their own user (prctl(2), PR_SET_DUMPABLE): gpg-agent
 * and ssh-agent. Their sockets have names that say whose they are. */
static void guess_ends(struct waits *w, int64_t pid) {
	struct slice comm, stat;
	struct proc_stat ps;

	/* One that has ended shows nothing either, and has nothing. */
	if (user_of(w, pid) != (int64_t)w->looker->uid ||
	    proc_read(w->arena, w->proc_fd, pid, "stat", WAITS_TEXT_CAP, &stat) != 0 ||
	    !proc_stat_parse(stat, &ps) || ps.state == 'Z' ||
	    proc_read(w->arena, w->proc_fd, pid, "comm", WAITS_TEXT_CAP, &comm) != 0) {
		return;
	}
	const char *name = arena_slicedup(w->arena, slice_trim(comm));
	bool is_ssh = streq(name, "ssh-agent");

	for (size_t i = 0; strlen(name) >= NAME_MIN && i < w->sockets.unix_count &&
	                   w->holder_count < WAITS_HOLDERS_MAX;
	     i++) {
		const struct unix_socket *s = &w->sockets.unixes[i];
		const char *base = strrchr(s->path, '/');

		if (s->inode != 0 && base &&
		    (strstr(base, name) || (is_ssh && str_starts(base, "/agent.")))) {
			*holder_new(w) =
				(struct waits_holder){.ino = s->inode, .pid = pid, .fd = -1};
		}
	}
}

static void take_ends(struct waits *w, int64_t pid) {
	char link[LINK_SIZE];
	struct proc_numbers fds;
	int error = proc_fds_open(&fds, w->proc_fd, pid);

	if (error) {
		bool denied = error == EACCES || error == EPERM;

		w->unreadable += denied;
		if (denied) {
			guess_ends(w, pid);
		}
		return;
	}
	while (proc_numbers_next(&fds)) {
		uint64_t ino;
		bool is_pipe;

		if (!proc_numbers_link(&fds, link, sizeof link)) {
			continue;
		}
		is_pipe = inode_of(link, "pipe:[", &ino);
		if (!is_pipe && !inode_of(link, "socket:[", &ino)) {
			continue;
		}
		if (w->holder_count >= WAITS_HOLDERS_MAX) {
			w->holders_cut = true;
			break;
		}
		*holder_new(w) = (struct waits_holder){
			.ino = ino, .pid = pid, .fd = fds.number, .is_pipe = is_pipe};
	}
	proc_numbers_close(&fds);
}

static int compare(const void *a, const void *b) {
	const struct waits_holder *left = a, *right = b;

	if (left->ino != right->ino) {
		return left->ino < right->ino ? -1 : 1;
	}
	return (left->pid > right->pid) - (left->pid < right->pid);
}

static void holders_sort(struct waits *w) {
	if (w->holder_count > 0) {
		qsort(w->holders, w->holder_count, sizeof *w->holders, compare);
	}
}

static bool is_below_us(const struct waits *w, int64_t pid) {
	struct proc_stat ps = {.ppid = pid};
	struct slice text;

	for (int i = 0; i < ANCESTORS_MAX && ps.ppid > 1; i++) {
		if (ps.ppid == w->looker->self) {
			return true;
		}
		if (proc_read(w->arena, w->proc_fd, ps.ppid, "stat", WAITS_TEXT_CAP, &text) != 0 ||
		    !proc_stat_parse(text, &ps)) {
			break;
		}
	}
	return false;
}

/* Does a socket, or a thread that connects, lead to somebody who was not looked at? Our own ends are not asked about. */
static bool leads_out(const struct waits *w) {
	for (size_t i = 0; i < w->holder_count; i++) {
		const struct waits_holder *h = &w->holders[i];
		struct waits_socket s;

		if (h->is_pipe || h->pid == w->looker->self) {
			continue;
		}
		if (!waits_socket_of(w, h->ino, &s) ||
		    !waits_holder_of(w, s.peer ? s.peer : s.waits_at, NULL)) {
			return true;
		}
	}
	for (size_t i = 0; i < w->count; i++) {
		for (size_t k = 0; k < w->list[i]->thread_count; k++) {
			if (streq(w->list[i]->threads[k].call, "connect")) {
				return true;
			}
		}
	}
	return false;
}

/* What we started talks over pipes that we made: nobody else can have their ends. True when that was all. A kernel that
 * does not tell of children (CONFIG_PROC_CHILDREN) does not show the target among ours. */
static bool find_among_ours(struct waits *w, int64_t target) {
	const struct proc_children *ours = proc_descendants(w->arena, w->proc_fd, w->looker->self);
	bool has_target = false;

	take_ends(w, w->looker->self);
	for (size_t i = 0; i < ours->count; i++) {
		take_ends(w, ours->pids[i]);
		has_target = has_target || ours->pids[i] == target;
	}
	holders_sort(w);
	return has_target && ours->count < PROC_CHILDREN_MAX && !leads_out(w);
}

void waits_find_holders(struct waits *w, int64_t target) {
	if (!is_below_us(w, target) || !find_among_ours(w, target)) {
		waits_find_all_holders(w);
	}
}

void waits_find_all_holders(struct waits *w) {
	if (w->all_holders) {
		return;
	}
	struct proc_numbers pids;

	w->all_holders = true;
	w->holder_count = 0;
	w->holders_cut = false;
	w->unreadable = 0;

	if (proc_pids_open(&pids, w->proc_fd) != 0) {
		return;
	}
	while (proc_numbers_next(&pids)) {
		take_ends(w, pids.number);
	}
	proc_numbers_close(&pids);
	holders_sort(w);
}

const struct waits_holder *waits_holder_of(const struct waits *w, uint64_t ino,
                                           const struct waits_holder *after) {
	size_t low = 0, high = w->holder_count;

	if (after) {
		size_t next = (size_t)(after - w->holders) + 1;

		return next < w->holder_count && w->holders[next].ino == ino ? &w->holders[next]
		                                                             : NULL;
	}
	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (w->holders[middle].ino < ino) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low < w->holder_count && w->holders[low].ino == ino ? &w->holders[low] : NULL;
}

/* ---- what a process has open ---- */

static void put_end(struct waits *w, const struct waits_holder *h, uint64_t ino, int64_t pid) {
	char way = h->ino == ino && h->pid != pid ? waits_way_of(w, h) : 0;

	if (way) {
		strbuf_printf(w->out, "end=%" PRId64 " %d %c\n", h->pid, h->fd, way);
	}
}

static void put_ends(struct waits *w, uint64_t ino, int64_t pid) {
	for (const struct waits_holder *h = waits_holder_of(w, ino, NULL); h;
	     h = waits_holder_of(w, ino, h)) {
		put_end(w, h, ino, pid);
	}
}

/* When something was last written to a pipe: its inode says so. */
static void put_pipe(struct waits *w, int64_t pid, int fd) {
	char path[64];
	struct stat st;

	snprintf(path, sizeof path, "%" PRId64 "/fd/%d", pid, fd);
	if (w->pipes_tell_time && fstatat(w->proc_fd, path, &st, 0) == 0 && S_ISFIFO(st.st_mode)) {
		strbuf_printf(w->out, "mtime_ns=%" PRId64 "\n",
		              (int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec);
	}
}

/* What fdinfo knows that the link does not: how it is open, whom a pidfd means. */
static void put_info(struct waits *w, int64_t pid, int fd) {
	struct slice text, line, key;
	char name[48];

	snprintf(name, sizeof name, "fdinfo/%d", fd);
	if (proc_read(w->arena, w->proc_fd, pid, name, WAITS_TEXT_CAP, &text) != 0) {
		return;
	}
	while (slice_line(&text, &line)) {
		if (!slice_cut(&line, ':', &key)) {
			continue;
		}
		line = slice_trim(line);
		if (slice_eq(key, "flags") || slice_eq(key, "pos") || slice_eq(key, "Pid") ||
		    slice_eq(key, "fuse_connection")) {
			strbuf_printf(w->out, "%.*s=%.*s\n", (int)key.len, key.data, (int)line.len,
			              line.data);
		}
	}
}

/* Is a thread of the process in a call on this descriptor? */
static bool is_waited_on(const struct waits_process *p, int fd) {
	for (size_t i = 0; i < p->thread_count; i++) {
		if (*p->threads[i].call && p->threads[i].args[0] == (uint64_t)fd) {
			return true;
		}
	}
	return false;
}

/* A named pipe that somebody waits on. */
static bool is_fifo(const struct waits *w, const struct waits_process *p, int fd,
                    const char *link) {
	uint64_t ino;

	return waits_may_wait_on(p, fd) && link[0] == '/' && !str_starts(link, "/dev/") &&
	       waits_fifo_of(w, p->pid, fd, &ino);
}

static bool is_worth_telling(const struct waits *w, const struct waits_process *p, int fd,
                             const char *link) {
	return fd <= 2 || is_waited_on(p, fd) || str_starts(link, "pipe:") ||
	       str_starts(link, "socket:") || str_starts(link, "anon_inode:[pidfd]") ||
	       str_starts(link, "anon_inode:inotify") || str_starts(link, "/dev/tty") ||
	       str_starts(link, "/dev/pts/") || str_starts(link, "/dev/fuse") ||
	       is_fifo(w, p, fd, link);
}

static void put_fifo(struct waits *w, int64_t pid, int fd) {
	uint64_t ino;

	if (!waits_fifo_of(w, pid, fd, &ino)) {
		return;
	}
	strbuf_printf(w->out, "fifo=1\nino=%" PRIu64 "\n", ino);
	for (size_t i = 0; i < w->fifo_end_count; i++) {
		put_end(w, &w->fifo_ends[i], ino, pid);
	}
}

static void put_descriptor(struct waits *w, const struct waits_process *p, int fd,
                           const char *link) {
	uint64_t ino = 0;
	bool is_pipe = inode_of(link, "pipe:[", &ino);
	bool is_socket = !is_pipe && inode_of(link, "socket:[", &ino);

	strbuf_printf(w->out, "record=fd\npid=%" PRId64 "\nfd=%d\n", p->pid, fd);
	keyline_put(w->out, "link", link);
	put_info(w, p->pid, fd);
	if (is_pipe || is_socket) {
		strbuf_printf(w->out, "ino=%" PRIu64 "\n", ino);
	}
	if (is_pipe) {
		put_pipe(w, p->pid, fd);
		put_ends(w, ino, p->pid);
	} else if (!is_socket && is_fifo(w, p, fd, link)) {
		put_fifo(w, p->pid, fd);
	} else if (str_starts(link, "/dev/pts/")) {
		waits_put_master(w, p->pid, fd);
	} else if (is_socket) {
		struct waits_socket s;

		if (waits_socket_of(w, ino, &s)) {
			put_ends(w, s.peer ? s.peer : s.waits_at, 0);
		}
	}
	strbuf_add_char(w->out, '\n');
	if (fd <= 2 && (is_pipe || is_socket) && p->relation <= WAITS_BELOW &&
	    p->relation != WAITS_ANCESTOR) {
		waits_put_messages(w, p->pid, fd, ino, is_pipe);
	}
}

void waits_put_descriptors(struct waits *w, const struct waits_process *p) {
	char link[LINK_SIZE];
	struct proc_numbers fds;
	size_t told = 0;

	if (proc_fds_open(&fds, w->proc_fd, p->pid) != 0) {
		return;
	}
	while (told < WAITS_FDS_MAX && proc_numbers_next(&fds)) {
		if (proc_numbers_link(&fds, link, sizeof link) &&
		    is_worth_telling(w, p, fds.number, link)) {
			put_descriptor(w, p, fds.number, link);
			told++;
		}
	}
	proc_numbers_close(&fds);
}
