/* SPDX-License-Identifier: MIT
 * What fills a disk is not for us to remove; a build cache elsewhere needs none of it.
 */
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_place *p = finding_first(place, finding);
	if (!p || !streq(p->role, "GOCACHE")) {
		plan_unable(out, "what fills %s, and can go, is yours to say", finding->subject);
		return;
	}
	out->why = arena_printf(out->arena, "%s has no room for the build cache.", p->mount);
	mend_cache(out, facts, "GOCACHE", true);
}

const struct fix fix_fs_disk_full_gocache = {
	.cause = "fs-disk-full-gocache",
	.title = "begin a new build cache where there is room",
	.plan = plan,
};
