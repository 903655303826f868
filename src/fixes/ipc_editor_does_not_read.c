/* SPDX-License-Identifier: MIT
 * One that a signal has stopped gets SIGCONT; the others are left to their user.
 */
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_wait_leaf *l = finding_first(wait_leaf, finding);
	(void)facts;
	if (l && streq(l->kind, "stopped")) {
		out->why = arena_printf(out->arena, "%s was stopped; its server waits for it.",
		                        l->name);
		mend_go_on(out, l->pid, l->start_ticks, l->name);
		return;
	}
	plan_unable(out, "an editor is ended by its user only");
}

const struct fix fix_ipc_editor_does_not_read = {
	.cause = "ipc-editor-does-not-read",
	.title = "let the stopped editor go on",
	.plan = plan,
};
