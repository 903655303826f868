/* SPDX-License-Identifier: MIT
 */
#include "world/peers_parts.h"

#include "base/fd.h"
#include "base/str.h"
#include "world/procfs.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
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
		sockets_read(&p->sockets[0], p->arena, p->proc_fd, 0, SOCKETS_UNIX | SOCKETS_TCP);
		p->namespace_count = 1;
	}
	for (size_t i = 0; i < p->namespace_count; i++) {
		if (sockets_unix(&p->sockets[i], end->inode) ||
		    sockets_inet(&p->sockets[i], end->inode)) {
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
	sockets_read(s, p->arena, p->proc_fd, end->pid, SOCKETS_UNIX | SOCKETS_TCP);
	return sockets_unix(s, end->inode) || sockets_inet(s, end->inode) ? s : NULL;
}

static bool is_socket(const struct end *end) {
	return end->kind == END_UNIX || end->kind == END_TCP || end->kind == END_SOCKET;
}

const struct unix_socket *peers_unix(struct peers *p, const struct end *end) {
	struct sockets *s = is_socket(end) ? sockets_of(p, end) : NULL;

	return s ? sockets_unix(s, end->inode) : NULL;
}

const struct inet_socket *peers_tcp(struct peers *p, const struct end *end) {
	struct sockets *s = is_socket(end) ? sockets_of(p, end) : NULL;

	return s ? sockets_inet(s, end->inode) : NULL;
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
		for (size_t i = peers_find(p, inode); i < p->end_count && p->ends[i].inode == inode;
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

/* The kernel's word that a pipe has no other end, for what others might hold: the end itself says so to poll(2). A
 * reading end that may not be shared is opened once more and closed again; a writing end never is. */
static bool pipe_is_lonely(const struct peers *p, const struct end *end) {
	CLEANUP(fd_closep) int fd = proc_fd_share(end->pid, end->fd);
	char path[48];

	if (fd < 0 && end->reads) {
		snprintf(path, sizeof path, "%" PRId64 "/fd/%d", end->pid, end->fd);
		fd = openat(p->proc_fd, path, O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
	}
	struct pollfd pollfd = {.fd = fd, .events = end->reads ? POLLIN : POLLOUT};

	return fd >= 0 && poll(&pollfd, 1, 0) > 0 &&
	       (pollfd.revents & (end->reads ? POLLHUP : POLLERR)) != 0;
}

/* A pipe that nobody holds when everybody was asked has lost its other end. */
static void settle(const struct peers *p, struct peer *peer, const struct end *pipe) {
	if (peer->holder_count > 0) {
		peer->state = PEER_HELD;
	} else if (pipe && peers_was_searched(p, pipe->inode) &&
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

/* Numbers in a row would be a guess there: nothing says that the two were made by one call. */
static const char elsewhere[] = "its socket is in a network namespace that may not be seen";

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
	if (!s->has_peers && s != &p->sockets[0]) {
		peer->state = PEER_UNSEEN;
		peer->because = elsewhere;
		return;
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
                       const struct sockets *s, const struct inet_socket *sock) {
	peer->tcp = sock;
	if (sock->state == SOCKET_LISTENING) {
		peer->state = PEER_NONE;
		return;
	}
	const struct inet_socket *other = sockets_inet_peer(s, sock);

	peer->unread = sock->unread;
	if (!other) {
		peer->state = PEER_REMOTE;
		return;
	}
	peer->unread_there = other->unread;
	if (other->inode == 0) {
		const struct inet_socket *listener = sockets_inet_listener(s, sock->remote_port);
		bool waits = listener && other->state == SOCKET_ESTABLISHED;

		/* Not accepted yet, or held by nobody any more and wound up by the kernel. */
		peer->state = waits ? PEER_WAITING : PEER_CLOSED;
		if (waits) {
			add_holders(p, peer, end, listener->inode);
		}
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
		const struct inet_socket *tcp = s ? sockets_inet(s, end->inode) : NULL;

		if (sock) {
			answer_unix(p, &peer, end, s, sock);
		} else if (tcp) {
			answer_tcp(p, &peer, end, s, tcp);
		} else {
			peer.state = PEER_UNSEEN;
			peer.because = elsewhere;
		}
	}
	return peer;
}

uint64_t peers_far_inode(struct peers *p, const struct end *end) {
	if (end->kind == END_PIPE || end->kind == END_FIFO) {
		return end->inode;
	}
	const struct sockets *s = is_socket(end) ? sockets_of(p, end) : NULL;
	const struct unix_socket *sock = s ? sockets_unix(s, end->inode) : NULL;
	const struct inet_socket *tcp = s ? sockets_inet(s, end->inode) : NULL;
	const struct inet_socket *other = tcp ? sockets_inet_peer(s, tcp) : NULL;
	const struct inet_socket *accepts =
		other && other->inode == 0 ? sockets_inet_listener(s, tcp->remote_port) : NULL;
	const struct unix_socket *listener = sock ? sockets_listener(s, sock->inode) : NULL;

	return accepts              ? accepts->inode
	       : listener           ? listener->inode
	       : sock && sock->peer ? sock->peer
	       : other              ? other->inode
	                            : 0;
}
