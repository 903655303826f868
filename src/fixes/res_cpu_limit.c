/* SPDX-License-Identifier: MIT
 * The limit goes in the line that sets it. One of a session, a unit or a container is lifted where that is started.
 */
#include "core/fix.h"
#include "core/mend.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	(void)facts;
	mend_limit(out, finding_first(limit_source, finding));
}

const struct fix fix_res_cpu_limit = {
	.cause = "res-cpu-limit",
	.title = "lift the limit of processor time where it is set",
	.plan = plan,
};
