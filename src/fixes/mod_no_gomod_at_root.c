/* SPDX-License-Identifier: MIT
 * GO111MODULE=off goes where it is set; what a go.mod that is not there should say nobody knows here.
 */
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_govar *var = finding_first(govar, finding);
	if (var && streq(var->name, "GO111MODULE")) {
		out->why =
			"With GO111MODULE=off go reads no go.mod and looks in GOPATH; without it "
			"the go.mod counts.";
		mend_name(out, facts, var->name, NULL);
		return;
	}
	plan_unable(out,
	            "how the module in %s is called, and which versions it needs, is yours to say "
	            "(go mod init)",
	            finding->subject);
}

const struct fix fix_mod_no_gomod_at_root = {
	.cause = "mod-no-gomod-at-root",
	.title = "let go use the go.mod that is there",
	.plan = plan,
};
