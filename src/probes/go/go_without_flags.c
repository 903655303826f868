/* SPDX-License-Identifier: MIT
 * go answers, but not when it shall list packages. Does it without GOFLAGS? Some flags are fine for
 * go and not for the way an editor's server asks it (-json, -race without cgo, a bad -p).
 */
#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "core/probe.h"
#include "probes/go/go_run.h"

#define DEADLINE_NS (2500 * NS_PER_MS)

static int look(struct exam *exam, struct err *err) {
	(void)err;
	const struct target *t = exam->target;
	const struct fact_go_run *list = facts_run(exam->facts, "list");
	const struct fact_govar *flags = facts_govar(exam->facts, "GOFLAGS");
	bool failed = list && list->started && !list->timed_out && list->exit_code != 0;
	if (!failed || !flags || str_empty(flags->value) || !t->open_file) {
		return 0;
	}
	struct envset env;
	envset_copy(&env, &t->server);
	envset_set(&env, "GOPROXY", "off");
	/* A blank is no flag, and more than nothing: it hides a value stored by go env -w. */
	envset_set(&env, "GOFLAGS", " ");
	const char *dir = path_parent(exam->arena, t->open_file);
	const char *const argv[] = {t->server_go,      "list", "-e", "-deps", "-f",
	                            "{{.ImportPath}}", ".",    NULL};
	struct run_result run =
		go_run_state(exam, "list without GOFLAGS", argv, &env, dir, DEADLINE_NS);
	FACTS_ADD(exam->facts, trial, run.ev, .what = "without GOFLAGS", .subject = "GOFLAGS",
	          .better = run.started && run.exit_code == 0);
	return 0;
}

const struct probe probe_go_without_flags = {
	.id = "go_without_flags",
	.title = "whether go lists packages once GOFLAGS is taken away",
	.stage = STAGE_AFTER,
	.yields = FACT_BIT(trial),
	.look = look,
};
