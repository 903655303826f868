/* SPDX-License-Identifier: MIT
 * go itself takes the use line out.
 */
#include "base/path.h"
#include "core/fix.h"
#include "core/mend.h"
#include "gofile/gowork.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_work_use *use = finding_first(work_use, finding);
	if (!use) {
		plan_unable(out, "it is not known which line of go.work is meant");
		return;
	}
	const char *dir = path_parent(out->arena, use->work);
	const char *drop =
		arena_printf(out->arena, "-dropuse=%s", gowork_use_path(out->arena, dir, use->dir));
	const char *const announces[] = {use->work, NULL};
	out->why = arena_printf(out->arena,
	                        "%s uses %s, where there is no module (any more), and go then "
	                        "loads none of the others; without that line it loads them.",
	                        use->work, use->dir);
	MEND_RUN_GO(out, facts, dir, announces, "work", "edit", drop);
}

const struct fix fix_mod_gowork_missing_dir = {
	.cause = "mod-gowork-missing-dir",
	.title = "take the directory that is gone out of go.work",
	.plan = plan,
};
