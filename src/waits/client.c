/* SPDX-License-Identifier: MIT
 * A server that waits for its client: whoever has its streams, or is connected to a daemon.
 */
#include "waits/private.h"

/* The next link, when there is room for it and it leads to somebody new. */
static bool add_link(struct walk *k, const struct wait_process *q, const char *on,
                     const char *proof) {
	struct wait_chain *c = k->chain;

	if (!q || c->link_count >= WAITS_LINKS_MAX) {
		return false;
	}
	for (size_t i = 0; i < c->link_count; i++) {
		if (c->links[i].process == q) {
			return false;
		}
	}
	struct wait_link *from = &c->links[c->link_count - 1];

	*from = (struct wait_link){from->process, HOW_EDITOR, proof, on};
	c->links[c->link_count++] = (struct wait_link){.process = q, .proof = "", .on = ""};
	return true;
}

/* One of its streams, or a connection that a daemon has accepted. */
static bool leads_to_client(const struct waits *w, const struct wait_process *p,
                            enum wait_role role, const struct wait_fd *f) {
	return f->pid == p->pid &&
	       (role == ROLE_DAEMON ? f->fd > 2 && waits_accepted(w, p, f) : f->fd <= 1);
}

/* A client of p stands still; or, of a forwarder that is well, the editor behind it. One of several clients of a daemon
 * is nothing to another one. */
static bool by_still_client(struct walk *k, const struct wait_process *p) {
	enum wait_role role = waits_role(k->w->arena, p);
	struct wait_chain before = *k->chain;

	if (role == ROLE_DAEMON && before.link_count > 1) {
		return false;
	}
	for (size_t i = 0; i < p->fd_count; i++) {
		const struct wait_fd *f = &p->first_fd[i];
		const struct wait_process *q =
			leads_to_client(k->w, p, role, f) ? waits_other_end(k->w, f, p) : NULL;

		if (q &&
		    add_link(k, q, f->link,
		             arena_printf(k->w->arena, "fd %lld, %s", (long long)f->fd, f->link)) &&
		    (waits_is_held(k, q) ||
		     (role == ROLE_DAEMON && waits_role(k->w->arena, q) == ROLE_FORWARDER &&
		      by_still_client(k, q)))) {
			return true;
		}
		*k->chain = before;
	}
	return false;
}

/* Its client, when there is only one that is seen. */
static const struct wait_process *only_client(const struct waits *w, const struct wait_process *p) {
	enum wait_role role = waits_role(w->arena, p);
	const struct wait_process *only = NULL;

	for (size_t i = 0; i < p->fd_count; i++) {
		const struct wait_fd *f = &p->first_fd[i];
		const struct wait_process *q =
			leads_to_client(w, p, role, f) ? waits_other_end(w, f, p) : NULL;

		if (q && only && q != only) {
			return NULL;
		}
		only = q ? q : only;
	}
	return only;
}

/* A question is as old as its last sign of life at least: nothing of the server has run since, nothing has been written
 * to its client, or the runtime has noted it. */
static int64_t asked_ms(const struct waits *w, const struct wait_process *p,
                        const struct wait_call *call) {
	const struct wait_fd *out = waits_fd(p, 1);
	int64_t ms = call->waited_ms > p->rested_ms ? call->waited_ms : p->rested_ms;
	int64_t written_ms = out && out->mtime_ns > 0 && out->mtime_ns <= w->now_ns
	                             ? (w->now_ns - out->mtime_ns) / 1000000
	                             : -1;

	return written_ms > ms ? written_ms : ms;
}

/* The editor itself may wait for what its server has nothing to do with. */
static bool waits_elsewhere(struct walk *k, const struct wait_process *editor) {
	return waits_by_lock(k, editor) || waits_by_file_system(k, editor);
}

static void cut_behind(struct wait_chain *c, const struct wait_process *q) {
	for (size_t i = 0; i < c->link_count; i++) {
		if (c->links[i].process == q) {
			c->link_count = i + 1;
			c->links[i].proof = c->links[i].on = "";
		}
	}
}

/* Of a daemon with several clients it cannot be told whom it has asked; then that is no wait of one of them. */
static bool by_question(struct walk *k, const struct wait_process *p,
                        const struct wait_call *call) {
	struct arena *a = k->w->arena;
	const struct wait_process *client = only_client(k->w, p);
	const char *proof =
		arena_printf(a, "its goroutine %lld has asked for %s, and waits for the answer",
	                     (long long)call->goroutine, call->method);

	if (!client && k->chain->link_count > 1) {
		return false;
	}
	if (client && waits_role(a, client) == ROLE_FORWARDER) {
		add_link(k, client, call->method, proof);
		client = only_client(k->w, client);
	}
	/* The chain began with the one that does not answer: there it ends. */
	if (client && !add_link(k, client, call->method, proof)) {
		cut_behind(k->chain, client);
	}
	const struct wait_process *last = k->chain->links[k->chain->link_count - 1].process;

	if (last == client && waits_elsewhere(k, last)) {
		return true;
	}
	leaf(k, last, WAIT_ANSWER, call->method,
	     last == client ? arena_printf(a, "has not answered `%s` of %s", call->method,
	                                   waits_name(a, p))
	                    : arena_printf(a, "has asked its client for `%s`, and no answer comes",
	                                   call->method),
	     proof);
	k->chain->leaf.since_ms = asked_ms(k->w, p, call);
	return true;
}

bool waits_by_client(struct walk *k, const struct wait_process *p) {
	const struct wait_call *oldest = NULL;

	if (by_still_client(k, p)) {
		return true;
	}
	for (size_t i = 0; i < k->w->call_count; i++) {
		const struct wait_call *call = &k->w->calls[i];

		if (call->pid == p->pid && (!oldest || call->goroutine < oldest->goroutine)) {
			oldest = call;
		}
	}
	return oldest && by_question(k, p, oldest);
}
