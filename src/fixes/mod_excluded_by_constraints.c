/* SPDX-License-Identifier: MIT
 * Variables that choose another platform than this machine go where they are set. Which tags a build should have is the
 * project's to say.
 */
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"

static bool chooses(const struct fact_govar *v) {
	return v && !STR_IN(v->origin, "default", "goroot") && !str_empty(v->value);
}

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_open_file *file = finding_first(open_file, finding);
	const struct fact_excluded *x = finding_first(excluded, finding);
	const char *reason = x ? x->reason : file ? file->reason : "";
	bool platform = STR_IN(reason, "goos", "goarch") || finding_first(trial, finding);
	static const char *const names[] = {"GOOS", "GOARCH"};
	for (size_t i = 0; platform && i < 2; i++) {
		if (chooses(facts_govar(facts, names[i]))) {
			mend_name(out, facts, names[i], NULL);
		}
	}
	if (streq(reason, "cgo") && chooses(facts_govar(facts, "CGO_ENABLED"))) {
		mend_name(out, facts, "CGO_ENABLED", NULL);
	}
	out->why = "The code is judged for another platform than this machine.";
	if (out->step_count == 0 && !out->unable) {
		plan_unable(
			out,
			"which build tags and names are right is the project's to say; `dialtone "
			"check` shows what would take the file in");
	}
}

const struct fix fix_mod_excluded_by_constraints = {
	.cause = "mod-excluded-by-constraints",
	.title = "let the build take the file in",
	.plan = plan,
};
