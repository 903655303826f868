/* SPDX-License-Identifier: MIT
 * go itself takes the replace out; what is then required has to be on this machine, else the repair does not help and is
 * taken back.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_replace_target *r = finding_first(replace_target, finding);
	if (!r) {
		plan_unable(out, "it is not known which replace is meant");
		return;
	}
	if (r->exists) {
		plan_unable(out,
		            "%s is there and holds no go.mod: a submodule or checkout that was not "
		            "fetched (git submodule update --init)",
		            r->target);
		return;
	}
	if (r->placeholder) {
		plan_unable(
			out,
			"%s is required in a version that only stands for %s: no published module "
			"can take its place, the directory has to come back (clone it, or correct "
			"the path in line %lld of %s)",
			r->module, r->target, (long long)r->line, r->file);
		return;
	}
	bool work = str_ends(r->file, ".work");
	const char *const announces[] = {r->file, NULL};
	/* Without its version go finds no such line, and says nothing. */
	const char *drop = arena_printf(out->arena, "-dropreplace=%s%s%s", r->module,
	                                str_empty(r->version) ? "" : "@", r->version);
	out->why = arena_printf(out->arena,
	                        "%s takes %s from %s, where no module is; without that line go "
	                        "takes the version that is required.",
	                        r->file, r->module, r->target);
	MEND_RUN_GO(out, facts, path_parent(out->arena, r->file), announces, work ? "work" : "mod",
	            "edit", drop);
}

const struct fix fix_mod_replace_missing = {
	.cause = "mod-replace-missing",
	.title = "use the published module in place of a directory that is gone",
	.plan = plan,
};
