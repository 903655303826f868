/* SPDX-License-Identifier: MIT
 * By its number and the time of its start.
 */
#include "core/fix.h"
#include "core/mend.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_cpu_use *it = finding_first(cpu_use, finding);
	if (!it) {
		plan_unable(out, "it is not known which server is meant");
		return;
	}
	out->why = "It computes without end, and a new server is done at once.";
	mend_end_server(out, facts, it->server_pid);
}

const struct fix fix_res_cpu_spin = {
	.cause = "res-cpu-spin",
	.title = "ask that server to end; the editor starts another",
	.plan = plan,
};
