/* SPDX-License-Identifier: MIT
 * A go program that lies alone becomes a link to that of a whole installation; a damaged toolchain of the module cache
 * makes way for a fresh one; modes that keep users out are opened. Anything else is an installation anew.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/fix.h"

static const struct fact_tool *whole_go(const struct facts *facts, const char *except) {
	facts_each (tool, t, facts) {
		const struct fact_binary *b = facts_binary(facts, t->path);
		bool script = b && streq(b->format, "script");
		if (streq(t->tool, "go") && streq(t->state, "ok") && !streq(t->path, except) &&
		    str_ends(t->path, "/bin/go") && !script) {
			return t;
		}
	}
	return NULL;
}

static void plan_lone(const struct facts *facts, const struct fact_tool *go, struct plan *out) {
	const struct fact_tool *whole = whole_go(facts, go->path);
	if (!whole) {
		plan_unable(out, "no whole installation of Go is known that %s could lead to",
		            go->path);
		return;
	}
	out->why = arena_printf(out->arena,
	                        "%s is the go program without its installation; a link to %s finds "
	                        "it.",
	                        go->path, whole->path);
	plan_move(out, go->path, NULL);
	plan_link(out, go->path, NULL, whole->path);
}

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_goroot_gap *gap = finding_first(goroot_gap, finding);
	const struct fact_tool *go = finding_first(tool, finding);
	if (!gap && go) {
		plan_lone(facts, go, out);
		return;
	}
	if (gap &&
	    (str_ends(gap->part, "(not for this user)") || str_ends(gap->part, "(not readable)"))) {
		out->why = arena_printf(out->arena, "%s has files that this user may not read.",
		                        gap->root);
		const struct fact_target *t = facts_first(target, facts);
		if (t && t->home[0] == '/' && path_below(gap->root, t->home)) {
			plan_mode(out, gap->root, 0500, 0, true);
			return;
		}
		plan_run(out, "/", PLAN_WORDS(out, "/bin/chmod", "-R", "a+rX", gap->root),
		         PLAN_WORDS(out, arena_printf(out->arena, "%s/", gap->root)));
		out->needs_root = true;
		return;
	}
	if (gap && str_has(gap->root, "/golang.org/toolchain@v0.0.1-")) {
		out->why = arena_printf(out->arena,
		                        "%s is damaged; once it is out of the way go fetches it "
		                        "anew.",
		                        gap->root);
		struct step *step = plan_move(out, gap->root, NULL);
		if (step) {
			step->network = true;
		}
		return;
	}
	plan_unable(out, "this Go has to be installed anew, in an empty directory: %s",
	            gap ? gap->root : "");
}

const struct fix fix_tc_goroot_incomplete = {
	.cause = "tc-goroot-incomplete",
	.title = "link to a whole installation, or put the damaged copy aside",
	.plan = plan,
};
