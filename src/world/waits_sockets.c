/* SPDX-License-Identifier: MIT
 * Every socket of our network namespace with its queues, as sock_diag(7) gives it. A unix socket names its other
 * end (UNIX_DIAG_PEER); one that nobody has accepted yet is in its listener's list (UNIX_DIAG_ICONS).
 */
#include "base/fd.h"
#include "world/waits.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <linux/inet_diag.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <linux/sock_diag.h>
#include <linux/tcp.h>
#include <linux/unix_diag.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#define ANSWER_SIZE 65536

enum { STATE_ESTABLISHED = 1, STATE_SYN_SENT = 2, STATE_LISTEN = 10 }; /* tcp_states.h */

static struct waits_socket *socket_new(struct waits *w) {
	return w->socket_count < WAITS_SOCKETS_MAX ? &w->sockets[w->socket_count++] : NULL;
}

/* Inodes of the ends that wait to be accepted; entered once all sockets are known. */
struct pending {
	uint32_t listener;
	uint32_t end;
};

struct dump {
	struct waits *w;
	struct pending *pending;
	size_t pending_count, pending_size;
	int protocol;
};

static void pending_add(struct dump *d, uint32_t listener, const uint32_t *ends, size_t count) {
	for (size_t i = 0; i < count && d->pending_count < d->pending_size; i++) {
		d->pending[d->pending_count++] = (struct pending){listener, ends[i]};
	}
}

static void take_unix(struct dump *d, struct unix_diag_msg *m, size_t len) {
	struct waits_socket *s = socket_new(d->w);
	int left = (int)(len - NLMSG_ALIGN(sizeof *m));

	if (!s) {
		return;
	}
	*s = (struct waits_socket){
		.ino = m->udiag_ino, .family = AF_UNIX, .state = m->udiag_state, .name = ""};
	for (struct rtattr *a = (struct rtattr *)(m + 1); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		size_t size = RTA_PAYLOAD(a);
		const char *bytes = RTA_DATA(a);
		struct unix_diag_rqlen queues;
		uint32_t peer;

		if (a->rta_type == UNIX_DIAG_NAME && size > 0) {
			/* An abstract name begins with a NUL, which people write as @. */
			s->name = *bytes ? arena_strndup(d->w->arena, bytes, size)
			                 : arena_printf(d->w->arena, "@%.*s", (int)size - 1,
			                                bytes + 1);
		} else if (a->rta_type == UNIX_DIAG_PEER && size >= sizeof peer) {
			memcpy(&peer, bytes, sizeof peer);
			s->peer = peer;
		} else if (a->rta_type == UNIX_DIAG_ICONS) {
			pending_add(d, m->udiag_ino, (const uint32_t *)(const void *)bytes,
			            size / sizeof(uint32_t));
		} else if (a->rta_type == UNIX_DIAG_RQLEN && size >= sizeof queues) {
			memcpy(&queues, bytes, sizeof queues);
			s->unread = queues.udiag_rqueue;
			s->unsent = queues.udiag_wqueue;
		}
	}
}

static void address(char text[static 64], int family, const void *bytes, uint16_t port) {
	char host[INET6_ADDRSTRLEN] = "";

	inet_ntop(family, bytes, host, sizeof host);
	snprintf(text, 64, strchr(host, ':') ? "[%s]:%u" : "%s:%u", host, ntohs(port));
}

static void take_inet(struct dump *d, struct inet_diag_msg *m, size_t len) {
	struct waits_socket *s = socket_new(d->w);
	int left = (int)(len - NLMSG_ALIGN(sizeof *m));

	if (!s) {
		return;
	}
	*s = (struct waits_socket){.ino = m->idiag_inode,
	                           .family = m->idiag_family,
	                           .protocol = d->protocol,
	                           .state = m->idiag_state,
	                           .unread = m->idiag_rqueue,
	                           .unsent = m->idiag_wqueue,
	                           .received_bytes = -1,
	                           .acked_bytes = -1,
	                           .heard_ms = -1,
	                           .sent_ms = -1,
	                           .retransmits = m->idiag_timer == 1 ? m->idiag_retrans : 0,
	                           .name = ""};
	address(s->local, m->idiag_family, m->id.idiag_src, m->id.idiag_sport);
	address(s->remote, m->idiag_family, m->id.idiag_dst, m->id.idiag_dport);
	s->loopback = strncmp(s->remote, "127.", 4) == 0 || strncmp(s->remote, "[::1]", 5) == 0 ||
	              strncmp(s->remote, "[::ffff:127.", 12) == 0;
	for (struct rtattr *a = (struct rtattr *)(m + 1); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		struct tcp_info info = {0};
		size_t size = RTA_PAYLOAD(a) < sizeof info ? RTA_PAYLOAD(a) : sizeof info;

		if (a->rta_type == INET_DIAG_INFO) {
			memcpy(&info, RTA_DATA(a), size);
			s->received_bytes = (int64_t)info.tcpi_bytes_received;
			s->acked_bytes = (int64_t)info.tcpi_bytes_acked;
			s->heard_ms = info.tcpi_last_data_recv;
			s->sent_ms = info.tcpi_last_data_sent;
			s->unacked = info.tcpi_unacked;
			s->retransmits = info.tcpi_retransmits > s->retransmits
			                         ? info.tcpi_retransmits
			                         : s->retransmits;
		}
	}
}

/* One datagram of the dump; false at its end. */
static bool take_answer(struct dump *d, char *bytes, size_t len) {
	for (struct nlmsghdr *h = (struct nlmsghdr *)(void *)bytes; NLMSG_OK(h, len);
	     h = NLMSG_NEXT(h, len)) {
		size_t size = h->nlmsg_len - NLMSG_HDRLEN;

		if (h->nlmsg_type != SOCK_DIAG_BY_FAMILY) {
			return false;
		}
		if (d->protocol == 0 && size >= sizeof(struct unix_diag_msg)) {
			take_unix(d, NLMSG_DATA(h), size);
		} else if (d->protocol != 0 && size >= sizeof(struct inet_diag_msg)) {
			take_inet(d, NLMSG_DATA(h), size);
		}
	}
	return true;
}

static void dump(struct dump *d, const void *request, size_t size) {
	CLEANUP(fd_closep)
	int fd = socket(AF_NETLINK, SOCK_DGRAM | SOCK_CLOEXEC, NETLINK_SOCK_DIAG);
	struct {
		struct nlmsghdr header;
		char request[128];
	} message = {.header = {.nlmsg_len = (uint32_t)(NLMSG_HDRLEN + size),
	                        .nlmsg_type = SOCK_DIAG_BY_FAMILY,
	                        .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP}};
	char *answer = arena_alloc(d->w->arena, ANSWER_SIZE);
	ssize_t n;

	memcpy(message.request, request, size);
	if (fd < 0 || send(fd, &message, message.header.nlmsg_len, 0) < 0) {
		return;
	}
	do {
		n = recv(fd, answer, ANSWER_SIZE, 0);
	} while (n > 0 && take_answer(d, answer, (size_t)n));
}

static int compare(const void *a, const void *b) {
	const struct waits_socket *left = a, *right = b;

	return (left->ino > right->ino) - (left->ino < right->ino);
}

struct waits_socket *waits_socket_of(const struct waits *w, uint64_t ino) {
	struct waits_socket key = {.ino = ino};

	return ino == 0 || w->socket_count == 0
	               ? NULL
	               : bsearch(&key, w->sockets, w->socket_count, sizeof key, compare);
}

/* The two ends of a TCP connection within this machine, and the listener of one that nobody has
 * accepted: by their addresses. */
static void pair_local(struct waits *w, struct waits_socket *s) {
	for (size_t i = 0; i < w->socket_count; i++) {
		const struct waits_socket *t = &w->sockets[i];

		if (t->protocol != s->protocol || t == s) {
			continue;
		}
		if (t->ino != 0 && streq(t->local, s->remote) && streq(t->remote, s->local)) {
			s->peer = t->ino;
			s->waits_at = 0;
			return;
		}
		const char *port = strrchr(t->local, ':'), *wanted = strrchr(s->remote, ':');

		if (t->state == STATE_LISTEN && port && wanted && streq(port, wanted)) {
			s->waits_at = t->ino;
		}
	}
}

void waits_find_sockets(struct waits *w) {
	struct dump d = {.w = w, .pending_size = 1024};
	struct unix_diag_req unix_request = {.sdiag_family = AF_UNIX,
	                                     .udiag_states = UINT32_MAX,
	                                     .udiag_show = UDIAG_SHOW_NAME | UDIAG_SHOW_PEER |
	                                                   UDIAG_SHOW_ICONS | UDIAG_SHOW_RQLEN};
	static const int families[] = {AF_INET, AF_INET6}, protocols[] = {IPPROTO_TCP, IPPROTO_UDP};

	w->sockets = arena_array_of(w->arena, struct waits_socket, WAITS_SOCKETS_MAX);
	d.pending = arena_array_of(w->arena, struct pending, d.pending_size);
	dump(&d, &unix_request, sizeof unix_request);
	for (size_t i = 0; i < 4; i++) {
		struct inet_diag_req_v2 request = {
			.sdiag_family = (uint8_t)families[i / 2],
			.sdiag_protocol = (uint8_t)protocols[i % 2],
			.idiag_ext = 1 << (INET_DIAG_INFO - 1),
			.idiag_states = protocols[i % 2] == IPPROTO_TCP
		                                ? 1 << STATE_ESTABLISHED | 1 << STATE_SYN_SENT |
		                                          1 << STATE_LISTEN
		                                : UINT32_MAX};

		d.protocol = protocols[i % 2];
		dump(&d, &request, sizeof request);
	}
	qsort(w->sockets, w->socket_count, sizeof *w->sockets, compare);
	for (size_t i = 0; i < d.pending_count; i++) {
		struct waits_socket *s = waits_socket_of(w, d.pending[i].end);

		if (s) {
			s->waits_at = d.pending[i].listener;
		}
	}
	for (size_t i = 0; i < w->socket_count; i++) {
		if (w->sockets[i].loopback && w->sockets[i].protocol == IPPROTO_TCP) {
			pair_local(w, &w->sockets[i]);
		}
	}
}

static const char *state_of(const struct waits_socket *s) {
	switch (s->state) {
	case STATE_ESTABLISHED:
		return "connected";
	case STATE_SYN_SENT:
		return "connecting";
	case STATE_LISTEN:
		return "listening";
	default:
		return "other";
	}
}

void waits_put_socket(struct waits *w, const struct waits_socket *s) {
	const char *kind = s->family == AF_UNIX         ? "unix"
	                   : s->protocol == IPPROTO_UDP ? "udp"
	                                                : "tcp";

	strbuf_printf(w->out, "record=socket\nino=%" PRIu64 "\nkind=%s\nstate=%s\n", s->ino, kind,
	              state_of(s));
	strbuf_printf(w->out,
	              "unread=%u\nunsent=%u\nretransmits=%u\npeer=%" PRIu64 "\nwaits_at=%" PRIu64
	              "\n",
	              s->unread, s->unsent, s->retransmits, s->peer, s->waits_at);
	if (s->family != AF_UNIX) {
		strbuf_printf(w->out, "local=%s\nremote=%s\nlocal_peer=%d\n", s->local, s->remote,
		              s->loopback);
		strbuf_printf(w->out,
		              "received_bytes=%" PRId64 "\nacked_bytes=%" PRId64
		              "\nheard_ms=%" PRId64 "\nsent_ms=%" PRId64 "\nunacked=%" PRId64 "\n",
		              s->received_bytes, s->acked_bytes, s->heard_ms, s->sent_ms,
		              s->unacked);
	}
	if (*s->name) {
		keyline_put(w->out, "name", s->name);
	}
	strbuf_add_char(w->out, '\n');
}
