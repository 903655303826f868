/* SPDX-License-Identifier: MIT */
#include "base/path.h"
#include "base/str.h"
#include "core/mend.h"
#include "core/storage.h"

const char *mend_room(const struct facts *facts, const char *name, const char *not_on_mount) {
	const struct fact_place *home = facts_place(facts, "HOME");
	if (!home || !streq(home->state, "ok") || !home->write || home->read_only ||
	    storage_is_full(home) || (not_on_mount && streq(home->mount, not_on_mount))) {
		return NULL;
	}
	return path_join(facts->arena, home->path, name);
}

bool mend_cache(struct plan *plan, const struct facts *facts, const char *role, bool away) {
	const struct fact_place *now = facts_place(facts, role);
	bool of_go = streq(role, "GOCACHE");
	const char *dir = mend_room(facts, of_go ? "go-build-cache" : "gopls-cache",
	                            away && now ? now->mount : NULL);
	if (!dir) {
		plan_unable(plan,
		            "no directory is known that could take the place of %s: the home is "
		            "on the same file system, or takes nothing either",
		            now ? now->path : role);
		return false;
	}
	plan->keeps = arena_printf(plan->arena, "%s and what lies in it", now ? now->path : role);
	plan_mkdir(plan, dir, 0755);
	return of_go ? mend_name(plan, facts, role, dir) : mend_export(plan, facts, role, dir);
}

bool mend_tmp(struct plan *plan, const struct facts *facts) {
	const struct fact_govar *own = facts_govar(facts, "GOTMPDIR");
	const struct fact_place *tmp = facts_place(facts, "TMPDIR");
	const struct fact_place *now = facts_place(facts, "GOTMPDIR");
	bool named = own && !str_empty(own->value);
	bool sound = tmp && streq(tmp->state, "ok") && tmp->write && !tmp->read_only &&
	             !storage_is_full(tmp);
	if (named && sound) {
		return mend_name(plan, facts, "GOTMPDIR", NULL);
	}
	now = named && now ? now : tmp;
	const char *dir = mend_room(facts, "go-tmp", now ? now->mount : NULL);
	if (!dir) {
		plan_unable(plan, "no directory is known that could take temporary files");
		return false;
	}
	plan_mkdir(plan, dir, 0700);
	return mend_name(plan, facts, "GOTMPDIR", dir);
}

bool mend_is_own(const struct facts *facts, int64_t uid) {
	const struct fact_target *t = facts_first(target, facts);
	return t && t->uid == uid;
}

bool mend_chown(struct plan *plan, const struct facts *facts, const char *path) {
	const struct fact_target *t = facts_first(target, facts);
	if (!t || str_empty(t->user)) {
		plan_unable(plan, "it is not known to whom %s should belong", path);
		return false;
	}
	plan_run(plan, "/",
	         PLAN_WORDS(plan, "/bin/chown", "-R", arena_printf(plan->arena, "%s:", t->user),
	                    path),
	         PLAN_WORDS(plan, arena_printf(plan->arena, "%s/", path)));
	plan->needs_root = true;
	return true;
}

/* A place the editor looks at, in the home, without a gopls; NULL when there is none. */
static const char *free_place(const struct facts *facts, const char *not_in) {
	const struct fact_target *t = facts_first(target, facts);
	facts_each (tool, p, facts) {
		if (streq(p->tool, "gopls") && streq(p->state, "absent") && t &&
		    t->home[0] == '/' && path_below(p->path, t->home) &&
		    !path_below(p->path, t->workspace) && !path_below(p->path, not_in) &&
		    !streq(p->via, "alternate")) {
			return p->path;
		}
	}
	return NULL;
}

bool mend_copy(struct plan *plan, const struct facts *facts, const char *path) {
	const char *to = free_place(facts, path_parent(plan->arena, path));
	if (!to) {
		plan_unable(plan,
		            "no free place in the home is known in which the editor looks for "
		            "gopls");
		return false;
	}
	const char *dir = path_parent(plan->arena, to);
	plan->why = arena_printf(plan->arena, "%s may not be run where it lies; a copy in %s may.",
	                         path, dir);
	plan->keeps = path;
	plan_mkdir(plan, dir, 0755);
	plan_run(plan, "/", PLAN_WORDS(plan, "/bin/cp", "--preserve=mode", path, to),
	         PLAN_WORDS(plan, to));
	return true;
}

/* sed(1) finds the command by itself: which words stand beside it on the line is not known here. */
bool mend_limit(struct plan *plan, const struct fact_limit_source *source) {
	int64_t number = 0;
	if (!source) {
		plan_unable(plan,
		            "no line is known that sets this limit: it comes from the session, the "
		            "unit or the container");
		return false;
	}
	plan->why = arena_printf(plan->arena,
	                         "%s line %lld sets a limit (%s) that go and gopls do not "
	                         "get along with.",
	                         source->file, (long long)source->line, source->value);
	if (source->file[0] != '/' || str_to_int64(source->value, &number) != 0 ||
	    source->line <= 0 || str_ends(source->file, ".conf")) {
		plan_unable(plan, "it is not known which line sets the limit");
		return false;
	}
	if (!source->script) {
		plan_unable(
			plan,
			"%s line %lld sets it for sessions to come: take it out there and log in "
			"again; what runs now keeps its limit, so that nothing could be tried",
			source->file, (long long)source->line);
		return false;
	}
	/* A call of ulimit becomes a command that does nothing; of prlimit the value is lifted. */
	const char *words = arena_printf(
		plan->arena,
		"%llds/(^|[^[:alnum:]_])ulimit([[:space:]]+-[[:alpha:]]+)*[[:space:]]+%s($|[^0-9])/"
		"\\1:\\3/;"
		"%llds/(--[a-z]+=)%s(:%s)?($|[^0-9])/\\1unlimited\\3/",
		(long long)source->line, source->value, (long long)source->line, source->value,
		source->value);
	struct step *step = plan_run(
		plan, path_parent(plan->arena, source->file),
		PLAN_WORDS(plan, "/bin/sed", "-i", "--follow-symlinks", "-E", words, source->file),
		PLAN_WORDS(plan, source->file));
	if (step) {
		step->what = arena_printf(plan->arena, "take the limit %s out of %s line %lld",
		                          source->value, source->file, (long long)source->line);
	}
	plan->then = "start the editor again from there";
	return true;
}
