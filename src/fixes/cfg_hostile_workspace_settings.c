/* SPDX-License-Identifier: MIT
 * Takes the setting of the workspace away that makes the editor run a program of the workspace. The program is not
 * touched and not run.
 */
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_setting_program *p = finding_first(setting_program, finding);
	const struct fact_setting *s = finding_first(setting, finding);
	if (!p || !s || !mend_is_vscode(facts)) {
		plan_unable(out,
		            "read %s; when it may run, say so with --trust, else take it out of %s",
		            p ? p->program : "the program",
		            p && !str_empty(p->file) ? p->file : "where it is named");
		return;
	}
	out->why = arena_printf(out->arena,
	                        "%s makes the editor run %s, which came with the workspace and was "
	                        "not run. When you know it, use --trust instead.",
	                        p->key, p->program);
	out->keeps = p->program;
	mend_setting(out, facts, s, NULL);
}

const struct fix fix_cfg_hostile_workspace_settings = {
	.cause = "cfg-hostile-workspace-settings",
	.title = "take the setting out that names the program",
	.plan = plan,
};
