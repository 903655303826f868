/* SPDX-License-Identifier: MIT
 */
#include "world/connect.h"

#include "base/clock.h"
#include "base/fd.h"

#include <errno.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#define CONNECT_NS   (5 * NS_PER_S)
#define BRIDGE_BYTES ((size_t)65536)

/* What came on one end goes out on the other before more is read: a slow reader slows the writer
 * down, as it would without us. False at the end of either. */
static bool carry(int from, int to) {
	char chunk[BRIDGE_BYTES];
	ssize_t n = read(from, chunk, sizeof chunk);
	size_t sent = 0;

	if (n < 0) {
		return errno == EINTR || errno == EAGAIN;
	}
	while (sent < (size_t)n) {
		ssize_t w = write(to, chunk + sent, (size_t)n - sent);
		struct pollfd pfd = {.fd = to, .events = POLLOUT};

		if (w > 0) {
			sent += (size_t)w;
		} else if (w < 0 && errno == EAGAIN) {
			poll(&pfd, 1, -1);
		} else if (w == 0 || errno != EINTR) {
			return false;
		}
	}
	return n > 0;
}

int bridge_main(const char *address, int connected_fd) {
	struct arena *arena = arena_new();
	int fd = -1;
	int error = connect_to(arena, address, clock_now_ns() + CONNECT_NS, &fd);
	bool open = true;

	arena_free(arena);
	if (error) {
		return error;
	}
	close(connected_fd);
	while (open) {
		struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN},
		                       {.fd = fd, .events = POLLIN}};

		if (poll(fds, 2, -1) < 0) {
			open = errno == EINTR;
			continue;
		}
		if (fds[1].revents) {
			open = carry(fd, STDOUT_FILENO);
		}
		if (open && fds[0].revents) {
			open = carry(STDIN_FILENO, fd);
		}
	}
	_exit(0);
}
