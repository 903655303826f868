/* SPDX-License-Identifier: MIT
 * Nothing is done: programs of a folder that is trusted run with the rights of the user, so nobody else decides that.
 */
#include "core/fix.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_folder_trust *t = finding_first(folder_trust, finding);
	(void)facts;
	plan_unable(out,
	            "whether the code in %s may run with your rights is yours to decide, in the "
	            "editor (\"Workspaces: Manage Workspace Trust\")",
	            t ? t->folder : "this folder");
}

const struct fix fix_cfg_restricted_mode = {
	.cause = "cfg-restricted-mode",
	.title = "none: whom you trust is yours to decide",
	.plan = plan,
};
