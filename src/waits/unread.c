/* SPDX-License-Identifier: MIT
 * What was written to the server, or by it, and has not been read.
 */
#include "waits/private.h"

int64_t waits_unread_in(const struct waits *w, const struct wait_fd *f) {
	const struct wait_pipe *pipe = str_starts(f->link, "pipe:") ? waits_pipe(w, f->ino) : NULL;
	const struct wait_socket *s =
		str_starts(f->link, "socket:") ? waits_socket(w, f->ino) : NULL;

	return pipe ? pipe->unread : s && streq(s->state, "connected") ? s->unread : 0;
}

/* What others have not read of what went out here. */
static int64_t unread_of(const struct waits *w, const struct wait_fd *f) {
	const struct wait_pipe *pipe = str_starts(f->link, "pipe:") ? waits_pipe(w, f->ino) : NULL;
	const struct wait_socket *s =
		str_starts(f->link, "socket:") ? waits_socket(w, f->ino) : NULL;
	const struct wait_socket *there = s ? waits_socket(w, s->peer) : NULL;

	return pipe ? pipe->unread : there ? there->unread : 0;
}

static void add(const struct waits *w, struct wait_chain *chain, const struct wait_process *p,
                const struct wait_fd *f, bool incoming, int64_t bytes) {
	struct wait_unread *u = &chain->unread[chain->unread_count];

	if (bytes <= 0 || chain->unread_count >= 2) {
		return;
	}
	*u = (struct wait_unread){.process = p, .incoming = incoming, .bytes = bytes, .age_ms = -1};
	if (f->mtime_ns > 0 && w->now_ns >= f->mtime_ns) {
		u->age_ms = (w->now_ns - f->mtime_ns) / 1000000;
	}
	for (size_t i = 0; i < w->message_count; i++) {
		if (w->messages[i].pid == p->pid && w->messages[i].fd == f->fd) {
			u->messages = u->message_count ? u->messages : &w->messages[i];
			u->message_count++;
		}
	}
	chain->unread_count++;
}

void waits_find_unread(struct walk *k, struct wait_chain *chain) {
	const struct waits *w = k->w;
	const struct wait_process *p = chain->server       ? chain->server
	                               : chain->link_count ? chain->links[0].process
	                                                   : NULL;
	const struct wait_fd *in = p ? waits_fd(p, 0) : NULL;
	const struct wait_fd *out = p ? waits_fd(p, 1) : NULL;

	if (in) {
		add(w, chain, p, in, true, waits_unread_in(w, in));
	}
	if (out && !(in && out->ino == in->ino && str_starts(out->link, "pipe:"))) {
		add(w, chain, p, out, false, unread_of(w, out));
	}
}
