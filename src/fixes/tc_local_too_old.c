/* SPDX-License-Identifier: MIT
 * Takes away what forbids go to switch to the version that is wanted: GOTOOLCHAIN, or the line `toolchain default`. When
 * that version is not on this machine, it has to be fetched.
 */
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"
#include "core/origin.h"

static void mark(struct plan *out) {
	for (size_t i = 0; i < out->step_count; i++) {
		out->steps[i].network = true;
	}
}

static void allow(const struct facts *facts, const struct fact_govar *mode, struct plan *out) {
	const char *file = mend_goenv_file(facts);
	bool by_user = mode && !streq(mode->origin, "goroot") && !streq(mode->origin, "default");
	if (by_user) {
		mend_variable(out, facts, mode, NULL);
	} else if (file) {
		plan_goenv(out, file, "GOTOOLCHAIN", "auto");
	} else {
		plan_unable(out, "it is not known which file `go env -w` writes");
	}
}

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_toolchain *t = facts_first(toolchain, facts);
	const struct fact_govar *mode = finding_first(govar, finding);
	if (!t) {
		plan_unable(out, "it is not known which Go is wanted");
		return;
	}
	bool by_line = !mode && str_has(finding->title, "toolchain default");
	out->why = arena_printf(
		out->arena, "%s wants Go %s, this is Go %s, and %s forbids to switch.", t->file,
		t->need, t->local, by_line ? "its line \"toolchain default\"" : "GOTOOLCHAIN");
	if (by_line) {
		mend_go_edit(out, facts, t->file, "-toolchain=none");
	} else {
		allow(facts, mode, out);
	}
	if (!streq(t->otherwise, "present") && !streq(t->otherwise, "none")) {
		mark(out);
	}
}

const struct fix fix_tc_local_too_old = {
	.cause = "tc-local-too-old",
	.title = "let go fetch the version that is wanted",
	.plan = plan,
};
