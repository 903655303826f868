/* SPDX-License-Identifier: MIT
 * By its number and the time of its start.
 */
#include "core/fix.h"
#include "core/mend.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_mended *it = finding_first(mended, finding);
	if (!it) {
		plan_unable(out, "it is not known which server is meant");
		return;
	}
	out->why = "The server keeps a failed load whose cause is gone; a new one loads anew.";
	mend_end_server(out, facts, it->pid);
}

const struct fix fix_bug_no_recovery_after_load_failure = {
	.cause = "bug-no-recovery-after-load-failure",
	.title = "ask that server to end; the editor starts another",
	.plan = plan,
};
