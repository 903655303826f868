/* SPDX-License-Identifier: MIT
 * Does the go the server would call answer at all? Asked beside the handshake, unless the editor
 * asks it first anyway.
 */
#include "base/clock.h"
#include "core/probe.h"
#include "probes/go_run.h"

#define DEADLINE_NS (1500 * NS_PER_MS)

static int look(struct exam *exam, struct err *err) {
	(void)err;
	const struct target *t = exam->target;
	if (!t->server_go || t->do_not_run_go || facts_run(exam->facts, "env")) {
		return 0;
	}
	const char *const argv[] = {t->server_go, "env", "-json", NULL};
	go_run_state(exam, "env", argv, &t->server, t->workspace, DEADLINE_NS);
	return 0;
}

const struct probe probe_go_env = {
	.id = "go_env",
	.title = "whether the go command answers in the server's environment",
	.stage = STAGE_WORLD,
	.yields = FACT_BIT(go_run),
	.look = look,
};
