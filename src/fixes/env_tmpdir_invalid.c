/* SPDX-License-Identifier: MIT
 * Makes the directory for temporary files that is not there, lets its owner in again, or takes the variable away.
 */
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"
#include "core/origin.h"

static bool is_own(const struct facts *facts, const struct fact_place *p) {
	const struct fact_target *t = facts_first(target, facts);
	return t && streq(p->state, "ok") && p->uid == t->uid;
}

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_place *p = finding_first(place, finding);
	if (!p) {
		plan_unable(out, "it is not known which directory is meant");
		return;
	}
	const struct fact_govar var = origin_of_var(facts, p->role);
	bool by_default = str_empty(var.value);
	out->why = arena_printf(out->arena,
	                        "go and gopls put their working files into %s (%s), which they "
	                        "cannot use.",
	                        p->path, by_default ? "by default" : origin_words(facts, &var));
	if (by_default && streq(p->state, "absent")) {
		plan_mkdir(out, p->path, 01777);
	} else if (by_default && streq(p->path, "/tmp") && !streq(p->state, "loop") &&
	           !streq(p->state, "not_dir")) {
		plan_mode(out, p->path, 01777, 0, false);
	} else if (streq(p->state, "absent") && p->write && str_empty(p->link)) {
		plan_mkdir(out, p->path, 0700);
	} else if (is_own(facts, p)) {
		plan_mode(out, p->path, 0700, 0, false);
	} else {
		mend_variable(out, facts, &var, NULL);
	}
}

const struct fix fix_env_tmpdir_invalid = {
	.cause = "env-tmpdir-invalid",
	.title = "make the directory, or take the variable away",
	.plan = plan,
};
