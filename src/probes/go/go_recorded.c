/* SPDX-License-Identifier: MIT
 * What go said to a recorded server where it failed (trace/testimony.h); nothing is run.
 */
#include "core/probe.h"
#include "probes/go/go_run.h"

#define RUNS_MAX 16 /* of trace/testimony_runs.c */

static int look(struct exam *exam, struct err *err) {
	const struct target *t = exam->target;
	const char *const argv[] = {"go", NULL};

	(void)err;
	for (int i = 1; t->recorded && i <= RUNS_MAX; i++) {
		const char *name = arena_printf(exam->arena, "recorded %d", i);
		go_run_state(exam, name, argv, &t->server, t->workspace, 0);
	}
	return 0;
}

const struct probe probe_go_recorded = {
	.id = "go_recorded",
	.title = "what the go of a recorded server failed with",
	.stage = STAGE_AFTER,
	.yields = FACT_BIT(go_run),
	.look = look,
};
