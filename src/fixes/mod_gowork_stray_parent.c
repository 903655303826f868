/* SPDX-License-Identifier: MIT
 * Of the ways out the one that changes least: the variable that names it; the line in it that stops go; the flag it does
 * not bear; and when nothing else is left, the file is put aside.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"
#include "gofile/gowork.h"

static void drop_use(const struct facts *facts, struct plan *out, const struct fact_work_use *use) {
	const char *dir = path_parent(out->arena, use->work);
	const char *drop =
		arena_printf(out->arena, "-dropuse=%s", gowork_use_path(out->arena, dir, use->dir));
	const char *const announces[] = {use->work, NULL};
	MEND_RUN_GO(out, facts, dir, announces, "work", "edit", drop);
}

static void raise_go(const struct facts *facts, struct plan *out, const struct fact_gowork *work,
                     const struct fact_gomod *mod) {
	const char *line = arena_printf(out->arena, "-go=%s", mod->go);
	const char *const announces[] = {work->path, NULL};
	MEND_RUN_GO(out, facts, path_parent(out->arena, work->path), announces, "work", "edit",
	            line);
}

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_gowork *work = finding_first(gowork, finding);
	const struct fact_work_use *use = finding_first(work_use, finding);
	const struct fact_gomod *mod = finding_first(gomod, finding);
	const struct fact_work_member *member = finding_first(work_member, finding);
	const struct fact_govar *var = facts_govar(facts, "GOWORK");
	const struct fact_govar *flags = finding_first(govar, finding);
	if (!work) {
		plan_unable(out, "it is not known which go.work is meant");
		return;
	}
	out->why =
		arena_printf(out->arena,
	                     "%s lies outside the opened folder and decides all the same how its "
	                     "module is loaded, and something in it stops that.",
	                     work->path);
	if (var && !str_empty(var->value) && streq(var->value, work->path)) {
		mend_name(out, facts, "GOWORK", NULL);
	} else if (flags && streq(flags->name, "GOFLAGS")) {
		mend_goflags(out, facts, "-mod=mod");
	} else if (use && !use->has_gomod) {
		drop_use(facts, out, use);
	} else if (mod && !str_empty(mod->go) && str_empty(mod->error) && mod->conflict_line == 0 &&
	           !(member && member->member)) {
		raise_go(facts, out, work, mod);
	} else if (member && member->member) {
		plan_unable(out,
		            "%s uses this module too, so it is not put aside; GOWORK=off in the "
		            "environment of the editor leaves it out of account",
		            work->path);
	} else {
		plan_move(out, work->path, NULL);
		out->keeps = "what it says: it can be put back";
	}
}

const struct fix fix_mod_gowork_stray_parent = {
	.cause = "mod-gowork-stray-parent",
	.title = "take the forgotten go.work out of the way",
	.plan = plan,
};
