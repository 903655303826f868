/* SPDX-License-Identifier: MIT
 * By its number and the time of its start; the agent starts another one.
 */
#include "core/fix.h"
#include "core/mend.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_mcp_watch *m = finding_first(mcp_watch, finding);
	if (!m) {
		plan_unable(out, "it is not known which process is meant");
		return;
	}
	out->why = arena_printf(out->arena, "gopls mcp watches all that lies below %s.", m->cwd);
	mend_end_server(out, facts, m->pid);
	out->then = "let the agent start it in the directory of the module";
}

const struct fix fix_res_mcp_watch_fds = {
	.cause = "res-mcp-watch-fds",
	.title = "ask the gopls mcp that watches everything to end",
	.plan = plan,
};
