/* SPDX-License-Identifier: MIT
 */
#include "world/connect.h"

#include "base/clock.h"
#include "base/fd.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

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

void look_connect(const struct looker *looker, const struct look_request *request,
                  struct look_reply *reply) {
	(void)looker;
	CLEANUP(fd_closep) int fd = -1;

	look_reply_errno(reply, connect_to(request->arena, request->arg, request->until_ns, &fd));
}
