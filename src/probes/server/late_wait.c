/* SPDX-License-Identifier: MIT
 * As child_wait, behind the probe that looks for silent hosts: what takes longer to show.
 */
#include "base/clock.h"
#include "probes/server/wait_trial.h"

static int look(struct exam *exam, struct err *err) {
	static const struct wait_moment moments[] = {
		{2600 * NS_PER_MS, 1000}, {4200 * NS_PER_MS, 1500},  {6000 * NS_PER_MS, 2000},
		{8500 * NS_PER_MS, 2500}, {12000 * NS_PER_MS, 3000},
	};

	(void)err;
	wait_trial(exam, moments, sizeof moments / sizeof *moments, true);
	return 0;
}

const struct probe probe_late_wait = {
	.id = "late_wait",
	.title = "what a very late server waits for",
	.stage = STAGE_ANSWER,
	.yields = FACT_BIT(lock_wait) | FACT_BIT(wait_leaf) | FACT_BIT(wait_link) |
                  FACT_BIT(wait_unread),
	.look = look,
};
