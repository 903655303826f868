/* SPDX-License-Identifier: MIT
 * Whose the streams of a server are, and who does not take what it sends.
 */
#include "waits/private.h"

/* A reader that works through much reads now and then. */
#define RESTED_MS 2000

static bool same_stream(const struct wait_process *p, const struct wait_process *q, int64_t fd) {
	const struct wait_fd *a = waits_fd(p, fd), *b = waits_fd(q, fd);

	/* The link of a pipe or socket has its number, that of a named pipe its path. */
	return a && b && streq(a->link, b->link) && !streq(a->link, "/dev/null");
}

bool waits_by_handing_on(struct walk *k, const struct wait_process *p) {
	if (!streq(p->state, "T") || k->chain->link_count != 1) {
		return false;
	}
	for (size_t i = 0; i < k->w->process_count; i++) {
		const struct wait_process *q = &k->w->processes[i];
		enum wait_role role = waits_role(k->w->arena, q);

		if (q->ppid == p->pid && role >= ROLE_SERVER && role <= ROLE_DEBUGGER &&
		    same_stream(p, q, 0) && same_stream(p, q, 1)) {
			return walk_on(k, q, HOW_CHILD, "",
			               "it is stopped, and its child has its stdin and stdout");
		}
	}
	return false;
}

/* What it sends over a connection waits at both ends, and the other one has not run for a while: Go waits for room in all
 * of its connections at once, so that no thread is in a call that tells. */
static const struct wait_process *deaf_client(struct walk *k, const struct wait_process *p,
                                              const struct wait_fd *f) {
	const struct wait_socket *s = waits_socket(k->w, f->ino);
	const struct wait_socket *there = s ? waits_socket(k->w, s->peer) : NULL;

	if (f->pid != p->pid || f->fd <= 2 || !there || s->unsent <= 0 || there->unread <= 0) {
		return NULL;
	}
	for (size_t i = 0; i < f->end_count; i++) {
		const struct wait_process *q = waits_process(k->w, f->ends[i].pid);

		if (q && q != p && (q->rested_ms >= RESTED_MS || streq(q->state, "T"))) {
			return q;
		}
	}
	return NULL;
}

bool waits_by_reader(struct walk *k, const struct wait_process *p) {
	struct arena *a = k->w->arena;
	enum wait_role role = waits_role(a, p);

	if (role != ROLE_DAEMON && role != ROLE_DEBUGGER) {
		return false;
	}
	for (size_t i = 0; i < p->fd_count; i++) {
		const struct wait_fd *f = &p->first_fd[i];
		const struct wait_process *q = deaf_client(k, p, f);

		if (!q || k->chain->link_count >= WAITS_LINKS_MAX) {
			continue;
		}
		for (size_t n = 0; n < k->chain->link_count; n++) {
			if (k->chain->links[n].process == q) {
				return false;
			}
		}
		struct wait_link *from = &k->chain->links[k->chain->link_count - 1];
		const char *proof = arena_printf(
			a,
			"fd %lld, %s: %lld bytes are not taken, %lld lie unread at the other end",
			(long long)f->fd, f->link, (long long)waits_socket(k->w, f->ino)->unsent,
			(long long)waits_socket(k->w, waits_socket(k->w, f->ino)->peer)->unread);

		*from = (struct wait_link){p, HOW_WRITE, proof, f->link};
		k->chain->links[k->chain->link_count++] =
			(struct wait_link){.process = q, .proof = "", .on = ""};
		if (waits_is_held(k, q)) {
			return true;
		}
		leaf(k, q, WAIT_READER, "",
		     arena_printf(a, "does not read what %s sends to it", waits_name(a, p)), proof);
		k->chain->leaf.since_ms = q->rested_ms >= 0 ? q->rested_ms : q->age_ms;
		return true;
	}
	return false;
}
