/* SPDX-License-Identifier: MIT
 * What the server and its programs were confined by, out of the calls with which that was done: the text of
 * LOOK_CONFINED (core/look.def).
 */
#include "base/path.h"
#include "core/world.h"
#include "trace/call.h"
#include "trace/testimony_work.h"

#include <sched.h>
#include <sys/prctl.h>

#define SET_MODE_FILTER 1 /* SECCOMP_SET_MODE_FILTER of seccomp(2) */
#define MODE_FILTER     2 /* SECCOMP_MODE_FILTER, for prctl(2) */

void testimony_walls_of_clone(struct witness *w, uint64_t flags) {
	w->walls.mounts = w->walls.mounts || (flags & CLONE_NEWNS) != 0;
	w->walls.network = w->walls.network || (flags & CLONE_NEWNET) != 0;
	w->walls.user = w->walls.user || (flags & CLONE_NEWUSER) != 0;
}

void testimony_see_walls(struct testimony *t, const struct event *e, const struct call *call) {
	bool is_prctl = streq(call->name, "prctl");
	bool filter = (is_prctl && e->args[0] == PR_SET_SECCOMP && e->args[1] == MODE_FILTER) ||
	              (streq(call->name, "seccomp") && e->args[0] == SET_MODE_FILTER);
	bool alone = is_prctl && e->args[0] == PR_SET_NO_NEW_PRIVS && e->args[1] == 1;
	bool unshares = streq(call->name, "unshare");
	bool landlock = streq(call->name, "landlock_restrict_self");
	bool any = filter || alone || unshares || landlock;
	if (e->duration_ns < 0 || e->result < 0 || !any) {
		return;
	}
	struct witness *w = testimony_witness(t, e->pid);
	w->walls.filters += filter;
	w->walls.no_new_privs = w->walls.no_new_privs || alone;
	w->walls.landlock = w->walls.landlock || landlock;
	if (unshares) {
		testimony_walls_of_clone(w, e->args[0]);
	}
}

bool testimony_is_fenced(const struct testimony *t) {
	for (size_t i = 0; t->server && i < t->witness_count; i++) {
		const struct witness *w = t->witnesses[i];
		if (w->walls.landlock && testimony_is_below(w, t->server->pid)) {
			return true;
		}
	}
	return false;
}

static const char *whose(bool other) {
	return other ? "other" : "same";
}

static void put_walls(struct strbuf *out, const struct witness *w, const struct walls *own) {
	const struct walls *walls = &w->walls;
	strbuf_printf(out, "pid=%d\ncomm=%.15s\n", (int)w->pid, path_base(w->exe));
	keyline_put(out, "exe", w->exe);
	strbuf_printf(out, "no_new_privs=%d\nseccomp=%d\nfilters=%d\n", walls->no_new_privs,
	              walls->filters > 0 ? MODE_FILTER : 0, walls->filters);
	strbuf_printf(out, "mnt=%s\nnet=%s\nuser=%s\npid=same\nflatpak=0\n\n",
	              whose(walls->mounts && !own->mounts), whose(walls->network && !own->network),
	              whose(walls->user && !own->user));
}

void testimony_give_walls(struct testimony *t, struct evidence_store *store) {
	static const char *const words[] = {"answer", "server0 gopls", "go0 go"};
	const struct witness *server = t->server;
	const struct witness *client = server ? testimony_above(server) : NULL;
	struct strbuf own, text;
	if (!client) {
		return;
	}
	strbuf_init(&own, t->arena);
	strbuf_init(&text, t->arena);
	put_walls(&own, client, &client->walls);
	for (size_t i = 0; i < t->witness_count; i++) {
		const struct witness *w = t->witnesses[i];
		if (w->is_new && testimony_is_below(w, server->pid)) {
			put_walls(&text, w, &client->walls);
		}
	}
	testimony_put(t, store, "confined:pid self", server->start_ns, slice_of(own.data, own.len));
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		testimony_put(t, store, arena_printf(t->arena, "confined:below %s", words[i]),
		              server->start_ns, slice_of(text.data, text.len));
	}
}
