/* SPDX-License-Identifier: MIT
 * How much processor time the running servers have used, before the trial: cpu_use looks again behind
 * it and takes the difference.
 */
#include "probes/server/cpu_use.h"

static int look(struct exam *exam, struct err *err) {
	(void)err;
	facts_each (running_server, s, exam->facts) {
		if (cpu_use_matters(s)) {
			cpu_use_sample(exam, s, 1);
		}
	}
	return 0;
}

const struct probe probe_servers_cpu = {
	.id = "servers_cpu",
	.title = "the processor time of the servers that run",
	.stage = STAGE_WORLD,
	.yields = 0,
	.look = look,
};
