/* SPDX-License-Identifier: MIT
 * One that writes what nobody reads: into a pipe, a socket, a terminal.
 */
#include "waits/private.h"

#include <unistd.h>

#define BLOCKED_MS 2000

/* The one call has not come back for so long. Where the kernel does not say when a thread last ran, more than a moment
 * is not claimed; without a call (t is NULL) nothing is. */
static void blocked_since(struct walk *k, const struct wait_thread *t) {
	struct wait_leaf *l = &k->chain->leaf;
	int64_t since_ms = !t ? 0 : t->rested_ms >= 0 ? t->rested_ms : BLOCKED_MS;

	l->since_ms = since_ms < l->since_ms ? since_ms : l->since_ms;
}

/* Its stderr, where that goes another way than its stdout. */
static bool is_log(const struct wait_process *p, const struct wait_fd *f) {
	const struct wait_fd *out = waits_fd(p, STDOUT_FILENO);

	return f->fd == STDERR_FILENO && !f->fifo && out && !streq(out->link, f->link);
}

/* q, which reads what t writes, does not: on to what it waits for, if that is anything. */
static bool by_reader(struct walk *k, const struct wait_process *p, const struct wait_process *q,
                      const struct wait_thread *t, const struct wait_fd *f, const char *proof) {
	struct arena *a = k->w->arena;
	bool is_editor = waits_role(a, q) == ROLE_EDITOR;
	struct wait_chain before = *k->chain;
	struct wait_link *from = &k->chain->links[k->chain->link_count - 1];

	if (!waits_is_above(k->w, p, q->pid) && walk_on(k, q, HOW_WRITE, f->link, proof)) {
		struct wait_leaf *l = &k->chain->leaf;

		/* Of somebody's named pipe or terminal it was not known that it is to be read at all. */
		if ((!f->fifo && !waits_is_terminal(f)) || !waits_does_nothing(l, q)) {
			return true;
		}
		*k->chain = before;
	}
	if (k->chain->link_count >= WAITS_LINKS_MAX) {
		return false;
	}
	from->how = HOW_WRITE;
	from->on = f->link;
	from->proof = proof;
	k->chain->links[k->chain->link_count++] =
		(struct wait_link){.process = q, .proof = "", .on = ""};
	if (waits_is_held(k, q)) {
		return true;
	}
	leaf(k, q, WAIT_READER, f->fifo ? f->link : "",
	     arena_printf(a, "does not read what %s writes%s%s", waits_name(a, p),
	                  is_log(p, f) ? " to its stderr"
	                  : is_editor  ? ""
	                  : f->fifo    ? " to "
	                               : " to it",
	                  f->fifo ? f->link : ""),
	     proof);
	blocked_since(k, t);
	return true;
}

/* Whoever shows the terminal waits for more of it, and nothing comes: then it is held back on the way. Somebody who does
 * not even look for it is one that does not read. */
static bool is_held_back(const struct wait_process *shows, int64_t fd) {
	static const char *const calls[] = {"poll",       "ppoll",       "select", "pselect6",
	                                    "epoll_wait", "epoll_pwait", NULL};

	each_thread(t, shows) {
		if (one_of(t->call, calls) || (waits_reads(t) && (int64_t)waits_arg(t, 0) == fd)) {
			return true;
		}
	}
	return false;
}

static bool by_terminal_output(struct walk *k, const struct wait_process *p,
                               const struct wait_thread *t, const struct wait_fd *f,
                               const char *proof) {
	struct arena *a = k->w->arena;
	const struct wait_process *shows =
		f->end_count > 0 ? waits_process(k->w, f->ends[0].pid) : NULL;

	if (!shows || shows == p) {
		return false;
	}
	if (waits_looks_held(shows) || !is_held_back(shows, f->ends[0].fd)) {
		return by_reader(k, p, shows, t, f, proof);
	}
	leaf(k, p, WAIT_READER, f->link,
	     arena_printf(
		     a,
		     "writes to the terminal %s, whose output is held back (Ctrl-S): %s, which "
		     "shows it, waits for more",
		     f->link, waits_name(a, shows)),
	     proof);
	blocked_since(k, t);
	return true;
}

bool waits_by_writing(struct walk *k, const struct wait_process *p, const struct wait_fd *f,
                      const struct wait_thread *t, const char *proof) {
	struct arena *a = k->w->arena;
	bool is_pipe = f->fifo || str_starts(f->link, "pipe:");

	if (t && (!t->still || t->cpu_us > 0)) {
		return false; /* it has run meanwhile: somebody takes what it writes, slowly */
	}
	if (waits_is_terminal(f) && by_terminal_output(k, p, t, f, proof)) {
		return true;
	}
	for (size_t i = 0; i < f->end_count; i++) {
		const struct wait_process *q = waits_process(k->w, f->ends[i].pid);

		/* A shell that has opened a named pipe for those it starts does not read it. */
		bool reads = !is_pipe || f->ends[i].way == 'r' ||
		             (f->ends[i].way == 'b' && !waits_is_above(k->w, p, f->ends[i].pid));

		if (q && reads && by_reader(k, p, q, t, f, proof)) {
			return true;
		}
	}
	const struct wait_socket *s = waits_socket(k->w, f->ino);
	const char *there = s && !str_empty(s->peer_name) ? s->peer_name : NULL;

	leaf(k, p, WAIT_READER, there ? there : f->link,
	     there ? arena_printf(a, "writes to %s, and whoever serves that does not read", there)
	     : f->fifo
	             ? arena_printf(a, "writes to the named pipe %s, and nobody reads it", f->link)
	             : "writes and nobody reads it",
	     proof);
	blocked_since(k, t);
	return true;
}

/* O_CLOEXEC among the octal digits: what was inherited cannot have it, and Go opens everything so. */
static bool has_opened(const struct wait_fd *f) {
	return f->flags / 1000000 % 10 & 2;
}

/* A program in Go waits for room without a call: its runtime tells. Of what it has opened for that only a terminal and a
 * named pipe can be full for long and belong to nobody who waits for the server. */
bool waits_by_stuck_write(struct walk *k, const struct wait_process *p) {
	const struct wait_inner *inner = waits_inner_of(k->w, p);

	if (!inner || !streq(inner->reason, WAITS_INNER_WRITES)) {
		return false;
	}
	for (size_t i = 0; i < p->fd_count; i++) {
		const struct wait_fd *f = &p->first_fd[i];

		if (f->pid == p->pid && f->fd > 2 && has_opened(f) &&
		    (f->fifo || waits_is_terminal(f))) {
			return waits_by_writing(
				k, p, f, NULL,
				arena_printf(k->w->arena,
			                     "its goroutine %lld waits to write; fd %lld is %s",
			                     (long long)inner->goroutine, (long long)f->fd,
			                     f->link));
		}
	}
	return false;
}
