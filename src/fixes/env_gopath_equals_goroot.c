/* SPDX-License-Identifier: MIT
 * Takes GOPATH or GOMODCACHE away where it is set. When the default itself is the Go installation (~/go), the file of
 * `go env -w` gets another place.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"
#include "core/origin.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_govar *var = finding_first(govar, finding);
	const struct fact_target *t = facts_first(target, facts);
	const char *file = mend_goenv_file(facts);
	if (!var) {
		plan_unable(out, "it is not known where the variable is set");
		return;
	}
	if (!streq(var->origin, "default")) {
		out->why = arena_printf(out->arena,
		                        "%s is %s, set %s. Without it go takes its default.",
		                        var->name, var->value, origin_words(facts, var));
		mend_variable(out, facts, var, NULL);
		return;
	}
	if (!t || t->home[0] != '/' || !file) {
		plan_unable(out, "it is not known where %s could be set", var->name);
		return;
	}
	const char *dir = path_join(out->arena, t->home, "gopath");
	out->why = arena_printf(out->arena,
	                        "Go is installed in %s, which is also the default of GOPATH. "
	                        "With another GOPATH, modules and tools have a place of their own.",
	                        var->value);
	plan_goenv(out, file, "GOPATH", dir);
}

const struct fix fix_env_gopath_equals_goroot = {
	.cause = "env-gopath-equals-goroot",
	.title = "take the variable away where it is set",
	.plan = plan,
};
