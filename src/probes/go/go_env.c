/* SPDX-License-Identifier: MIT
 * Does the go the server would call answer at all? Asked beside the handshake, unless the editor
 * asks it first anyway.
 */
#include "base/clock.h"
#include "core/probe.h"
#include "probes/go/go_run.h"

#define DEADLINE_NS (1500 * NS_PER_MS)

static int look(struct exam *exam, struct err *err) {
	(void)err;
	const struct target *t = exam->target;
	if (!t->server_go || t->do_not_run_go) {
		return 0;
	}
	/* `go env` forgives malformed GOFLAGS, `go version` does not
	 * (cmd/go/internal/base/goflags.go). */
	const char *const version[] = {t->server_go, "version", NULL};
	struct run_result run =
		go_run_state(exam, "version", version, &t->server, t->workspace, DEADLINE_NS);
	if (!facts_run(exam->facts, "env") && !run.timed_out) {
		const char *const env[] = {t->server_go, "env", "-json", NULL};
		go_run_state(exam, "env", env, &t->server, t->workspace, DEADLINE_NS);
	}
	return 0;
}

const struct probe probe_go_env = {
	.id = "go_env",
	.title = "whether the go command answers in the server's environment",
	.stage = STAGE_WORLD,
	.yields = FACT_BIT(go_run),
	.look = look,
};
