/* SPDX-License-Identifier: MIT
 * By its number and the time of its start; a stopped one goes on first, or it would not hear of it.
 */
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_stray *s = finding_first(stray, finding);
	(void)facts;
	if (!s) {
		plan_unable(out, "it is not known which process is meant");
		return;
	}
	out->why = arena_printf(out->arena, "%s (process %lld) was left behind: %s.", s->name,
	                        (long long)s->pid, s->evidence);
	mend_end(out, s->pid, s->start_ticks, s->name);
	if (streq(s->state, "T")) {
		mend_go_on(out, s->pid, s->start_ticks, s->name);
	}
}

const struct fix fix_ipc_leftover_processes = {
	.cause = "ipc-leftover-processes",
	.title = "ask what was left behind to end",
	.plan = plan,
};
