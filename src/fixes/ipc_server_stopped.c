/* SPDX-License-Identifier: MIT
 * One that a signal has stopped gets SIGCONT. A debugger, a frozen group and what it waits for are others' to end.
 */
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_wait_leaf *l = finding_first(wait_leaf, finding);
	(void)facts;
	if (l && streq(l->kind, "stopped")) {
		out->why = arena_printf(out->arena,
		                        "%s was stopped and is not asked to go on by anybody.",
		                        l->name);
		mend_go_on(out, l->pid, l->start_ticks, l->name);
		return;
	}
	plan_unable(out, "%s",
	            l && !str_empty(l->command)
	                    ? arena_printf(out->arena, "it is yours to decide: %s (%s)", l->cure,
	                                   l->command)
	                    : "who keeps it from going on has to let it");
}

const struct fix fix_ipc_server_stopped = {
	.cause = "ipc-server-stopped",
	.title = "let the stopped server go on",
	.plan = plan,
};
