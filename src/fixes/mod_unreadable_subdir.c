/* SPDX-License-Identifier: MIT
 * Of what is this user's own the modes; a link to nothing goes. What belongs to others stays shut: its owner may want it so.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"

#include <stdlib.h>

static const char *go_line(const struct facts *facts, const char *dir, struct arena *arena) {
	facts_each (gomod, g, facts) {
		if (streq(path_parent(arena, g->path), dir)) {
			return g->go;
		}
	}
	return "";
}

/* "1.25", "1.30.1": an ignore line is read from 1.25 on. */
static bool knows_ignore(const char *go) {
	return str_starts(go, "1.") && strtol(go + 2, NULL, 10) >= 25;
}

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_unreadable *u = finding_first(unreadable, finding);
	if (!u) {
		plan_unable(out, "it is not known what cannot be read");
		return;
	}
	if (streq(u->what, "dangling")) {
		out->why = "go stops at a Go file that is a link to nothing.";
		plan_remove(out, u->path);
	} else if (mend_is_own(facts, u->uid)) {
		bool file = streq(u->what, "file") || str_ends(u->path, "/go.mod");
		out->why = "It is yours, and its mode keeps you out.";
		plan_mode(out, u->path, file ? 0400 : 0500, 0, false);
	} else if (streq(u->what, "walk") && path_below(u->path, u->module_dir) &&
	           knows_ignore(go_line(facts, u->module_dir, out->arena))) {
		const char *mod = path_join(out->arena, u->module_dir, "go.mod");
		const char *const announces[] = {mod, NULL};
		const char *ignore = arena_printf(out->arena, "-ignore=./%s",
		                                  u->path + strlen(u->module_dir) + 1);
		out->why = "It belongs to somebody else; what go.mod ignores go does not walk.";
		MEND_RUN_GO(out, facts, u->module_dir, announces, "mod", "edit", ignore);
	} else {
		plan_unable(
			out,
			"%s belongs to uid %lld, who may want it shut (a database does): as root "
			"`chmod a+rX`, or `ignore` in go.mod from Go 1.25 on",
			u->path, (long long)u->uid);
	}
}

const struct fix fix_mod_unreadable_subdir = {
	.cause = "mod-unreadable-subdir",
	.title = "let this user read it",
	.plan = plan,
};
