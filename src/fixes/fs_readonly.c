/* SPDX-License-Identifier: MIT
 * Caches and temporary files go where something can be written. Mounts are not touched: the kernel makes them read-only
 * when a disk fails. A -mod=mod that has nothing to write without itself goes.
 */
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_place *p = finding_first(place, finding);
	if (finding_first(mod_flag, finding)) {
		const struct fact_trial *trial = finding_first(trial, finding);
		out->why = "Because of -mod=mod go wants to write, where nothing can be written; "
			   "without it go has nothing to write.";
		if (trial && trial->better) {
			mend_goflags(out, facts, "-mod=mod");
		} else {
			plan_unable(out,
			            "go.mod has to be brought up to date where the workspace can "
			            "be written");
		}
	} else if (!p) {
		plan_unable(out, "it is not known which directory is meant");
	} else if (STR_IN(p->role, "GOCACHE", "GOPLSCACHE")) {
		out->why = arena_printf(out->arena, "%s is mounted read-only.", p->mount);
		mend_cache(out, facts, p->role, true);
	} else if (STR_IN(p->role, "TMPDIR", "GOTMPDIR")) {
		out->why = arena_printf(out->arena, "%s is mounted read-only.", p->mount);
		mend_tmp(out, facts);
	} else {
		plan_unable(out,
		            "%s is mounted read-only, and why is to be found out before it is made "
		            "writable again (dmesg)",
		            p->mount);
	}
}

const struct fix fix_fs_readonly = {
	.cause = "fs-readonly",
	.title = "use directories that can be written",
	.plan = plan,
};
