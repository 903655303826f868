/* SPDX-License-Identifier: MIT
 * From one process to the next it waits for.
 *
 * Order matters: what holds a whole process (stopped, frozen) goes before what one of its threads is in; a lock or a
 * file system goes before children; a child before sockets, since gopls reads its stdin all the time it waits for go.
 * Names of kernel functions, here and in its other parts: Linux 5.10 to 6.18 (fs/locks.c, fs/fuse/dev.c, fs/pipe.c,
 * net/unix/af_unix.c, kernel/freezer.c, kernel/signal.c); another version that calls them otherwise is still told by its
 * system calls.
 */
#include "waits/private.h"

static bool step(struct walk *k, const struct wait_process *p);

bool one_of(const char *word, const char *const *list) {
	for (size_t i = 0; list[i]; i++) {
		if (streq(word, list[i])) {
			return true;
		}
	}
	return false;
}

bool leaf(struct walk *k, const struct wait_process *p, enum wait_kind kind, const char *on,
          const char *detail, const char *proof) {
	k->chain->leaf = (struct wait_leaf){.kind = kind,
	                                    .process = p,
	                                    .on = on ? on : "",
	                                    .detail = detail,
	                                    .proof = proof,
	                                    .since_ms = p->age_ms};
	return true;
}

/* The worst goes on: a stopped child beside one that works is what lasts. */
int waits_rank(enum wait_kind kind) {
	switch (kind) {
	case WAIT_IDLE:
		return 1;
	case WAIT_WORKS:
	case WAIT_ENDED:
		return 2;
	case WAIT_INSIDE:
	case WAIT_HIDDEN:
		return 3;
	case WAIT_SLEEP:
		return 4;
	case WAIT_DISK:
	case WAIT_GUARD:
	case WAIT_PEER:
	case WAIT_READER:
	case WAIT_NET:
	case WAIT_DNS:
		return 5;
	default:
		return 6;
	}
}

bool walk_on(struct walk *k, const struct wait_process *q, enum wait_how how, const char *on,
             const char *proof) {
	struct wait_chain *c = k->chain;

	if (!q || c->link_count == 0 || c->link_count >= WAITS_LINKS_MAX) {
		return false;
	}
	for (size_t i = 0; i < c->link_count; i++) {
		if (c->links[i].process == q) {
			return false;
		}
	}
	struct wait_link *from = &c->links[c->link_count - 1];
	struct wait_link before = *from;

	from->how = how;
	from->on = on ? on : "";
	from->proof = proof;
	c->links[c->link_count++] = (struct wait_link){.process = q, .proof = "", .on = ""};
	if (step(k, q)) {
		return true;
	}
	c->link_count--;
	*from = before;
	return false;
}

static bool by_fifo(struct walk *k, const struct wait_process *p) {
	static const char *const calls[] = {"openat", "open", NULL};
	struct arena *a = k->w->arena;

	each_thread(t, p) {
		if (!one_of(t->call, calls) ||
		    (!streq(t->wchan, "wait_for_partner") && !streq(t->wchan, "fifo_open"))) {
			continue;
		}
		bool writes = waits_arg(t, streq(t->call, "open") ? 1 : 2) & 1;

		return leaf(k, p, WAIT_FIFO, t->path,
		            arena_printf(a, "opens the named pipe %s, and nobody %s it",
		                         str_empty(t->path) ? "(its path is not seen)" : t->path,
		                         writes ? "reads" : "writes"),
		            arena_printf(a, "thread %lld: %s in %s", (long long)t->tid, t->call,
		                         t->wchan));
	}
	return false;
}

/* In the order of what is stronger. */
static bool step(struct walk *k, const struct wait_process *p) {
	static bool (*const ways[])(struct walk * k, const struct wait_process *p) = {
		waits_by_handing_on,
		waits_is_held,
		waits_by_lock,
		waits_by_file_system,
		by_fifo,
		waits_by_reader,
		waits_by_child,
		waits_by_descriptor,
		waits_by_sleep,
		waits_by_work,
		waits_by_exhaustion,
		waits_by_unseen,
		waits_by_socket,
		waits_by_kept_pipe,
	};

	if (++k->steps > STEPS_MAX) {
		return false;
	}
	for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
		if (ways[i](k, p)) {
			return true;
		}
	}
	return waits_by_nothing(k, p);
}

struct wait_chain waits_chain(const struct waits *w, int64_t settled_ms) {
	struct wait_chain chain = {0};
	struct walk walk = {.w = w, .chain = &chain};
	const struct wait_process *p = waits_process(w, w->target);

	chain.leaf.since_ms = -1;
	if (!p) {
		return chain;
	}
	chain.links[0] = (struct wait_link){.process = p, .proof = "", .on = ""};
	chain.link_count = 1;
	if (!step(&walk, p)) {
		leaf(&walk, p, WAIT_HIDDEN, "", "may not be looked into", "");
	}
	waits_settle(w, &chain, settled_ms);
	for (size_t i = 0; i < chain.link_count && !chain.server; i++) {
		enum wait_role role = waits_role(w->arena, chain.links[i].process);

		chain.server = role >= ROLE_SERVER && role <= ROLE_DEBUGGER ? chain.links[i].process
		                                                            : NULL;
	}
	if (p->tracer > 0 && chain.leaf.kind != WAIT_TRACED) {
		chain.tracer = waits_process(w, p->tracer);
	}
	waits_find_unread(&walk, &chain);
	return chain;
}

bool waits_is_healthy(const struct wait_chain *c) {
	switch (c->leaf.kind) {
	case WAIT_IDLE:
	case WAIT_WORKS:
	case WAIT_ENDED:
		return true;
	case WAIT_TRACED:
		/* What a debugger debugs stands still at a breakpoint. */
		return c->link_count > 1 &&
		       c->leaf.process->tracer == c->links[c->link_count - 2].process->pid;
	default:
		return !c->leaf.settled;
	}
}
