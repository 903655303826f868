/* SPDX-License-Identifier: MIT
 * go itself writes the use lines; a filter that keeps the module out loses that entry; a GOWORK=off goes.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"

static void join(const struct facts *facts, struct plan *out, const struct fact_gomod_gap *gap,
                 const struct fact_gowork *work) {
	const char *own = path_parent(out->arena, gap->gomod);
	const char *dir = own;
	while (!work && !path_below(gap->local, dir)) {
		dir = path_parent(out->arena, dir);
	}
	const struct fact_target *t = facts_first(target, facts);
	dir = work ? path_parent(out->arena, work->path) : dir;
	if (!work && (!t || path_below(t->home, dir) || streq(dir, "/"))) {
		plan_unable(out,
		            "a go.work for %s and %s would have to lie in %s, where it would be in "
		            "force for everything else, too",
		            own, gap->local, dir);
		return;
	}
	const char *path = path_join(out->arena, dir, "go.work");
	const char *const announces[] = {path, NULL};
	MEND_RUN_GO(out, facts, dir, announces, "work", work ? "use" : "init", own, gap->local);
}

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_gomod_gap *gap = finding_first(gomod_gap, finding);
	const struct fact_gowork *work = finding_first(gowork, finding);
	const struct fact_dir_filter *filter = finding_first(dir_filter, finding);
	if (filter) {
		out->why =
			"directoryFilters keep the module of the open file out of the workspace.";
		mend_list(out, facts, filter->key, filter->filter);
	} else if (gap && work && streq(work->role, "off")) {
		out->why = arena_printf(out->arena,
		                        "%s knows both modules, and GOWORK=off switches it off.",
		                        work->path);
		mend_name(out, facts, "GOWORK", NULL);
	} else if (gap) {
		out->why = arena_printf(
			out->arena,
			"%s imports a package of the module in %s; only a go.work that "
			"names both lets go find it there.",
			gap->file, gap->local);
		join(facts, out, gap, work);
	} else {
		plan_unable(out,
		            "the module of the open file is not in the opened folder: open that "
		            "one as well");
	}
}

const struct fix fix_mod_nested_not_in_workspace = {
	.cause = "mod-nested-not-in-workspace",
	.title = "name both modules in go.work",
	.plan = plan,
};
