/* SPDX-License-Identifier: MIT
 * A new server reads the files as they are.
 */
#include "core/fix.h"
#include "core/mend.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_running_server *s = finding_first(running_server, finding);
	if (!s) {
		plan_unable(out, "it is not known which server is meant");
		return;
	}
	out->why = "The running server was not told that files changed, and a new one reads them "
		   "anew.";
	out->keeps = "files that are not saved: they are the editor's, not the server's";
	mend_end_server(out, facts, s->pid);
}

const struct fix fix_mod_stale_after_external_change = {
	.cause = "mod-stale-after-external-change",
	.title = "ask the server that was not told to end",
	.plan = plan,
};
