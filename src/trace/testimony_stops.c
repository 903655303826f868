/* SPDX-License-Identifier: MIT
 * Who was ended by whom and when, who stood still meanwhile, and which locks were held until then: a client that has
 * what it wants, or gives up, ends its server, and with that everything looks different.
 */
#include "base/vec.h"
#include "trace/testimony_work.h"

#include <signal.h>

#define HELD_MAX ((size_t)4096)

static bool ends(int64_t signal) {
	return signal == SIGTERM || signal == SIGKILL || signal == SIGINT || signal == SIGHUP;
}

static void add_holders(struct testimony *t, struct held_lock *held,
                        const struct rewind_lock *lock) {
	size_t count;
	const struct rewind_process *const *all = rewind_processes(t->rewind, &count);
	for (size_t i = 0; i < count; i++) {
		bool has = false;
		for (size_t k = 0; all[i]->end_ns == 0 && all[i]->fds && k < all[i]->fds->count;
		     k++) {
			has |= all[i]->fds->items[k].file == lock->file;
		}
		if (has && held->holder_count < LOCK_HOLDERS_MAX) {
			held->holders[held->holder_count++] = all[i]->pid;
		}
	}
}

/* A descriptor that a child has too keeps the lock as long as that lives. */
static void keep_locks(struct testimony *t, int64_t at_ns) {
	size_t count;
	const struct rewind_lock *locks = rewind_locks(t->rewind, &count);
	for (size_t i = 0; i < count && t->held_count < HELD_MAX; i++) {
		if (locks[i].kind != LOCK_KIND_FLOCK || str_empty(locks[i].path)) {
			continue;
		}
		t->held =
			vec_room(t->arena, t->held, t->held_count, &t->held_size, sizeof(*t->held));
		struct held_lock *held = &t->held[t->held_count++];
		*held = (struct held_lock){.at_ns = at_ns,
		                           .path = arena_strdup(t->arena, locks[i].path)};
		add_holders(t, held, &locks[i]);
	}
}

void testimony_mark_stop(struct testimony *t, struct witness *w, int64_t at_ns) {
	w->stopped_ns = at_ns;
	keep_locks(t, at_ns);
}

void testimony_see_signal(struct testimony *t, const struct event *e) {
	if (ends(e->status) && e->sender > 0 && e->sender != e->pid) {
		testimony_mark_stop(t, testimony_witness(t, e->pid), e->start_ns);
	}
}

void testimony_see_halt(struct testimony *t, const struct event *e) {
	struct witness *w = testimony_witness(t, e->pid);
	*(e->kind == EVENT_STOP ? &w->halted_ns : &w->resumed_ns) = e->start_ns;
}

bool testimony_is_halted(const struct testimony *t, const struct witness *w) {
	bool still = w->resumed_ns < w->halted_ns || w->resumed_ns >= t->asof_ns;
	return w->halted_ns > 0 && w->halted_ns < t->asof_ns && still;
}

/* Who ends the wrapper of a server ends the server: by the wrapper, or by the kernel with it. */
void testimony_find_stop(struct testimony *t) {
	struct witness *server = t->server;
	const struct witness *w = server ? testimony_above(server) : NULL;
	for (; w && testimony_above(w); w = testimony_above(w)) {
		bool earlier = server->stopped_ns == 0 || w->stopped_ns < server->stopped_ns;
		bool before = server->ended && w->stopped_ns <= server->end_ns;
		if (w->stopped_ns > server->start_ns && earlier && before) {
			server->stopped_ns = w->stopped_ns;
		}
	}
	t->asof_ns = server && server->stopped_ns > 0 ? server->stopped_ns : t->last_ns;
	if (t->asof_ns == t->last_ns) {
		keep_locks(t, t->asof_ns);
	}
}

const struct held_lock *testimony_lock_on(struct testimony *t, const char *path) {
	for (size_t i = 0; i < t->held_count; i++) {
		const struct held_lock *held = &t->held[i];
		if (held->at_ns == t->asof_ns && held->holder_count > 0 &&
		    streq(held->path, path)) {
			return held;
		}
	}
	return NULL;
}
