/* SPDX-License-Identifier: MIT
 * Takes GOOS, GOARCH or the build tags away where they are set for the tools of this machine.
 */
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"
#include "core/origin.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_govar *var = finding_first(govar, finding);
	bool any = false;
	out->why = "Tools that run on this machine have to be built for it; who builds for another "
		   "one says so where he builds.";
	for (size_t i = 0; i < finding->cite_count; i++) {
		if (finding->cites[i]->kind == FACT_setting) {
			any = true;
			if (!mend_setting(out, facts,
			                  (const struct fact_setting *)finding->cites[i], NULL)) {
				return;
			}
		}
	}
	if (!any && var) {
		mend_variable(out, facts, var, NULL);
	} else if (!any) {
		plan_unable(out, "it is not known where it is set");
	}
}

const struct fix fix_cfg_goos_goarch_in_toolsenv = {
	.cause = "cfg-goos-goarch-in-toolsenv",
	.title = "take the platform out of the settings",
	.plan = plan,
};
