/* SPDX-License-Identifier: MIT
 * Raises the go line of go.work to that of the newest module in it.
 */
#include "core/fix.h"
#include "core/mend.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_gowork *work = finding_first(gowork, finding);
	const struct fact_gomod *highest = finding_first(gomod, finding);
	if (!work || !highest) {
		plan_unable(out, "it is not known which go.work is meant");
		return;
	}
	out->why = arena_printf(out->arena,
	                        "%s asks for Go %s, and go loads no workspace that is older than "
	                        "one of its modules.",
	                        highest->path, highest->go);
	mend_go_edit(out, facts, work->path, arena_printf(out->arena, "-go=%s", highest->go));
	out->then = "restart the server";
}

const struct fix fix_tc_gowork_older_than_module = {
	.cause = "tc-gowork-older-than-module",
	.title = "raise the go line of go.work",
	.plan = plan,
};
