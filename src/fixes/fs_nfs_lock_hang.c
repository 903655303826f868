/* SPDX-License-Identifier: MIT
 * A build cache can be begun anew where locks are given; a workspace and a module cache cannot.
 */
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_place *p = finding_first(place, finding);
	if (!p || !streq(p->role, "GOCACHE")) {
		plan_unable(out,
		            "the file system of %s has to give locks: how it is mounted decides",
		            finding->subject);
		return;
	}
	out->why = arena_printf(
		out->arena, "%s gives no locks, and go wants one on its build cache.", p->mount);
	mend_cache(out, facts, "GOCACHE", true);
}

const struct fix fix_fs_nfs_lock_hang = {
	.cause = "fs-nfs-lock-hang",
	.title = "begin a new build cache on a local disk",
	.plan = plan,
};
