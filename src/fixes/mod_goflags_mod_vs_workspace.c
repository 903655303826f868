/* SPDX-License-Identifier: MIT
 * Takes the -mod flag out where it is set; go then chooses by itself, as the go.work asks.
 */
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_mod_flag *flag = finding_first(mod_flag, finding);
	const struct fact_gowork *work = finding_first(gowork, finding);
	if (!flag || !work) {
		plan_unable(out, "it is not known where the flag is set");
		return;
	}
	const char *word = arena_printf(out->arena, "-mod=%s", flag->value);
	out->why = arena_printf(out->arena,
	                        "%s holds for every command, and go does not follow it while %s is "
	                        "active; without the flag go chooses what fits.",
	                        word, work->path);
	out->keeps = work->path;
	if (streq(flag->from, "GOFLAGS")) {
		mend_goflags(out, facts, word);
	} else {
		mend_build_flag(out, facts, flag->from, word);
	}
}

const struct fix fix_mod_goflags_mod_vs_workspace = {
	.cause = "mod-goflags-mod-vs-workspace",
	.title = "take the -mod flag out that contradicts go.work",
	.plan = plan,
};
