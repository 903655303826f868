/* SPDX-License-Identifier: MIT
 * The sockets that the processes have open, as the kernel knows them: one question for each namespace of network.
 */
#include "world/picture.h"

#include "world/sockets.h"

#include <inttypes.h>
#include <stdlib.h>

static int by_inode(const void *a, const void *b) {
	const struct picture_socket_of *x = a, *y = b;

	if (x->net != y->net) {
		return x->net < y->net ? -1 : 1;
	}
	return (x->inode > y->inode) - (x->inode < y->inode);
}

static const char *state_of(enum socket_state state) {
	switch (state) {
	case SOCKET_ESTABLISHED:
		return "established";
	case SOCKET_SYN_SENT:
		return "connecting";
	case SOCKET_CLOSED:
		return "closed";
	case SOCKET_CLOSE_WAIT:
		return "close-wait";
	case SOCKET_LISTENING:
		return "listening";
	}
	return "other";
}

static void put_socket(struct picture_work *w, const struct sockets *s, uint64_t inode) {
	const struct unix_socket *local = sockets_unix(s, inode);
	const struct inet_socket *inet = local ? NULL : sockets_inet(s, inode);

	if (local) {
		strbuf_printf(w->out,
		              "socket=%" PRIu64 " unix %s %" PRId64 " %" PRId64 " %" PRIu64 " %s\n",
		              inode, state_of(local->state), local->unread, local->unsent,
		              local->peer, keyline_escape(w->arena, local->path));
	} else if (inet) {
		const struct inet_socket *peer = sockets_inet_peer(s, inet);

		strbuf_printf(w->out,
		              "socket=%" PRIu64 " %s %s %" PRId64 " %" PRId64 " %" PRIu64
		              " %s>%s\n",
		              inode, inet->is_udp ? "udp" : "tcp", state_of(inet->state),
		              inet->unread, inet->unsent, peer ? peer->inode : 0,
		              socket_address_text(w->arena, inet->local, inet->local_port),
		              socket_address_text(w->arena, inet->remote, inet->remote_port));
	}
}

int picture_put_sockets(struct picture_work *w) {
	struct sockets s = {.inet_count = 0};
	int error = 0;

	if (w->socket_count > 1) {
		qsort(w->sockets, w->socket_count, sizeof *w->sockets, by_inode);
	}
	for (size_t i = 0; i < w->socket_count; i++) {
		const struct picture_socket_of *of = &w->sockets[i];
		bool first = i == 0 || of->net != w->sockets[i - 1].net;

		if (first) {
			strbuf_add(w->out, i > 0 ? "\n" : "");
			s = (struct sockets){.inet_count = 0};
			sockets_read(&s, w->arena, w->proc_fd, of->pid,
			             SOCKETS_UNIX | SOCKETS_TCP | SOCKETS_UDP);
			error = s.error ? s.error : error;
			strbuf_printf(w->out, "record=sockets\nid=%" PRIu64 "\n", of->net);
		}
		if (first || of->inode != w->sockets[i - 1].inode) {
			put_socket(w, &s, of->inode);
		}
	}
	strbuf_add(w->out, w->socket_count > 0 ? "\n" : "");
	return error;
}
