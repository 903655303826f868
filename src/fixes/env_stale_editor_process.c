/* SPDX-License-Identifier: MIT
 * The files are right already; no file can change the environment of a process that runs.
 */
#include "core/fix.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_editor_process *p = finding_first(editor_process, finding);
	(void)facts;
	plan_unable(
		out,
		"the files are right: quit every window of the editor (process %lld, %s), log out "
		"and in again, start it anew",
		p ? (long long)p->pid : 0, p ? p->comm : "?");
}

const struct fix fix_env_stale_editor_process = {
	.cause = "env-stale-editor-process",
	.title = "none: the editor has to be started anew",
	.plan = plan,
};
