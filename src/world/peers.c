/* SPDX-License-Identifier: MIT
 */
#include "world/peers.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"
#include "world/procfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

const char *end_kind_name(enum end_kind kind) {
	static const char *const names[] = {"none", "null", "tty", "file",   "pipe",
	                                    "fifo", "unix", "tcp", "socket", "other"};

	return names[kind];
}

const char *peer_state_name(enum peer_state state) {
	static const char *const names[] = {"none",    "held",   "closed",
	                                    "waiting", "remote", "unseen"};

	return names[state];
}

void peers_init(struct peers *p, struct arena *arena, int proc_fd) {
	*p = (struct peers){.arena = arena, .proc_fd = proc_fd};
}

/* ---- descriptors ---- */

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
	if (p->end_count == p->end_size) {
		size_t size = p->end_size ? p->end_size * 2 : 256;
		struct end *grown = arena_array_of(p->arena, struct end, size);

		if (p->end_count > 0) {
			memcpy(grown, p->ends, p->end_count * sizeof *grown);
		}
		p->ends = grown;
		p->end_size = size;
	}
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
	if (p->pid_count == p->pid_size) {
		size_t size = p->pid_size ? p->pid_size * 2 : 64;
		int64_t *grown = arena_array_of(p->arena, int64_t, size);

		if (p->pid_count > 0) {
			memcpy(grown, p->pids, p->pid_count * sizeof *grown);
		}
		p->pids = grown;
		p->pid_size = size;
	}
	p->pids[p->pid_count++] = pid;
}

static DIR *open_descriptors(const struct peers *p, int64_t pid) {
	char path[40];

	snprintf(path, sizeof path, "%" PRId64 "/fd", pid);
	int fd = openat(p->proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir && fd >= 0) {
		close(fd);
	}
	return dir;
}

static int refused(struct peers *p, int error) {
	p->denied += error == EACCES || error == EPERM;
	return error;
}

int peers_take(struct peers *p, int64_t pid) {
	char target[PATH_MAX];
	size_t count = 0;

	if (is_taken(p, pid)) {
		return 0;
	}
	DIR *dir = open_descriptors(p, pid);

	if (!dir) {
		return refused(p, errno);
	}
	pids_add(p, pid);
	for (const struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		int64_t fd;

		if (str_to_int64(e->d_name, &fd) < 0 || fd > INT_MAX) {
			continue;
		}
		if (++count > PEER_DESCRIPTORS_MAX) {
			p->cut++;
			break;
		}
		ssize_t n = readlinkat(dirfd(dir), e->d_name, target, sizeof target);

		if (n <= 0) {
			continue;
		}
		struct end end = {.pid = pid, .fd = (int)fd};

		end.target = arena_strndup(p->arena, target, (size_t)n);
		end_read(&end, dirfd(dir), e->d_name);
		ends_add(p, &end);
	}
	closedir(dir);
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

/* The first end with this inode or the place where it would be. */
static size_t ends_find(struct peers *p, uint64_t inode) {
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
			const struct tcp_socket *tcp = peers_tcp(p, &p->ends[i]);
			struct end end = p->ends[i];

			if (end.kind == END_UNIX && tcp) {
				end.kind = END_TCP;
			}
			return end;
		}
	}
	return (struct end){.pid = pid, .fd = fd, .target = ""};
}

/* ---- sockets ---- */

static uint64_t namespace_of(const struct peers *p, int64_t pid) {
	char path[48];
	struct stat st;

	snprintf(path, sizeof path, "%" PRId64 "/ns/net", pid);
	return fstatat(p->proc_fd, path, &st, 0) == 0 ? st.st_ino : 0;
}

/* The namespace that knows of this inode: ours, else that of the process that holds it. */
static struct sockets *sockets_of(struct peers *p, const struct end *end) {
	if (p->namespace_count == 0) {
		p->namespaces[0] = namespace_of(p, getpid());
		sockets_read(&p->sockets[0], p->arena, p->proc_fd, 0);
		p->namespace_count = 1;
	}
	for (size_t i = 0; i < p->namespace_count; i++) {
		if (sockets_unix(&p->sockets[i], end->inode) ||
		    sockets_tcp(&p->sockets[i], end->inode)) {
			return &p->sockets[i];
		}
	}
	uint64_t its = namespace_of(p, end->pid);

	for (size_t i = 0; i < p->namespace_count; i++) {
		if (its == 0 || p->namespaces[i] == its) {
			return NULL;
		}
	}
	if (p->namespace_count == PEER_NAMESPACES_MAX) {
		return NULL;
	}
	struct sockets *s = &p->sockets[p->namespace_count];

	p->namespaces[p->namespace_count++] = its;
	sockets_read(s, p->arena, p->proc_fd, end->pid);
	return sockets_unix(s, end->inode) || sockets_tcp(s, end->inode) ? s : NULL;
}

static bool is_socket(const struct end *end) {
	return end->kind == END_UNIX || end->kind == END_TCP || end->kind == END_SOCKET;
}

const struct unix_socket *peers_unix(struct peers *p, const struct end *end) {
	struct sockets *s = is_socket(end) ? sockets_of(p, end) : NULL;

	return s ? sockets_unix(s, end->inode) : NULL;
}

const struct tcp_socket *peers_tcp(struct peers *p, const struct end *end) {
	struct sockets *s = is_socket(end) ? sockets_of(p, end) : NULL;

	return s ? sockets_tcp(s, end->inode) : NULL;
}

/* ---- answers ---- */

static void add_holder(struct peer *peer, const struct end *end) {
	if (peer->holder_count < PEER_HOLDERS_MAX) {
		peer->holders[peer->holder_count++] = end;
	}
}

static bool answers_pipe(const struct end *candidate, const struct end *end) {
	bool other_side = end->reads ? candidate->writes : candidate->reads;
	bool same_end = candidate->pid == end->pid && candidate->fd == end->fd;

	return candidate->kind == end->kind && other_side && !same_end &&
	       (end->kind != END_FIFO || streq(candidate->target, end->target));
}

/* Holders of an inode: those of other processes before its own. */
static void add_holders(struct peers *p, struct peer *peer, const struct end *end, uint64_t inode) {
	for (int own = 0; own < 2; own++) {
		for (size_t i = ends_find(p, inode); i < p->end_count && p->ends[i].inode == inode;
		     i++) {
			const struct end *candidate = &p->ends[i];
			bool fits = is_socket(end) ? is_socket(candidate)
			                           : answers_pipe(candidate, end);

			if (fits && (candidate->pid == end->pid) == (own == 1)) {
				add_holder(peer, candidate);
			}
		}
	}
}

static bool was_searched(const struct peers *p, uint64_t inode) {
	for (size_t i = 0; i < p->searched_count; i++) {
		if (p->searched[i] == inode) {
			return true;
		}
	}
	return false;
}

/* The kernel's word that a pipe has no other end, for what others might hold: our own descriptor of the same end
 * says so to poll(2). It is closed again at once; nothing is read or written. */
static bool pipe_is_lonely(const struct peers *p, const struct end *end) {
	char path[48];

	snprintf(path, sizeof path, "%" PRId64 "/fd/%d", end->pid, end->fd);
	CLEANUP(fd_closep)
	int fd = openat(p->proc_fd, path,
	                (end->reads ? O_RDONLY : O_WRONLY) | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	struct pollfd pollfd = {.fd = fd, .events = end->reads ? POLLIN : POLLOUT};

	return fd >= 0 && poll(&pollfd, 1, 0) > 0 &&
	       (pollfd.revents & (end->reads ? POLLHUP : POLLERR)) != 0;
}

/* A pipe that nobody holds when everybody was asked has lost its other end. */
static void settle(const struct peers *p, struct peer *peer, const struct end *pipe) {
	if (peer->holder_count > 0) {
		peer->state = PEER_HELD;
	} else if (pipe && was_searched(p, pipe->inode) &&
	           ((p->denied == 0 && p->cut == 0) || pipe_is_lonely(p, pipe))) {
		peer->state = PEER_CLOSED;
	} else {
		peer->state = PEER_UNSEEN;
		peer->because = p->denied > 0 ? "descriptors of other users may not be seen"
		                : p->cut > 0  ? "there are too many descriptors to look at"
		                              : "no process that was looked at holds it";
	}
}

/* The partner of a pair by its number. Which of the neighbours it is does not matter as long as one
 * process holds them. */
static void guess_pair(struct peers *p, struct peer *peer, const struct end *end) {
	const uint64_t neighbours[] = {end->inode - 1, end->inode + 1};
	const struct end *found = NULL;

	for (size_t i = 0; i < 2; i++) {
		struct peer at = {0};

		add_holders(p, &at, end, neighbours[i]);
		for (size_t k = 0; k < at.holder_count; k++) {
			const struct unix_socket *other = peers_unix(p, at.holders[k]);

			if (at.holders[k]->pid == end->pid || !other ||
			    other->state != SOCKET_ESTABLISHED || other->path[0] != '\0') {
				continue;
			}
			if (found && found->pid != at.holders[k]->pid) {
				return;
			}
			found = at.holders[k];
		}
	}
	if (found) {
		peer->guessed = true;
		add_holder(peer, found);
	}
}

static void answer_unix(struct peers *p, struct peer *peer, const struct end *end,
                        const struct sockets *s, const struct unix_socket *sock) {
	const struct unix_socket *other = sockets_unix(s, sock->peer);
	const struct unix_socket *listener = NULL;

	peer->path = sock->path;
	if (sock->state == SOCKET_LISTENING || (sock->state == SOCKET_CLOSED && !sock->peer)) {
		peer->state = PEER_NONE;
		return;
	}
	peer->unread = sock->unread;
	if (other) {
		peer->unread_there = other->unread;
		peer->path = sock->path[0] ? sock->path : other->path;
	}
	if (!s->has_peers) {
		guess_pair(p, peer, end);
		settle(p, peer, NULL);
		if (peer->state == PEER_UNSEEN) {
			peer->because = "the kernel does not say what the socket is connected to";
		}
		return;
	}
	if (sock->peer == 0) {
		listener = sockets_listener(s, sock->inode);
		peer->state = listener              ? PEER_WAITING
		              : sock->shutdown == 3 ? PEER_CLOSED
		                                    : PEER_UNSEEN;
		if (listener) {
			peer->path = listener->path;
			add_holders(p, peer, end, listener->inode);
		} else if (peer->state == PEER_UNSEEN) {
			peer->because = "the kernel does not say what the socket is connected to";
		}
		return;
	}
	add_holders(p, peer, end, sock->peer);
	settle(p, peer, NULL);
}

static void answer_tcp(struct peers *p, struct peer *peer, const struct end *end,
                       const struct sockets *s, const struct tcp_socket *sock) {
	peer->tcp = sock;
	if (sock->state == SOCKET_LISTENING) {
		peer->state = PEER_NONE;
		return;
	}
	const struct tcp_socket *other = sockets_tcp_peer(s, sock);

	peer->unread = sock->unread;
	if (!other) {
		peer->state = PEER_REMOTE;
		return;
	}
	peer->unread_there = other->unread;
	if (other->inode == 0) {
		peer->state = PEER_CLOSED; /* nobody holds it, the kernel winds it up */
		return;
	}
	add_holders(p, peer, end, other->inode);
	settle(p, peer, NULL);
}

struct peer peers_of(struct peers *p, const struct end *end) {
	struct peer peer = {.unread = -1, .unread_there = -1, .path = "", .because = ""};

	if (end->kind == END_PIPE || end->kind == END_FIFO) {
		add_holders(p, &peer, end, end->inode);
		settle(p, &peer, end);
	} else if (is_socket(end)) {
		const struct sockets *s = sockets_of(p, end);
		const struct unix_socket *sock = s ? sockets_unix(s, end->inode) : NULL;
		const struct tcp_socket *tcp = s ? sockets_tcp(s, end->inode) : NULL;

		if (sock) {
			answer_unix(p, &peer, end, s, sock);
		} else if (tcp) {
			answer_tcp(p, &peer, end, s, tcp);
		} else {
			peer.state = PEER_UNSEEN;
			peer.because = "its socket is in a network namespace that may not be seen";
			guess_pair(p, &peer, end);
			if (peer.holder_count > 0) {
				peer.state = PEER_HELD;
				peer.because = "";
			}
		}
	}
	return peer;
}

/* ---- everybody ---- */

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

	if (peer.state != PEER_UNSEEN && !(peer.state == PEER_WAITING && peer.holder_count == 0)) {
		return false;
	}
	*ret = (struct wanted){.inode = end->inode};
	if (was_searched(p, end->inode)) {
		return false;
	}
	if (end->kind == END_FIFO) {
		ret->fifo = end->target;
		return true;
	}
	if (end->kind == END_PIPE) {
		return true;
	}
	const struct sockets *s = sockets_of(p, end);
	const struct unix_socket *sock = s ? sockets_unix(s, end->inode) : NULL;
	const struct tcp_socket *tcp = s ? sockets_tcp(s, end->inode) : NULL;
	const struct tcp_socket *other = tcp ? sockets_tcp_peer(s, tcp) : NULL;
	const struct unix_socket *listener = sock ? sockets_listener(s, sock->inode) : NULL;

	ret->inode = listener             ? listener->inode
	             : sock && sock->peer ? sock->peer
	             : other              ? other->inode
	                                  : 0;
	return ret->inode != 0;
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
	size_t count = 0;
	DIR *dir = open_descriptors(p, pid);

	if (!dir) {
		refused(p, errno);
		return;
	}
	for (const struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		int64_t fd;

		if (str_to_int64(e->d_name, &fd) < 0 || fd > INT_MAX) {
			continue;
		}
		if (++count > PEER_DESCRIPTORS_MAX) {
			p->cut++;
			break;
		}
		ssize_t n = readlinkat(dirfd(dir), e->d_name, target, sizeof target - 1);

		target[n > 0 ? n : 0] = '\0';
		if (n > 0 && is_wanted(search, target)) {
			struct end end = {.pid = pid, .fd = (int)fd};

			end.target = arena_strdup(p->arena, target);
			end_read(&end, dirfd(dir), e->d_name);
			ends_add(p, &end);
		}
	}
	closedir(dir);
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
	int fd =
		search.count > 0 ? openat(p->proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir) {
		return;
	}
	p->denied = 0;
	p->cut = 0;
	for (const struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		int64_t pid;

		if (str_to_int64(e->d_name, &pid) < 0 || is_taken(p, pid)) {
			continue;
		}
		if (clock_now_ns() > until_ns) {
			p->cut++;
			break;
		}
		search_process(&search, pid);
	}
	closedir(dir);
	searched_add(p, ends, count);
}
