/* SPDX-License-Identifier: MIT
 * Names the newer gopls in the settings that name the older one, or puts the older one aside.
 */
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"
#include "wire/json_text.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_tool *old = facts_chosen(facts, "gopls");
	const struct fact_trial *trial = finding_first(trial, finding);
	const struct fact_setting *s = facts_setting(facts, "go.alternateTools.gopls");
	if (!old || !trial) {
		plan_unable(out, "it is not known which gopls is the older one");
		return;
	}
	out->why = arena_printf(out->arena,
	                        "The editor takes %s and never gets to the newer %s, with which it "
	                        "works.",
	                        old->path, trial->subject);
	out->keeps = trial->subject;
	if (old->configured && s) {
		mend_setting(out, facts, s,
		             json_text_quoted(out->arena, slice_str(trial->subject)));
	} else if (old->configured) {
		plan_unable(out, "%s line %lld has to name %s", old->file, (long long)old->line,
		            trial->subject);
	} else {
		plan_move(out, old->path, NULL);
	}
	out->then = "restart the server";
}

const struct fix fix_bin_shadowed_duplicate = {
	.cause = "bin-shadowed-duplicate",
	.title = "put the older gopls out of the way",
	.plan = plan,
};
