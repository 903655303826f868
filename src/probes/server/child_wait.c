/* SPDX-License-Identifier: MIT
 * The server under examination is late: what does its tree wait for in the end? A load from warm caches takes 200 ms,
 * from cold ones a second. A process that is stopped or frozen is named at once; a wait that could pass has to have
 * lasted.
 */
#include "base/clock.h"
#include "probes/server/wait_trial.h"

static int look(struct exam *exam, struct err *err) {
	static const struct wait_moment moments[] = {
		{450 * NS_PER_MS, INT64_MAX},
		{1150 * NS_PER_MS, 600},
	};

	(void)err;
	wait_trial(exam, moments, sizeof moments / sizeof *moments, false);
	return 0;
}

const struct probe probe_child_wait = {
	.id = "child_wait",
	.title = "what a late server waits for",
	.stage = STAGE_ANSWER,
	.yields = FACT_BIT(lock_wait) | FACT_BIT(wait_leaf) | FACT_BIT(wait_link) |
                  FACT_BIT(wait_unread),
	.look = look,
};
