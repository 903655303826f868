/* SPDX-License-Identifier: MIT
 * Copies what lies unread in a pipe or socket of another process without taking it out.
 *
 * A pipe: pidfd_getfd(2) (Linux 5.6) shares the reading end of whoever has it; where that is refused, it is opened once
 * more for reading through /proc/PID/fd, which never waits (O_NONBLOCK). tee(2) then copies references to its pages into
 * a pipe of ours and takes nothing. No writing end is ever shared or opened, so that nobody misses an end of file. Only
 * pipes without a name: opening a FIFO could let somebody go on who waits for its other end.
 *
 * A socket is shared likewise; recv(2) with MSG_PEEK copies. Not when the process has
 * set an offset for peeking itself (SO_PEEK_OFF), which would move.
 */
#include "base/fd.h"
#include "wire/unread.h"
#include "world/waits.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#define PEEK_CAP     ((size_t)65536)
#define MESSAGES_MAX 8

static bool is_that_pipe(int fd, uint64_t ino) {
	struct stat st;

	return fd >= 0 && fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode) && st.st_ino == ino;
}

/* The reading end of the pipe: that of whoever has it, else opened anew. -1 unless it still is that pipe. */
static int open_pipe(const struct waits *w, int64_t pid, int fd, uint64_t ino) {
	CLEANUP(fd_closep) int end = -1;
	char path[64];
	struct stat st;

	for (const struct waits_holder *h = waits_holder_of(w, ino, NULL); h && end < 0;
	     h = waits_holder_of(w, ino, h)) {
		end = waits_way_of(w, h) == 'r' ? proc_fd_share(h->pid, h->fd) : -1;
	}
	if (end < 0) {
		snprintf(path, sizeof path, "%" PRId64 "/fd/%d", pid, fd);
		if (fstatat(w->proc_fd, path, &st, 0) == 0 && S_ISFIFO(st.st_mode) &&
		    st.st_ino == ino) {
			end = openat(w->proc_fd, path,
			             O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		}
	}
	return is_that_pipe(end, ino) ? fd_take(&end) : -1;
}

static size_t peek_pipe(struct waits *w, int64_t pid, int fd, uint64_t ino, char *bytes,
                        size_t *ret_unread) {
	CLEANUP(fd_closep) int end = open_pipe(w, pid, fd, ino);
	int ours[2];
	int unread = 0;
	size_t len = 0;

	if (end < 0 || ioctl(end, FIONREAD, &unread) < 0) {
		return 0;
	}
	*ret_unread = (size_t)unread;
	strbuf_printf(w->out, "unread=%d\ncapacity=%d\n", unread, fcntl(end, F_GETPIPE_SZ));
	if (unread <= 0 || pipe2(ours, O_CLOEXEC | O_NONBLOCK) < 0) {
		return 0;
	}
	ssize_t n = tee(end, ours[1], PEEK_CAP, SPLICE_F_NONBLOCK);

	while (n > 0 && len < PEEK_CAP) {
		ssize_t got = read(ours[0], bytes + len, PEEK_CAP - len);

		if (got <= 0) {
			break;
		}
		len += (size_t)got;
	}
	close(ours[0]);
	close(ours[1]);
	return len;
}

static size_t peek_socket(int64_t pid, int fd, char *bytes) {
	CLEANUP(fd_closep) int end = proc_fd_share(pid, fd);
	int offset = -1;
	socklen_t size = sizeof offset;

	if (end < 0 || getsockopt(end, SOL_SOCKET, SO_PEEK_OFF, &offset, &size) < 0 ||
	    offset >= 0) {
		return 0;
	}
	ssize_t n = recv(end, bytes, PEEK_CAP, MSG_PEEK | MSG_DONTWAIT);

	return n > 0 ? (size_t)n : 0;
}

static void put_messages(struct waits *w, int64_t pid, int fd, struct slice bytes) {
	struct unread_message messages[MESSAGES_MAX];
	size_t skipped, count = unread_read(w->arena, bytes, messages, MESSAGES_MAX, &skipped);

	for (size_t i = 0; i < count; i++) {
		strbuf_printf(w->out,
		              "record=message\npid=%" PRId64 "\nfd=%d\nbytes=%zu\npartial=%d\n",
		              pid, fd, messages[i].bytes, messages[i].partial);
		keyline_put(w->out, "name", messages[i].name);
		if (i == 0) {
			strbuf_printf(w->out, "skipped=%zu\n", skipped);
		}
		strbuf_add_char(w->out, '\n');
	}
}

static bool has_unread(const struct waits_socket *s) {
	return s->local ? s->local->state == SOCKET_ESTABLISHED && s->local->unread > 0
	                : s->inet->state == SOCKET_ESTABLISHED && s->inet->unread > 0;
}

void waits_put_messages(struct waits *w, int64_t pid, int fd, uint64_t ino, bool is_pipe) {
	char *bytes = arena_alloc(w->arena, PEEK_CAP);
	size_t len = 0, unread = 0;

	if (is_pipe) {
		strbuf_printf(w->out, "record=pipe\nino=%" PRIu64 "\n", ino);
		len = peek_pipe(w, pid, fd, ino, bytes, &unread);
		strbuf_add_char(w->out, '\n');
	} else {
		struct waits_socket s, there;
		bool known = waits_socket_of(w, ino, &s);
		const struct waits_holder *h =
			known && fd > 0 ? waits_holder_of(w, s.peer, NULL) : NULL;

		if (fd == 0 && known && has_unread(&s)) {
			len = peek_socket(pid, fd, bytes);
		} else if (h && waits_socket_of(w, s.peer, &there) && has_unread(&there)) {
			len = peek_socket(h->pid, h->fd, bytes);
		}
	}
	put_messages(w, pid, fd, slice_of(bytes, len));
}
