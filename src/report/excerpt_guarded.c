/* SPDX-License-Identifier: MIT
 * Facts about what confines, refuses, slows or alters as one line of proof.
 */
#include "base/str.h"
#include "report/excerpt_private.h"

#include <string.h>

#define AS(kind) ((const struct fact_##kind *)fact)

static const char *confined_line(struct arena *a, const struct fact_confined *c) {
	struct strbuf out;
	strbuf_init(&out, a);
	strbuf_printf(&out, "process %lld (%s)%s%s has", (long long)c->pid, c->exe,
	              *c->wrapper ? ", started by " : "", c->wrapper);
	const struct {
		bool on;
		const char *text;
	} parts[] = {
		{c->mounts, "other mounts"},
		{c->network, "another network"},
		{c->user, "another user namespace"},
		{c->no_new_privs, "no_new_privs"},
		{c->seccomp, "filters of system calls"},
		{c->flatpak, "the root of a Flatpak"},
	};
	bool any = false;
	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++) {
		if (parts[i].on) {
			strbuf_printf(&out, "%s %s", any ? "," : "", parts[i].text);
			any = true;
		}
	}
	if (*c->label) {
		strbuf_printf(&out, "%s the label %s", any ? "," : "", c->label);
		any = true;
	}
	strbuf_add(&out, any ? "" : " nothing that differs");
	return out.data;
}

static const char *turned_away_line(struct arena *a, const struct fact_turned_away *t) {
	const char *how = t->signal > 0 ? arena_printf(a, "ended by signal %lld at its start",
	                                               (long long)t->signal)
	                                : arena_printf(a, "refused: %s", strerror((int)t->error));
	return arena_printf(a, "%s may be %s by its mode, and is %s%s%s", t->path,
	                    streq(t->what, "exec") ? "executed" : "read", how,
	                    *t->copy ? "; a copy elsewhere " : "", t->copy);
}

static const char *cache_gap_line(struct arena *a, const struct fact_cache_gap *g) {
	const char *module = *g->module ? arena_printf(a, " (%s %s)", g->module, g->version) : "";
	return arena_printf(a, "%s%s: %s", g->path, module, g->kind);
}

static const char *confined_path_line(struct arena *a, const struct fact_confined_path *p) {
	const char *how = streq(p->state, "ok") && p->read_only ? "read-only" : p->state;
	return arena_printf(a, "for that process %s is %s, for dialtone %s%s", p->path, how, p->own,
	                    p->other ? "; it is another directory" : "");
}

static const char *slow_place_line(struct arena *a, const struct fact_slow_place *p) {
	const char *how = p->error ? strerror((int)p->error)
	                  : p->median_us < 0
	                          ? "is not answered"
	                          : arena_printf(a, "takes %lld us", (long long)p->median_us);
	return arena_printf(a, "a lookup in %s (%s on %s)%s %s", p->path, p->fstype, p->mount,
	                    p->error ? ":" : "", how);
}

const char *excerpt_guarded(struct arena *a, const struct fact *fact) {
	switch (fact->kind) {
	case FACT_confined:
		return confined_line(a, AS(confined));
	case FACT_confined_path:
		return confined_path_line(a, AS(confined_path));
	case FACT_guard:
		return AS(guard)->pid > 0
		               ? arena_printf(a, "%s (process %lld): %s", AS(guard)->name,
		                              (long long)AS(guard)->pid, AS(guard)->kind)
		               : arena_printf(a, "%s: %s", AS(guard)->kind, AS(guard)->name);
	case FACT_turned_away:
		return turned_away_line(a, AS(turned_away));
	case FACT_slow_place:
		return slow_place_line(a, AS(slow_place));
	case FACT_own_sandbox:
		return arena_printf(a, "dialtone itself: no_new_privs %d, %lld filters%s",
		                    AS(own_sandbox)->no_new_privs,
		                    (long long)AS(own_sandbox)->filters,
		                    AS(own_sandbox)->user ? ", a user namespace of its own" : "");
	case FACT_forbidden:
		return arena_printf(a, "%s may be used by its mode, and to %s it is refused: %s",
		                    AS(forbidden)->path, AS(forbidden)->what,
		                    strerror((int)AS(forbidden)->error));
	case FACT_refused_call:
		return arena_printf(
			a, "%s(%s) of %s was refused%s: %s", AS(refused_call)->call,
			AS(refused_call)->path, AS(refused_call)->program,
			AS(refused_call)->times > 1
				? arena_printf(a, " %lld times", (long long)AS(refused_call)->times)
				: "",
			strerror((int)AS(refused_call)->error));
	case FACT_bad_read:
		return arena_printf(a, "%s cannot be read at byte %lld of %lld: %s",
		                    AS(bad_read)->path, (long long)AS(bad_read)->at,
		                    (long long)AS(bad_read)->size,
		                    strerror((int)AS(bad_read)->error));
	case FACT_cache_gap:
		return cache_gap_line(a, AS(cache_gap));
	case FACT_foreign_uri:
		return arena_printf(a, "%s is opened as a folder", AS(foreign_uri)->uri);
	default:
		return NULL;
	}
}
