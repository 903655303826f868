/* SPDX-License-Identifier: MIT
 */
#include "probes/server/wait_facts.h"

#include "gofile/lockfile.h"

#include <unistd.h>

/* The one whose role counts: whoever keeps a tracer keeps what that traces. */
static size_t traced_or_last(const struct wait_chain *c) {
	for (size_t i = 0; i + 1 < c->link_count; i++) {
		if (c->links[i].how == HOW_TRACER) {
			return i;
		}
	}
	return c->link_count - 1;
}

static bool is_below(const struct waits *w, const struct wait_process *p, int64_t pid) {
	for (int i = 0; p && i < 16; i++) {
		if (p->pid == pid) {
			return true;
		}
		p = p->ppid > 0 ? waits_process(w, p->ppid) : NULL;
	}
	return false;
}

/* What nobody reads is what goes to whoever has started the server, and not the log or named pipe of a helper. */
static bool is_for_editor(const struct waits *w, const struct wait_chain *c) {
	const struct wait_process *first = c->links[0].process;
	const struct wait_fd *out = waits_fd(first, STDOUT_FILENO);

	return (c->leaf.process != first && is_below(w, first, c->leaf.process->pid)) ||
	       (out && streq(out->link, c->leaf.on));
}

static const char *role_of(const struct waits *w, const struct wait_chain *c) {
	struct arena *arena = w->arena;
	size_t at = traced_or_last(c);
	const struct wait_process *p =
		at + 1 < c->link_count ? c->links[at].process : c->leaf.process;
	enum wait_role role = waits_role(arena, p);

	if (c->link_count > 1 && c->leaf.kind == WAIT_LOCK &&
	    c->links[c->link_count - 2].how == HOW_LOCK) {
		return "other"; /* it is well, and has what they want */
	}
	/* A script by the server's name that waits before it starts it. */
	if (waits_serves(role)) {
		return c->leaf.kind == WAIT_SLEEP ? "other" : "server";
	}
	if (at == 0) {
		return role == ROLE_EDITOR ? "editor" : "target";
	}
	enum wait_how how = c->links[at - 1].how;

	if (role == ROLE_EDITOR || how == HOW_EDITOR) {
		return "editor";
	}
	if (how == HOW_WRITE && waits_serves(waits_role(arena, c->links[at - 1].process))) {
		const struct wait_fd *out = waits_fd(c->links[at - 1].process, STDOUT_FILENO);

		/* Whoever takes the log of a server that is wedged by it is not its editor. */
		return out && streq(out->link, c->links[at - 1].on) ? "editor" : "server";
	}
	return c->leaf.kind == WAIT_READER && is_for_editor(w, c) ? "editor" : "child";
}

/* Why the holder of the lock will not let go, in the words of lock_wait. */
static const char *stuck_of(const struct wait_leaf *l) {
	switch (l->kind) {
	case WAIT_STOPPED:
		return "stopped";
	case WAIT_TRACED:
		return "traced";
	case WAIT_FROZEN:
		return "frozen";
	default:
		return "silent";
	}
}

bool wait_facts_own_lock(const struct facts *facts, const struct waits *w,
                         const struct wait_chain *c) {
	for (size_t i = 0; i + 1 < c->link_count; i++) {
		if (c->links[i].how != HOW_LOCK) {
			continue;
		}
		facts_each (running_server, s, facts) {
			/* It has the lock itself: then that is what is wrong (a wrapper that lets only one run). */
			if (s->here && c->links[i + 1].process->pid != s->pid &&
			    is_below(w, c->links[i + 1].process, s->pid)) {
				return true;
			}
		}
	}
	return false;
}

const char *wait_facts_place(const struct facts *facts, const struct waits *w,
                             const struct wait_chain *c) {
	/* What a server of this workspace has itself is no lock of somebody else's: on to what keeps that. */
	bool own = wait_facts_own_lock(facts, w, c);

	for (size_t i = 0; i + 1 < c->link_count && (own || c->links[i].how != HOW_LOCK); i++) {
		if (c->links[i].how == HOW_FILES) {
			return c->links[i].on;
		}
	}
	return c->leaf.kind == WAIT_DISK ? c->leaf.on : NULL;
}

static const char *fstype_of(const struct waits *w, int64_t waiter, const char *path) {
	for (size_t i = 0; i < w->lock_count; i++) {
		if (w->locks[i].pid == waiter && streq(w->locks[i].link, path)) {
			return w->locks[i].fstype;
		}
	}
	return "";
}

/* A link that is a lock, as the rule fs-lock-held knows it. */
static void state_lock(struct facts *facts, const struct evidence *ev, const struct waits *w,
                       const struct wait_chain *c) {
	for (size_t i = 0; i < c->link_count; i++) {
		bool last = i + 1 == c->link_count;
		const struct wait_process *p = c->links[i].process;
		const struct wait_process *h = last ? NULL : c->links[i + 1].process;
		const char *path = last ? c->leaf.on : c->links[i].on;

		if ((last ? c->leaf.kind != WAIT_LOCK : c->links[i].how != HOW_LOCK) ||
		    str_empty(path)) {
			continue;
		}
		facts_each (lock_wait, known, facts) {
			if (streq(known->path, path) && !str_empty(known->stuck)) {
				return;
			}
		}
		struct lockfile file = lockfile_of(facts->arena, path);

		FACTS_ADD(facts, lock_wait, ev, .pid = p->pid, .program = p->comm,
		          .args = p->cmdline, .path = path, .kind = file.name, .what = file.what,
		          .module = file.module, .version = file.version, .wait_ms = p->age_ms,
		          .holder = h ? h->pid : 0, .holder_program = h ? h->comm : "",
		          .holder_args = h ? h->cmdline : "", .holder_cwd = h ? h->cwd : "",
		          .holder_uid = h ? h->uid : 0,
		          .holder_start_ns = h ? w->now_ns - h->age_ms * 1000000 : 0,
		          .holder_state = h ? h->state : "", .stuck = h ? stuck_of(&c->leaf) : "",
		          .idle_ms = h && h->rested_ms > 0 ? h->rested_ms : 0,
		          .peer = c->leaf.kind == WAIT_NET ? c->leaf.on : "",
		          .leaf = c->leaf.process != h && h ? c->leaf.process->pid : 0,
		          .leaf_program = c->leaf.process->comm,
		          .leaf_args = c->leaf.process->cmdline,
		          .holder_ticks = h ? h->start_ticks : 0,
		          .fstype = fstype_of(w, p->pid, path),
		          .unseen = h                   ? ""
		                    : w->unreadable > 0 ? "denied"
		                                        : "elsewhere");
		return;
	}
}

const struct fact_wait_leaf *wait_facts_state(struct facts *facts, const struct evidence *ev,
                                              const char *origin, const struct waits *w,
                                              const struct wait_chain *c) {
	struct arena *a = facts->arena;
	const struct wait_leaf *l = &c->leaf;
	struct wait_cure cures[2] = {{"", "", false}};
	size_t cure_count = l->process ? waits_cures(a, c, cures) : 0;

	if (!l->process) {
		return NULL;
	}
	for (size_t i = 0; i < c->link_count; i++) {
		FACTS_ADD(facts, wait_link, ev, .target = w->target, .position = (int64_t)i + 1,
		          .pid = c->links[i].process->pid,
		          .how = i + 1 < c->link_count ? wait_how_name(c->links[i].how) : "",
		          .text = waits_link_line(a, c, i));
	}
	for (size_t i = 0; i < c->unread_count; i++) {
		const struct wait_unread *u = &c->unread[i];

		FACTS_ADD(facts, wait_unread, ev, .pid = u->process->pid, .incoming = u->incoming,
		          .bytes = u->bytes, .age_ms = u->age_ms, .text = waits_unread_line(a, u));
	}
	if (!waits_is_healthy(c) && l->settled && !wait_facts_own_lock(facts, w, c)) {
		state_lock(facts, ev, w, c);
	}
	return FACTS_ADD(
		facts, wait_leaf, ev, .origin = origin, .target = w->target,
		.target_name = waits_name(a, c->links[0].process), .pid = l->process->pid,
		.name = waits_name(a, l->process), .role = role_of(w, c),
		.kind = wait_kind_name(l->kind),
		.how = c->link_count > 1 ? wait_how_name(c->links[c->link_count - 2].how) : "",
		.on = c->link_count > 1 && str_empty(l->on) ? c->links[c->link_count - 2].on
	                                                    : l->on,
		.text = waits_sentence(a, c), .proof = l->proof, .since_ms = l->since_ms,
		.settled = l->settled, .healthy = waits_is_healthy(c),
		.cure = cure_count ? cures[0].title : "",
		.command = cure_count ? cures[0].command : "",
		.disruptive = cure_count && cures[0].disruptive,
		.start_ticks = l->process->start_ticks, .uid = l->process->uid,
		.state = l->process->state, .proven = l->proven);
}
