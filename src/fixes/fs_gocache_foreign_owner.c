/* SPDX-License-Identifier: MIT
 * One's own gets its modes back. A foreign one is left where it is, and a fresh directory takes its place, which needs no
 * root.
 */
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"
#include "core/storage.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_place *p = finding_first(place, finding);
	const struct fact_owner_gap *gap = finding_first(owner_gap, finding);
	const char *role = gap ? gap->role : p ? p->role : "";
	int64_t uid = gap ? gap->uid : p ? p->uid : -1;
	int64_t mode = gap ? gap->mode : p ? p->mode : 0;
	if (!gap && !p) {
		plan_unable(out, "it is not known which directory is meant");
	} else if (mend_is_own(facts, uid) && !storage_mode_allows(facts, uid, mode)) {
		bool made = !p || STR_IN(p->state, "ok", "denied");
		out->why = "It is yours, and its modes keep you out.";
		plan_mode(out, made ? finding->subject : p->nearest, 0700, 0, made);
	} else {
		out->why = arena_printf(
			out->arena,
			"%s cannot be used by this user; a fresh directory can, and is "
			"filled again as it is needed.",
			gap ? gap->path : p->path);
		mend_cache(out, facts, role, false);
	}
}

const struct fix fix_fs_gocache_foreign_owner = {
	.cause = "fs-gocache-foreign-owner",
	.title = "make the cache usable, or begin a new one elsewhere",
	.plan = plan,
};
