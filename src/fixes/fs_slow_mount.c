/* SPDX-License-Identifier: MIT
 * A build cache can be begun anew elsewhere; a workspace and a module cache cannot.
 */
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"

static bool about_build_cache(const struct finding *finding) {
	const struct fact_slow_place *slow = finding_first(slow_place, finding);
	const struct fact_place *p = finding_first(place, finding);
	return (slow && streq(slow->role, "GOCACHE")) || (!slow && p && streq(p->role, "GOCACHE"));
}

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	if (!about_build_cache(finding)) {
		plan_unable(out, "who serves %s has to answer again, or it has to be mounted anew",
		            finding->about);
		return;
	}
	out->why = arena_printf(out->arena, "%s does not serve the build cache as it should.",
	                        finding->about);
	mend_cache(out, facts, "GOCACHE", true);
}

const struct fix fix_fs_slow_mount = {
	.cause = "fs-slow-mount",
	.title = "begin a new build cache on a local disk",
	.plan = plan,
};
