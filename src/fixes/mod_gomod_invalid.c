/* SPDX-License-Identifier: MIT
 * What stood in a broken go.mod is known to the user or to git, not here.
 */
#include "core/fix.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_gomod *mod = finding_first(gomod, finding);
	const struct fact_gowork *work = finding_first(gowork, finding);
	int64_t conflict = mod ? mod->conflict_line : work ? work->conflict_line : 0;
	(void)facts;
	if (conflict > 0) {
		plan_unable(
			out,
			"which side of the conflict in line %lld of %s is meant is yours to say",
			(long long)conflict, finding->subject);
	} else {
		plan_unable(out,
		            "what should stand in %s is not known here; git may know it (git diff)",
		            finding->subject);
	}
}

const struct fix fix_mod_gomod_invalid = {
	.cause = "mod-gomod-invalid",
	.title = "get back what go can read",
	.plan = plan,
};
