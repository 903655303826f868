/* SPDX-License-Identifier: MIT
 * Capabilities of a file are root's to take away; policies are left to who keeps them.
 */
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_turned_away *r = finding_first(turned_away, finding);
	(void)facts;
	if (!r || str_empty(r->lacking)) {
		plan_unable(out, "who keeps this host has to allow %s", finding->subject);
		return;
	}
	const char *const argv[] = {"/sbin/setcap", "-r", r->path, NULL};
	const char *const announces[] = {r->path, NULL};
	out->why = arena_printf(out->arena, "%s has file capabilities that nothing here may get.",
	                        r->path);
	plan_run(out, "/", argv, announces);
	out->needs_root = true;
}

const struct fix fix_sec_lsm_deny = {
	.cause = "sec-lsm-deny",
	.title = "take file capabilities away that gopls and go do not need",
	.plan = plan,
};
