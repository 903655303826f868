/* SPDX-License-Identifier: MIT
 * Gives the program or the directory above it the mode it needs, or names the program and not its directory.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"
#include "core/origin.h"
#include "wire/json_text.h"

static bool is_own(const struct facts *facts, const char *path) {
	const struct fact_target *t = facts_first(target, facts);
	return t && !str_empty(t->home) && (path_below(path, t->home) || streq(path, t->home));
}

static void plan_directory(const struct facts *facts, const struct fact_tool *t, struct plan *out) {
	const struct fact_setting *s =
		facts_setting(facts, arena_printf(out->arena, "go.alternateTools.%s", t->tool));
	if (!t->configured || !s) {
		plan_unable(out, "%s is a directory where the program should be", t->path);
		return;
	}
	out->why = arena_printf(out->arena, "%s is the directory, not the program in it.", t->path);
	mend_setting(
		out, facts, s,
		json_text_quoted(out->arena, slice_str(path_join(out->arena, t->path, t->tool))));
	out->then = "reload the window of the editor";
}

/* Nobody opens more than his own directories, or an installation of Go, which is there for everybody. */
static void plan_hidden(const struct facts *facts, const struct fact_tool *t, struct plan *out) {
	const char *dir = str_empty(t->shut) ? path_parent(out->arena, t->path) : t->shut;
	if (is_own(facts, dir)) {
		plan_mode(out, dir, 0700, 0, false);
	} else if (str_empty(t->real) && origin_is_hidden_go(facts, t) &&
	           path_below(t->path, dir)) {
		/* The files in it are root's as well. */
		plan_run(out, "/", PLAN_WORDS(out, "/bin/chmod", "-R", "a+rX", dir),
		         PLAN_WORDS(out, arena_printf(out->arena, "%s/", dir)));
		out->needs_root = true;
	} else {
		plan_unable(out,
		            "%s lies below %s, which is not for you: the program has to be put "
		            "somewhere else",
		            str_empty(t->real) ? t->path : t->real, dir);
	}
}

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_tool *t = finding_first(tool, finding);
	if (!t) {
		plan_unable(out, "it is not known which program is meant");
		return;
	}
	out->why = arena_printf(out->arena, "%s is there and cannot be executed.", t->path);
	if (streq(t->state, "no_exec_bit")) {
		plan_mode(out, t->path, is_own(facts, t->path) ? 0100 : 0555, 0, false);
	} else if (streq(t->state, "directory")) {
		plan_directory(facts, t, out);
	} else if (streq(t->state, "unreachable")) {
		plan_hidden(facts, t, out);
	} else {
		plan_unable(out, "%s is no program", t->path);
	}
}

const struct fix fix_bin_not_executable_or_dir = {
	.cause = "bin-not-executable-or-dir",
	.title = "let the program be executed",
	.plan = plan,
};
