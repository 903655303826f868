/* SPDX-License-Identifier: MIT
 * Takes GOROOT away where it is set: go finds the installation it belongs to by itself.
 */
#include "core/fix.h"
#include "core/mend.h"
#include "core/origin.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_govar *var = finding_first(govar, finding);
	if (!var) {
		plan_unable(out, "it is not known where GOROOT is set");
		return;
	}
	out->why = arena_printf(out->arena,
	                        "GOROOT is %s, set %s. Without it go takes the installation "
	                        "that its own program lies in.",
	                        var->value, origin_words(facts, var));
	mend_variable(out, facts, var, NULL);
}

const struct fix fix_env_goroot_wrong = {
	.cause = "env-goroot-wrong",
	.title = "take GOROOT away where it is set",
	.plan = plan,
};
