/* SPDX-License-Identifier: MIT
 * A stopped one goes on; one below the server that waits for ever is asked to end, and the server then sees an error.
 */
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_wait_leaf *l = finding_first(wait_leaf, finding);
	(void)facts;
	if (!l) {
		plan_unable(out, "it is not known which process is waited for");
		return;
	}
	out->why = arena_printf(out->arena,
	                        "The server waits for %s, which does not come to an end.", l->name);
	if (streq(l->kind, "stopped") && str_starts(l->on, "/dev/")) {
		plan_unable(out, "it would be stopped again as soon as it asks: %s", l->cure);
	} else if (streq(l->kind, "stopped")) {
		mend_go_on(out, l->pid, l->start_ticks, l->name);
	} else if (streq(l->origin, "trial")) {
		plan_unable(out, "a server started now waits for the same again: %s",
		            str_empty(l->cure) ? "what it waits for has to answer" : l->cure);
	} else if (streq(l->role, "child") &&
	           !STR_IN(l->kind, "works", "traced", "frozen", "disk")) {
		mend_end(out, l->pid, l->start_ticks, l->name);
	} else {
		plan_unable(out, "%s",
		            str_empty(l->cure) ? "it is not the server's to end" : l->cure);
	}
}

const struct fix fix_ipc_server_waits_on_child = {
	.cause = "ipc-server-waits-on-child",
	.title = "let go on, or ask to end, the process that is waited for",
	.plan = plan,
};
