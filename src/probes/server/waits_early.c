/* SPDX-License-Identifier: MIT
 * Looks at the servers of the workspace that run already, while the one under examination works; what follows from it
 * is said by the probe waits_running, when that has answered.
 */
#include "probes/server/waits_running.h"

static int look(struct exam *exam, struct err *err) {
	(void)err;
	facts_each (running_server, s, exam->facts) {
		if (waits_concerns(s)) {
			waits_look_at(exam, s);
		}
	}
	return 0;
}

const struct probe probe_waits_early = {
	.id = "waits_early",
	.title = "what the running servers of the workspace wait for",
	.stage = STAGE_WORLD,
	.look = look,
};
