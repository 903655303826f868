/* SPDX-License-Identifier: MIT
 * Who holds the other end of a pipe, FIFO or socket.
 *
 * First take the processes whose ends are asked for and those that are likely to hold the others (editors, servers,
 * parents, children); then ask. What nobody among them holds is searched for among all processes that may be seen,
 * with peers_search. Works without privilege for one's own processes; what could not be seen is counted and said.
 *
 * Sources: proc(5): /proc/PID/fd (links "pipe:[INODE]", "socket:[INODE]"; the mode of the link tells reading from
 * writing); pipe(7); pidfd_getfd(2); world/sockets.h. No descriptor of another process is taken, with one exception: the
 * end of a pipe whose other end nobody was found to hold, after a search in which others' descriptors stayed unseen.
 *
 * Where the kernel does not name the peers of unix sockets (no netlink, a foreign network namespace), the two
 * sockets of a pair are known by their neighbouring inodes: socketpair(2) takes two numbers in a row. Such an
 * answer is marked as guessed.
 */
#ifndef WORLD_PEERS_H
#define WORLD_PEERS_H

#include "world/sockets.h"

#define PEER_HOLDERS_MAX     8
#define PEER_DESCRIPTORS_MAX ((size_t)4096)   /* of one process */
#define PEER_ENDS_MAX        ((size_t)262144) /* of all that were taken */
#define PEER_NAMESPACES_MAX  8

enum end_kind {
	END_NONE, /* closed, or no such descriptor */
	END_NULL, /* /dev/null */
	END_TTY,
	END_FILE, /* a file, device or directory */
	END_PIPE,
	END_FIFO, /* one with a name */
	END_UNIX, /* or a socket that is not seen */
	END_TCP,
	END_SOCKET, /* another socket */
	END_OTHER,  /* anon_inode: and the like */
};

/* "none", "null", "tty", "file", "pipe", "fifo", "unix", "tcp", "socket", "other". */
const char *end_kind_name(enum end_kind kind);

/* One descriptor of one process. */
struct end {
	int64_t pid;
	int fd;
	enum end_kind kind;
	uint64_t inode; /* of a pipe, FIFO or socket; else 0 */
	bool reads, writes;
	const char *target; /* the link: "pipe:[4711]", "/dev/pts/3" */
};

enum peer_state {
	PEER_NONE,    /* of its nature: a file, a terminal, /dev/null, an unconnected socket */
	PEER_HELD,    /* by holders */
	PEER_CLOSED,  /* nobody holds it: everything was seen, or the kernel says so */
	PEER_WAITING, /* connected, but not accepted yet: holders have the listening socket */
	PEER_REMOTE,  /* on another machine, or in another network namespace */
	PEER_UNSEEN,  /* not among what could be seen: because */
};

/* "none", "held", "closed", "waiting", "remote", "unseen". */
const char *peer_state_name(enum peer_state state);

struct peer {
	enum peer_state state;
	bool guessed;
	const struct end *holders[PEER_HOLDERS_MAX]; /* ends of other processes first */
	size_t holder_count;
	int64_t unread;       /* sockets: bytes that wait to be read at this end; -1 not known */
	int64_t unread_there; /* and at the other; -1 not known */
	const char *path;     /* unix: the name of the socket one of them is bound to; "" none */
	const struct inet_socket *tcp; /* or NULL */
	const char *because;           /* of PEER_UNSEEN: a few words, "" otherwise */
};

struct peers {
	struct arena *arena;
	int proc_fd;
	struct end *ends; /* sorted by inode, pid, fd once asked */
	size_t end_count, end_size;
	bool sorted;
	int64_t *pids; /* those taken, in this order */
	size_t pid_count, pid_size;
	struct sockets sockets[PEER_NAMESPACES_MAX]; /* the first: our own namespace */
	uint64_t namespaces[PEER_NAMESPACES_MAX];
	size_t namespace_count;
	uint64_t *searched; /* inodes that peers_search looked for */
	size_t searched_count;
	size_t denied; /* processes whose descriptors may not be seen */
	size_t cut;    /* processes with too many descriptors, and searches that ran out of time */
};

void peers_init(struct peers *peers, struct arena *arena, int proc_fd);

/* Reads the descriptors of a process; again is nothing new. 0 or a positive errno (EACCES: not ours). */
int peers_take(struct peers *peers, int64_t pid);

/* The descriptor of a process that was taken; kind END_NONE when it is not open. */
struct end peers_end(struct peers *peers, int64_t pid, int fd);
/* Its descriptors, in any order; fn false ends it. */
void peers_each(struct peers *peers, int64_t pid, bool (*fn)(void *data, const struct end *end),
                void *data);

/* Who holds the other end, as far as was taken. */
struct peer peers_of(struct peers *peers, const struct end *end);

/* Looks for the ends among all processes, as far as they can be seen, until until_ns (clock_now_ns). Only
 * ends that are not known to be held cost anything. */
void peers_search(struct peers *peers, const struct end *ends, size_t count, int64_t until_ns);

/* The socket behind an end, NULL when it is none of that kind or is not seen. */
const struct unix_socket *peers_unix(struct peers *peers, const struct end *end);
const struct inet_socket *peers_tcp(struct peers *peers, const struct end *end);

#endif
