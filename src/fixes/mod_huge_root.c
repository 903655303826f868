/* SPDX-License-Identifier: MIT
 * A go.mod of its own makes the largest directory no part of the module, so that go does not walk it: only for those
 * that are known to hold no code of the module. Else a go.mod that lies in the home by mistake is put aside.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"

/* Made by tools, never imported from. */
static bool is_output(const char *name) {
	return STR_IN(name, "node_modules", "bower_components", "target", "dist", "build", "out",
	              "bin", "obj", ".git", "venv", ".venv", "site-packages", "coverage") ||
	       str_starts(name, "bazel-");
}

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_tree *t = finding_first(tree, finding);
	const struct fact_open_file *file = facts_first(open_file, facts);
	const struct fact_target *target = facts_first(target, facts);
	if (!t || !str_ends(t->because, "/go.mod")) {
		plan_unable(out,
		            "open the folder of one project: what makes go walk all of %s is not "
		            "a go.mod",
		            finding->subject);
		return;
	}
	const char *large = str_empty(t->largest) ? "" : path_join(out->arena, t->path, t->largest);
	bool holds = file && !str_empty(large) && path_below(file->path, large);
	bool own = file && streq(file->module_dir, t->path);
	if (!str_empty(large) && is_output(path_base(large)) && !holds) {
		out->why = arena_printf(
			out->arena,
			"go walks %s because it takes it for a part of the module; with "
			"a go.mod of its own it is none.",
			large);
		plan_append(out, path_join(out->arena, large, "go.mod"), "module ignored");
		out->keeps = arena_printf(out->arena, "all that lies in %s", large);
	} else if (target && streq(t->path, target->home) && !own) {
		out->why = "A go.mod in the home makes all that lies there one module.";
		plan_move(out, path_join(out->arena, t->path, "go.mod"), NULL);
	} else {
		plan_unable(
			out,
			"which of the directories in %s belong to the module is yours to say; one "
			"that does not gets a go.mod of its own (printf 'module ignored\\n' "
			">DIR/go.mod)",
			t->path);
	}
}

const struct fix fix_mod_huge_root = {
	.cause = "mod-huge-root",
	.title = "make the directory no part of the module",
	.plan = plan,
};
