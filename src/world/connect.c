/* SPDX-License-Identifier: MIT
 */
#include "world/connect.h"

#include "base/clock.h"
#include "base/fd.h"
#include "world/proc_opened.h"
#include "world/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#define NET_CAP ((size_t)1 << 20)

static int try_connect(const struct sockaddr *addr, socklen_t len, int64_t until_ns, int *ret_fd) {
	CLEANUP(fd_closep)
	int fd = socket(addr->sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct pollfd pfd = {.fd = fd, .events = POLLOUT};
	int64_t left_ns = until_ns - clock_now_ns();
	int error = 0;
	socklen_t error_len = sizeof error;

	if (fd < 0) {
		return errno;
	}
	if (connect(fd, addr, len) < 0) {
		if (errno != EINPROGRESS) {
			return errno == EAGAIN ? ETIMEDOUT
			                       : errno; /* a full backlog of a Unix socket */
		}
		if (left_ns <= 0 || poll(&pfd, 1, (int)(left_ns / NS_PER_MS)) <= 0) {
			return ETIMEDOUT;
		}
		if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &error_len) < 0) {
			return errno;
		}
	}
	if (error == 0) {
		*ret_fd = fd_take(&fd);
	}
	return error;
}

static int connect_unix(const char *path, int64_t until_ns, int *ret_fd) {
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	size_t len = strlen(path);

	if (len >= sizeof addr.sun_path) {
		return ENAMETOOLONG;
	}
	memcpy(addr.sun_path, path, len + 1);
	return try_connect((const struct sockaddr *)&addr,
	                   (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len + 1), until_ns,
	                   ret_fd);
}

static int connect_tcp(struct arena *arena, const char *host_port, int64_t until_ns, int *ret_fd) {
	const char *colon = strrchr(host_port, ':');
	struct addrinfo hints = {.ai_family = AF_UNSPEC, .ai_socktype = SOCK_STREAM};
	struct addrinfo *list = NULL;
	const char *host;
	int error = EHOSTUNREACH;

	if (!colon) {
		return EINVAL;
	}
	host = arena_strndup(arena, host_port, (size_t)(colon - host_port));
	if (host[0] == '[' && host[strlen(host) - 1] == ']') {
		host = arena_strndup(arena, host + 1, strlen(host) - 2);
	}
	if (host[0] == '\0') {
		host = "localhost"; /* as Go's net.Dial takes ":37374" */
	}
	if (getaddrinfo(host, colon + 1, &hints, &list) != 0) {
		return EHOSTUNREACH;
	}
	for (const struct addrinfo *ai = list; ai; ai = ai->ai_next) {
		error = try_connect(ai->ai_addr, ai->ai_addrlen, until_ns, ret_fd);
		if (error == 0) {
			break;
		}
	}
	freeaddrinfo(list);
	return error;
}

int connect_to(struct arena *arena, const char *address, int64_t until_ns, int *ret_fd) {
	if (str_starts(address, "unix:")) {
		return connect_unix(address + strlen("unix:"), until_ns, ret_fd);
	}
	if (str_starts(address, "tcp:")) {
		return connect_tcp(arena, address + strlen("tcp:"), until_ns, ret_fd);
	}
	return EINVAL;
}

struct listener {
	int64_t uid; /* -1 nobody, -2 two of them: nobody knows which */
	int64_t inode;
};

/* "  0: 0100007F:9089 00000000:0000 0A … uid timeout inode …" of proc(5), /proc/net/tcp: who listens at the port. */
static struct listener listener_of(struct arena *arena, const char *file, unsigned port) {
	struct look_reply reply = {.state = EV_FAILED};
	struct slice rest, line, field[10];
	struct listener found = {.uid = -1};

	strbuf_init(&reply.bytes, arena);
	if (look_read_file(AT_FDCWD, file, NET_CAP, &reply) != 0) {
		return found;
	}
	rest = slice_of(reply.bytes.data, reply.bytes.len);
	while (slice_line(&rest, &line)) {
		size_t n = 0;

		while (n < 10 && (line = slice_trim(line)).len > 0) {
			slice_cut(&line, ' ', &field[n++]);
		}
		if (n < 10 || !slice_eq(field[3], "0A")) {
			continue;
		}
		const char *local = arena_slicedup(arena, field[1]);
		const char *colon = strchr(local, ':');

		if (colon && strtoul(colon + 1, NULL, 16) == port) {
			int64_t one = -1;

			(void)str_to_int64(arena_slicedup(arena, field[7]), &one);
			found.uid = found.uid == -1 || found.uid == one ? one : -2;
			(void)str_to_int64(arena_slicedup(arena, field[9]), &found.inode);
		}
	}
	return found;
}

/* The process that has this socket; 0 when none may be seen. */
static int64_t holder_of(struct arena *arena, int proc_fd, int64_t inode) {
	const char *link = arena_printf(arena, "socket:[%" PRId64 "]", inode);
	struct proc_opened opened;
	int64_t pid = 0;

	if (inode <= 0 || proc_opened_open(&opened, proc_fd) != 0) {
		return 0;
	}
	while (pid == 0 && proc_opened_next(&opened)) {
		pid = streq(opened.link, link) ? opened.pids.number : 0;
	}
	proc_opened_close(&opened);
	return pid;
}

static void put_program(struct strbuf *out, struct arena *arena, int proc_fd, int64_t pid) {
	struct slice comm;

	if (pid > 0 && proc_read(arena, proc_fd, pid, "comm", 64, &comm) == 0) {
		strbuf_printf(out, "pid=%" PRId64 "\nprogram=%s\n", pid,
		              keyline_escape(arena, arena_slicedup(arena, slice_trim(comm))));
	}
}

/* Who has the other end, as the kernel knows it; nothing for another machine. */
static void put_owner(struct strbuf *out, struct arena *arena, int fd) {
	struct sockaddr_storage own = {0}, peer = {0};
	socklen_t own_len = sizeof own, peer_len = sizeof peer;
	struct ucred cred;
	socklen_t cred_len = sizeof cred;
	struct listener who = {.uid = -1};
	int64_t pid = 0;

	if (getpeername(fd, (struct sockaddr *)&peer, &peer_len) < 0 ||
	    getsockname(fd, (struct sockaddr *)&own, &own_len) < 0) {
		return;
	}
	const struct sockaddr_in *in = (const void *)&peer;
	const struct sockaddr_in6 *in6 = (const void *)&peer;

	if (peer.ss_family == AF_UNIX &&
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &cred, &cred_len) == 0) {
		who.uid = (int64_t)cred.uid;
		pid = cred.pid;
	} else if (peer.ss_family == AF_INET &&
	           in->sin_addr.s_addr ==
	                   ((const struct sockaddr_in *)(const void *)&own)->sin_addr.s_addr) {
		who = listener_of(arena, "/proc/net/tcp", ntohs(in->sin_port));
		/* A socket of both families is in the other table. */
		who = who.uid == -1 ? listener_of(arena, "/proc/net/tcp6", ntohs(in->sin_port))
		                    : who;
	} else if (peer.ss_family == AF_INET6 &&
	           memcmp(&in6->sin6_addr,
	                  &((const struct sockaddr_in6 *)(const void *)&own)->sin6_addr,
	                  sizeof in6->sin6_addr) == 0) {
		who = listener_of(arena, "/proc/net/tcp6", ntohs(in6->sin6_port));
	}
	if (who.uid < 0) {
		return;
	}
	CLEANUP(fd_closep) int proc_fd = proc_open();

	strbuf_printf(out, "uid=%" PRId64 "\n", who.uid);
	if (proc_fd >= 0) {
		put_program(out, arena, proc_fd,
		            pid > 0 ? pid : holder_of(arena, proc_fd, who.inode));
	}
}

void look_connect(const struct looker *looker, const struct look_request *request,
                  struct look_reply *reply) {
	(void)looker;
	CLEANUP(fd_closep) int fd = -1;

	int error = connect_to(request->arena, request->arg, request->until_ns, &fd);

	if (error == 0) {
		put_owner(&reply->bytes, request->arena, fd);
	}
	look_reply_errno(reply, error);
}
