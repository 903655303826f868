/* SPDX-License-Identifier: MIT
 * go gets another directory for temporary files, gopls another one for its index; what fills a disk is not for us to
 * remove.
 */
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_place *p = finding_first(place, finding);
	if (!p) {
		plan_unable(out, "it is not known which directory is meant");
		return;
	}
	out->why = arena_printf(out->arena, "%s, where %s lies, has no room.", p->mount, p->path);
	if (streq(p->role, "GOPLSCACHE")) {
		mend_cache(out, facts, p->role, true);
	} else {
		mend_tmp(out, facts);
	}
}

const struct fix fix_fs_disk_full_tmp_or_index = {
	.cause = "fs-disk-full-tmp-or-index",
	.title = "use directories where there is room",
	.plan = plan,
};
