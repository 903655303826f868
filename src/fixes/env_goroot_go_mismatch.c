/* SPDX-License-Identifier: MIT
 * Takes GOROOT away where it is set: the go command that runs has a library and a compiler of its own version.
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
	                        "GOROOT is %s, set %s, and belongs to another version than the go "
	                        "that runs, which finds its own library without it.",
	                        var->value, origin_words(facts, var));
	out->keeps = arena_printf(out->arena, "%s itself", var->value);
	mend_variable(out, facts, var, NULL);
}

const struct fix fix_env_goroot_go_mismatch = {
	.cause = "env-goroot-go-mismatch",
	.title = "take GOROOT away where it is set",
	.plan = plan,
};
