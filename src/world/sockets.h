/* SPDX-License-Identifier: MIT
 * Unix and TCP sockets of a network namespace: what is connected to what, and what lies unread.
 *
 * Asked of the kernel (NETLINK_SOCK_DIAG); read from /proc/PID/net when that is refused or the namespace cannot
 * be entered. The text knows no peers of unix sockets.
 * Sources: sock_diag(7), linux/unix_diag.h, linux/inet_diag.h, struct tcp_info of linux/tcp.h (bytes_received: 4.1); proc(5); net/unix/diag.c: the peer of a socket whose
 * other end was closed has inode 0, and so has one that waits to be accepted: its inode then stands among the
 * waiting ones (UNIX_DIAG_ICONS) of the listening socket. The receive queue (UNIX_DIAG_RQLEN) of a connected
 * socket is bytes that its holder has not read; of a listening one it is connections.
 */
#ifndef WORLD_SOCKETS_H
#define WORLD_SOCKETS_H

#include "base/arena.h"

#include <stdint.h>

#define SOCKETS_MAX      ((size_t)65536) /* of each kind */
#define SOCKETS_TEXT_MAX ((size_t)8 * 1024 * 1024)

/* include/net/tcp_states.h; unix sockets use three of them */
enum socket_state {
	SOCKET_ESTABLISHED = 1,
	SOCKET_SYN_SENT = 2,
	SOCKET_CLOSED = 7, /* a unix one: not connected */
	SOCKET_CLOSE_WAIT = 8,
	SOCKET_LISTENING = 10,
};

struct unix_socket {
	uint64_t inode;
	uint64_t peer; /* 0: closed, waiting, or not known */
	enum socket_state state;
	unsigned shutdown; /* 1: will not receive, 2: will not send; 3 both */
	int64_t unread;    /* see above; -1 not known */
	int64_t unsent;    /* bytes that its other end has not read; 0 when not known */
	const char
		*path; /* bound to; "@name" abstract; "" none. An accepted one has its listener's */
	const uint64_t *waiting; /* inodes of those that wait to be accepted */
	size_t waiting_count;
};

/* TCP, or UDP. */
struct inet_socket {
	uint64_t inode; /* 0: nobody holds it yet or any more */
	bool is_udp;
	uint8_t local[16], remote[16]; /* IPv4 as ::ffff:a.b.c.d */
	unsigned local_port, remote_port;
	enum socket_state state;
	int64_t unread;   /* bytes its holder has not read; listening: connections that wait */
	int64_t unsent;   /* bytes that the other side has not acknowledged */
	unsigned retries; /* of what is sent or of the connection */
	unsigned uid;
	/* With SOCKETS_COUNTS; -1 not known. */
	int64_t received_bytes, acked_bytes, unacked;
	int64_t heard_ms, sent_ms; /* since data came, since data went */
};

struct sockets {
	struct arena *arena;
	struct unix_socket *unixes; /* sorted by inode */
	size_t unix_count, unix_size;
	struct inet_socket *inets; /* sorted by inode */
	size_t inet_count, inet_size;
	bool has_peers; /* of unix sockets: the kernel itself was asked */
	int error;      /* why it was not, 0 when it was */
};

/* What is asked for. */
enum {
	SOCKETS_UNIX = 1,
	SOCKETS_TCP = 2,
	SOCKETS_UDP = 4,
	SOCKETS_COUNTS = 8, /* what the kernel has counted of TCP sockets */
};

/* The sockets of the network namespace of process pid, 0 for our own. Never fails: what could not be seen is
 * missing, and error says why. */
void sockets_read(struct sockets *sockets, struct arena *arena, int proc_fd, int64_t pid,
                  unsigned what);

/* The inodes of up to max sockets that a process has open; 0 also when they may not be seen. */
size_t sockets_of_process(int proc_fd, int64_t pid, uint64_t *ret, size_t max);

/* NULL when it is not there. */
const struct unix_socket *sockets_unix(const struct sockets *sockets, uint64_t inode);
const struct inet_socket *sockets_inet(const struct sockets *sockets, uint64_t inode);
/* The other end of a connection between two of them, NULL when it is elsewhere. */
const struct inet_socket *sockets_inet_peer(const struct sockets *sockets,
                                            const struct inet_socket *of);
/* The TCP socket that listens at this port of the machine, NULL for none. */
const struct inet_socket *sockets_inet_listener(const struct sockets *sockets, unsigned port);
/* The listening socket at which a connection of this inode waits to be accepted, NULL for none. */
const struct unix_socket *sockets_listener(const struct sockets *sockets, uint64_t waiting);

/* 127.0.0.0/8 and ::1. */
bool socket_address_is_loopback(const uint8_t address[16]);
/* "127.0.0.1" or "::1". */
const char *socket_host_text(struct arena *arena, const uint8_t address[16]);
/* "127.0.0.1:4389" or "[::1]:4389". */
const char *socket_address_text(struct arena *arena, const uint8_t address[16], unsigned port);

/* The texts of /proc/PID/net/unix; tcp, tcp6, udp and udp6. Lines of another form are left out. */
void sockets_parse_unix(struct sockets *sockets, struct slice text);
void sockets_parse_inet(struct sockets *sockets, struct slice text, bool is_udp);

#endif
