/* SPDX-License-Identifier: MIT
 */
#include "world/sockets.h"

#include "base/fd.h"
#include "base/str.h"
#include "base/vec.h"
#include "world/procfs.h"
#include "world/sockets_ask.h"

#include <arpa/inet.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct unix_socket *sockets_add_unix(struct sockets *s) {
	VEC_ROOM(s->arena, s->unixes, s->unix_count, &s->unix_size);
	s->unixes[s->unix_count] = (struct unix_socket){.path = "", .unread = -1};
	return &s->unixes[s->unix_count++];
}

static const struct inet_socket inet_socket_unknown = {
	.received_bytes = -1, .acked_bytes = -1, .unacked = -1, .heard_ms = -1, .sent_ms = -1};

struct inet_socket *sockets_add_inet(struct sockets *s) {
	VEC_ROOM(s->arena, s->inets, s->inet_count, &s->inet_size);
	s->inets[s->inet_count] = inet_socket_unknown;
	return &s->inets[s->inet_count++];
}

void socket_address_take(uint8_t ret[16], int family, const void *address) {
	if (family == AF_INET6) {
		memcpy(ret, address, 16);
		return;
	}
	memset(ret, 0, 10);
	memset(ret + 10, 0xff, 2);
	memcpy(ret + 12, address, 4);
}

/* ---- the text ---- */

static struct slice word_take(struct slice *rest) {
	struct slice word = {0};

	while (rest->len > 0 && rest->data[0] == ' ') {
		*rest = slice_of(rest->data + 1, rest->len - 1);
	}
	slice_cut(rest, ' ', &word);
	return word;
}

/* A number of this base that fills the whole word. */
static bool word_number(struct slice word, int base, uint64_t *ret) {
	char text[24];
	char *end;

	if (word.len == 0 || word.len >= sizeof text || word.data[0] == '-' ||
	    word.data[0] == '+') {
		return false;
	}
	memcpy(text, word.data, word.len);
	text[word.len] = '\0';
	errno = 0;
	*ret = strtoull(text, &end, base);
	return errno == 0 && *end == '\0';
}

static void parse_unix_line(struct sockets *s, struct slice line) {
	enum { LISTENS = 0x10000, CONNECTED = 3 }; /* __SO_ACCEPTCON, SS_CONNECTED: linux/net.h */
	uint64_t flags, state, inode;

	for (int i = 0; i < 3; i++) {
		word_take(&line); /* Num RefCount Protocol */
	}
	bool good = word_number(word_take(&line), 16, &flags);
	word_take(&line); /* Type */
	good = good && word_number(word_take(&line), 16, &state) &&
	       word_number(word_take(&line), 10, &inode) && inode != 0;
	if (good && s->unix_count < SOCKETS_MAX) {
		struct unix_socket *sock = sockets_add_unix(s);

		sock->inode = inode;
		sock->state = flags & LISTENS      ? SOCKET_LISTENING
		              : state == CONNECTED ? SOCKET_ESTABLISHED
		                                   : SOCKET_CLOSED;
		sock->path = line.len > 0 ? arena_slicedup(s->arena, line) : "";
	}
}

void sockets_parse_unix(struct sockets *s, struct slice text) {
	struct slice line;

	slice_line(&text, &line); /* the heading */
	while (slice_line(&text, &line)) {
		parse_unix_line(s, line);
	}
}

/* "0100007F:1F90": words of 32 bits in the machine's order; the port is a plain number. */
static bool parse_address(struct slice word, uint8_t ret[16], unsigned *ret_port) {
	struct slice address, part;
	uint32_t words[4] = {0};
	uint64_t number, port;

	if (!slice_cut(&word, ':', &address) || !word_number(word, 16, &port) || port > 65535 ||
	    (address.len != 8 && address.len != 32)) {
		return false;
	}
	for (size_t i = 0; i < address.len / 8; i++) {
		part = slice_of(address.data + i * 8, 8);
		if (!word_number(part, 16, &number)) {
			return false;
		}
		words[i] = (uint32_t)number;
	}
	socket_address_take(ret, address.len == 8 ? AF_INET : AF_INET6, words);
	*ret_port = (unsigned)port;
	return true;
}

static void parse_inet_line(struct sockets *s, struct slice line, bool is_udp) {
	struct inet_socket sock = inet_socket_unknown;
	struct slice queues, out;
	uint64_t state, unsent, unread, retries, uid, inode;

	word_take(&line); /* sl */
	bool good = parse_address(word_take(&line), sock.local, &sock.local_port) &&
	            parse_address(word_take(&line), sock.remote, &sock.remote_port) &&
	            word_number(word_take(&line), 16, &state);
	queues = word_take(&line);
	good = good && slice_cut(&queues, ':', &out) && word_number(out, 16, &unsent) &&
	       word_number(queues, 16, &unread);
	word_take(&line); /* tr:tm->when */
	good = good && word_number(word_take(&line), 16, &retries) &&
	       word_number(word_take(&line), 10, &uid);
	word_take(&line); /* timeout */
	if (!good || !word_number(word_take(&line), 10, &inode) || s->inet_count >= SOCKETS_MAX) {
		return;
	}
	sock.inode = inode;
	sock.is_udp = is_udp;
	sock.state = (enum socket_state)(state & 15);
	sock.unread = (int64_t)(unread & UINT32_MAX);
	sock.unsent = (int64_t)(unsent & UINT32_MAX);
	sock.retries = (unsigned)(retries & UINT32_MAX);
	sock.uid = (unsigned)(uid & UINT32_MAX);
	*sockets_add_inet(s) = sock;
}

void sockets_parse_inet(struct sockets *s, struct slice text, bool is_udp) {
	struct slice line;

	slice_line(&text, &line); /* the heading */
	while (slice_line(&text, &line)) {
		parse_inet_line(s, line, is_udp);
	}
}

static struct slice text_read(struct sockets *s, int proc_fd, int64_t pid, const char *name) {
	struct look_reply reply = {.state = EV_FAILED};
	char path[48];

	if (pid > 0) {
		snprintf(path, sizeof path, "%" PRId64 "/net/%s", pid, name);
	} else {
		snprintf(path, sizeof path, "self/net/%s", name);
	}
	strbuf_init(&reply.bytes, s->arena);
	look_read_file(proc_fd, path, SOCKETS_TEXT_MAX, &reply);
	return slice_of(reply.bytes.data, reply.bytes.len);
}

static void read_text(struct sockets *s, int proc_fd, int64_t pid, unsigned what) {
	if (what & SOCKETS_UNIX) {
		sockets_parse_unix(s, text_read(s, proc_fd, pid, "unix"));
	}
	if (what & SOCKETS_TCP) {
		sockets_parse_inet(s, text_read(s, proc_fd, pid, "tcp"), false);
		sockets_parse_inet(s, text_read(s, proc_fd, pid, "tcp6"), false);
	}
	if (what & SOCKETS_UDP) {
		sockets_parse_inet(s, text_read(s, proc_fd, pid, "udp"), true);
		sockets_parse_inet(s, text_read(s, proc_fd, pid, "udp6"), true);
	}
}

/* ---- all of them ---- */

static int compare_unix(const void *a, const void *b) {
	const struct unix_socket *left = a, *right = b;

	return (left->inode > right->inode) - (left->inode < right->inode);
}

static int compare_inet(const void *a, const void *b) {
	const struct inet_socket *left = a, *right = b;

	return (left->inode > right->inode) - (left->inode < right->inode);
}

void sockets_sort(struct sockets *s) {
	if (s->unix_count > 1) {
		qsort(s->unixes, s->unix_count, sizeof *s->unixes, compare_unix);
	}
	if (s->inet_count > 1) {
		qsort(s->inets, s->inet_count, sizeof *s->inets, compare_inet);
	}
}

void sockets_read(struct sockets *s, struct arena *arena, int proc_fd, int64_t pid, unsigned what) {
	*s = (struct sockets){.arena = arena};
	s->error = sockets_ask(s, proc_fd, pid, what);
	s->has_peers = s->error == 0;
	if (s->error) {
		s->unix_count = 0;
		s->inet_count = 0;
		read_text(s, proc_fd, pid, what);
	}
	sockets_sort(s);
}

size_t sockets_of_process(int proc_fd, int64_t pid, uint64_t *ret, size_t max) {
	static const char prefix[] = "socket:[";
	char path[40], target[64];
	size_t count = 0;

	snprintf(path, sizeof path, "%" PRId64 "/fd", pid);
	int fd = openat(proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	for (const struct dirent *e = dir ? readdir(dir) : NULL; e && count < max;
	     e = readdir(dir)) {
		ssize_t n = readlinkat(dirfd(dir), e->d_name, target, sizeof target - 1);

		target[n > 0 ? n : 0] = '\0';
		if (str_starts(target, prefix)) {
			ret[count++] = strtoull(target + strlen(prefix), NULL, 10);
		}
	}
	if (dir) {
		closedir(dir);
	}
	return count;
}

const struct unix_socket *sockets_unix(const struct sockets *s, uint64_t inode) {
	struct unix_socket key = {.inode = inode};

	return s->unix_count > 0 && inode != 0
	               ? bsearch(&key, s->unixes, s->unix_count, sizeof key, compare_unix)
	               : NULL;
}

const struct inet_socket *sockets_inet(const struct sockets *s, uint64_t inode) {
	struct inet_socket key = {.inode = inode};

	return s->inet_count > 0 && inode != 0
	               ? bsearch(&key, s->inets, s->inet_count, sizeof key, compare_inet)
	               : NULL;
}

const struct inet_socket *sockets_inet_peer(const struct sockets *s, const struct inet_socket *of) {
	for (size_t i = 0; i < s->inet_count; i++) {
		const struct inet_socket *other = &s->inets[i];

		if (other != of && other->is_udp == of->is_udp &&
		    other->local_port == of->remote_port && other->remote_port == of->local_port &&
		    other->state != SOCKET_LISTENING &&
		    memcmp(other->local, of->remote, sizeof other->local) == 0 &&
		    memcmp(other->remote, of->local, sizeof other->remote) == 0) {
			return other;
		}
	}
	return NULL;
}

const struct unix_socket *sockets_listener(const struct sockets *s, uint64_t waiting) {
	for (size_t i = 0; i < s->unix_count; i++) {
		for (size_t k = 0; k < s->unixes[i].waiting_count; k++) {
			if (s->unixes[i].waiting[k] == waiting) {
				return &s->unixes[i];
			}
		}
	}
	return NULL;
}

const struct inet_socket *sockets_inet_listener(const struct sockets *s, unsigned port) {
	for (size_t i = 0; i < s->inet_count; i++) {
		const struct inet_socket *sock = &s->inets[i];

		if (!sock->is_udp && sock->state == SOCKET_LISTENING && sock->local_port == port) {
			return sock;
		}
	}
	return NULL;
}

static bool is_mapped(const uint8_t address[16]) {
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};

	return memcmp(address, mapped, sizeof mapped) == 0;
}

bool socket_address_is_loopback(const uint8_t address[16]) {
	static const uint8_t six[16] = {[15] = 1};

	return (is_mapped(address) && address[12] == 127) || memcmp(address, six, sizeof six) == 0;
}

const char *socket_host_text(struct arena *arena, const uint8_t address[16]) {
	char text[INET6_ADDRSTRLEN] = "";

	if (is_mapped(address)) {
		inet_ntop(AF_INET, address + 12, text, sizeof text);
	} else {
		inet_ntop(AF_INET6, address, text, sizeof text);
	}
	return arena_strdup(arena, text);
}

const char *socket_address_text(struct arena *arena, const uint8_t address[16], unsigned port) {
	const char *host = socket_host_text(arena, address);

	return is_mapped(address) ? arena_printf(arena, "%s:%u", host, port)
	                          : arena_printf(arena, "[%s]:%u", host, port);
}
