/* SPDX-License-Identifier: MIT
 * One's own gets its modes back; one of others is given to this user by root. A fresh one elsewhere would have to be filled
 * from the network.
 */
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"
#include "core/storage.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_place *p = facts_place(facts, "GOMODCACHE");
	const struct fact_owner_gap *gap = finding_first(owner_gap, finding);
	if (!p || (gap && gap->path[0] != '/')) {
		plan_unable(out, "it is not known which directory is meant");
		return;
	}
	int64_t uid = gap ? gap->uid : p->uid;
	int64_t mode = gap ? gap->mode : p->mode;
	const char *path = gap ? gap->path : p->path;
	if (storage_cannot_be_made(p)) {
		const struct fact_target *t = facts_first(target, facts);
		const char *user = t && !str_empty(t->user) ? t->user : "root";
		const char *const argv[] = {"/usr/bin/install", "-d", "-o", user, p->path, NULL};
		const char *const announces[] = {p->path, NULL};
		out->why = arena_printf(out->arena, "%s is to be made in %s, which is not yours.",
		                        p->path, p->nearest);
		plan_run(out, "/", argv, announces);
		out->needs_root = true;
	} else if (storage_mode_allows(facts, uid, mode)) {
		plan_unable(
			out,
			"an attribute or an access list on %s forbids it; who set it should say "
			"(lsattr, getfacl)",
			path);
	} else if (mend_is_own(facts, uid)) {
		out->why = "It is yours, and its mode keeps you out.";
		plan_mode(out, path, gap && gap->read ? 0700 : 0500, 0, gap && !gap->read);
	} else if (gap && str_ends(gap->path, ".lock") && streq(gap->kind, "f") &&
	           mend_is_own(facts, p->uid)) {
		out->why = arena_printf(out->arena,
		                        "%s belongs to uid %lld. It is empty, and go makes another "
		                        "one; a lock is in the kernel.",
		                        path, (long long)uid);
		struct step *step = plan_move(out, path, NULL);
		if (step) {
			step->remade = true;
		}
	} else {
		out->why =
			arena_printf(out->arena,
		                     "%s belongs to uid %lld, and what go needs cannot be read or "
		                     "put there.",
		                     path, (long long)uid);
		mend_chown(out, facts, p->path);
	}
}

const struct fix fix_fs_modcache_foreign_owner = {
	.cause = "fs-modcache-foreign-owner",
	.title = "make the module cache usable",
	.plan = plan,
};
