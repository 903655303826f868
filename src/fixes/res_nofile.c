/* SPDX-License-Identifier: MIT
 * The limit goes in the line that sets it. One of a session, a unit or a container is lifted where that is started.
 */
#include "core/fix.h"
#include "core/mend.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_limit_source *source = finding_first(limit_source, finding);
	const struct fact_running_server *s = finding_first(running_server, finding);
	if (!source && s) {
		out->why = "The running server has used up its descriptors; a new one begins with "
			   "none.";
		mend_end_server(out, facts, s->pid);
		return;
	}
	mend_limit(out, source);
}

const struct fix fix_res_nofile = {
	.cause = "res-nofile",
	.title = "lift the limit of open files where it is set",
	.plan = plan,
};
