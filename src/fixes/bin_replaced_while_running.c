/* SPDX-License-Identifier: MIT
 * The running server is asked to end; the editor starts the program that is there now.
 */
#include "core/fix.h"
#include "core/mend.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_running_server *s = finding_first(running_server, finding);
	if (!s) {
		plan_unable(out, "it is not known which server is meant");
		return;
	}
	if (s->path[0] != '/') {
		plan_unable(out,
		            "no other gopls has taken the place of the one that runs: ended, it "
		            "would be gone");
		return;
	}
	out->why = "A program goes on with the files it was started from; only one that is "
		   "started anew is the new one.";
	mend_end_server(out, facts, s->pid);
}

const struct fix fix_bin_replaced_while_running = {
	.cause = "bin-replaced-while-running",
	.title = "end the server that was replaced, so that the editor starts the new one",
	.plan = plan,
};
