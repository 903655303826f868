/* SPDX-License-Identifier: MIT
 * One that has asked a server of this machine, which does nothing: not a wait of that server, but an answer that does not
 * come. Of TCP the kernel knows when the question was put; of a unix socket, since when the one that asks waits in its
 * call.
 */
#include "waits/private.h"

static int64_t lesser(int64_t a, int64_t b) {
	return a < b ? a : b;
}

/* A program in the server's place hands on what its editor says, and waits for that, too, when all is well. Not when a
 * server is before it in the chain, or when it has not even read the first of it. */
static bool hands_on(struct walk *k, const struct wait_process *p) {
	const struct wait_fd *in = waits_fd(p, 0);

	for (size_t i = 0; i < k->chain->link_count; i++) {
		const struct wait_process *before = k->chain->links[i].process;
		enum wait_role role = waits_role(k->w->arena, before);

		if (before == p) {
			break;
		}
		if (role >= ROLE_SERVER && role <= ROLE_DEBUGGER) {
			return false;
		}
	}
	return !in || waits_unread_in(k->w, in) <= 0;
}

static bool may_have_come(const struct wait_socket *s) {
	return s->sent_ms < 0 || s->acked_bytes <= 0 ||
	       (s->received_bytes > 0 && s->heard_ms <= s->sent_ms);
}

void waits_say_unanswered(struct walk *k, const struct wait_process *p,
                          const struct wait_process *q, const struct wait_fd *f,
                          const struct wait_thread *t) {
	const struct wait_socket *s = waits_socket(k->w, f->ino);
	const struct wait_socket *there = s ? waits_socket(k->w, s->peer) : NULL;
	struct wait_leaf *l = &k->chain->leaf;
	bool tcp = s && streq(s->kind, "tcp");

	if (!s || l->unread || !waits_does_nothing(l, q) ||
	    (tcp ? may_have_come(s) : !t || !t->still || t->rested_ms < 0 || hands_on(k, p))) {
		return;
	}
	const char *at = !str_empty(s->remote)              ? s->remote
	                 : there && !str_empty(there->name) ? there->name
	                                                    : f->link;

	const struct wait_inner *inner = waits_inner_of(k->w, q);
	const char *within =
		inner ? arena_printf(k->w->arena, ": it %s", waits_inner_words(k->w->arena, inner))
		      : "";

	l->kind = WAIT_PEER;
	l->on = at;
	l->detail = arena_printf(k->w->arena,
	                         "was asked by %s at %s, does nothing and has not answered%s",
	                         waits_name(k->w->arena, p), at, within);
	l->since_ms = tcp ? s->sent_ms : lesser(t->rested_ms, p->age_ms);
}
