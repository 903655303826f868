/* SPDX-License-Identifier: MIT
 * The sockets of the processes that are looked at, with their queues and their other ends.
 */
#include "world/waits.h"

#include <inttypes.h>

/* Only these have, or wait for, somebody at the other end. */
static bool is_live(enum socket_state state) {
	return state == SOCKET_ESTABLISHED || state == SOCKET_SYN_SENT || state == SOCKET_LISTENING;
}

static bool is_loopback(const struct inet_socket *s) {
	return socket_address_is_loopback(s->remote);
}

/* The two ends of a TCP connection within this machine, and the listener of one that nobody has accepted: by their
 * addresses. */
static void pair_local(const struct waits *w, struct waits_socket *ret) {
	const struct inet_socket *other = sockets_inet_peer(&w->sockets, ret->inet);

	if (other && other->inode != 0) {
		ret->peer = other->inode;
		return;
	}
	const struct inet_socket *listener =
		sockets_inet_listener(&w->sockets, ret->inet->remote_port);

	ret->waits_at = listener ? listener->inode : 0;
}

bool waits_socket_of(const struct waits *w, uint64_t ino, struct waits_socket *ret) {
	const struct unix_socket *listener;

	*ret = (struct waits_socket){.local = sockets_unix(&w->sockets, ino),
	                             .inet = sockets_inet(&w->sockets, ino)};
	if (ret->local) {
		listener = ret->local->peer || ret->local->state == SOCKET_LISTENING
		                   ? NULL
		                   : sockets_listener(&w->sockets, ino);
		ret->peer = ret->local->peer;
		ret->waits_at = listener ? listener->inode : 0;
		return true;
	}
	if (!ret->inet || (!ret->inet->is_udp && !is_live(ret->inet->state))) {
		return false;
	}
	if (!ret->inet->is_udp && is_loopback(ret->inet)) {
		pair_local(w, ret);
	}
	return true;
}

static const char *state_of(enum socket_state state) {
	switch (state) {
	case SOCKET_ESTABLISHED:
		return "connected";
	case SOCKET_SYN_SENT:
		return "connecting";
	case SOCKET_LISTENING:
		return "listening";
	default:
		return "other";
	}
}

static void put_inet(struct waits *w, const struct inet_socket *s) {
	strbuf_printf(w->out, "local=%s\nremote=%s\nlocal_peer=%d\n",
	              socket_address_text(w->arena, s->local, s->local_port),
	              socket_address_text(w->arena, s->remote, s->remote_port), is_loopback(s));
	strbuf_printf(w->out,
	              "received_bytes=%" PRId64 "\nacked_bytes=%" PRId64 "\nheard_ms=%" PRId64
	              "\nsent_ms=%" PRId64 "\nunacked=%" PRId64 "\n",
	              s->received_bytes, s->acked_bytes, s->heard_ms, s->sent_ms, s->unacked);
}

static void put_counts(struct waits *w, const struct waits_socket *s, int64_t unread,
                       int64_t unsent, unsigned retransmits) {
	strbuf_printf(w->out,
	              "unread=%" PRId64 "\nunsent=%" PRId64 "\nretransmits=%u\npeer=%" PRIu64
	              "\nwaits_at=%" PRIu64 "\n",
	              unread > 0 ? unread : 0, unsent, retransmits, s->peer, s->waits_at);
}

static void put_kind(struct waits *w, uint64_t inode, const char *kind, enum socket_state state) {
	strbuf_printf(w->out, "record=socket\nino=%" PRIu64 "\nkind=%s\nstate=%s\n", inode, kind,
	              state_of(state));
}

void waits_put_socket(struct waits *w, const struct waits_socket *s) {
	if (s->local) {
		const struct unix_socket *u = s->local;

		put_kind(w, u->inode, "unix", u->state);
		put_counts(w, s, u->unread, u->unsent, 0);
		if (u->path[0]) {
			keyline_put(w->out, "name", u->path);
		}
		/* One that was accepted has the name of its listener: it says whom this one talks to, whoever may
		 * not be looked into. */
		const struct unix_socket *other =
			sockets_unix(&w->sockets, s->peer ? s->peer : s->waits_at);

		if (other && other->path[0]) {
			keyline_put(w->out, "peer_name", other->path);
		}
	} else if (s->inet) {
		const struct inet_socket *i = s->inet;

		put_kind(w, i->inode, i->is_udp ? "udp" : "tcp", i->state);
		put_counts(w, s, i->unread, i->unsent, i->retries);
		put_inet(w, i);
	} else {
		return;
	}
	strbuf_add_char(w->out, '\n');
}
