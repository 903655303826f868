/* SPDX-License-Identifier: MIT
 * The open file's package imports "C" and the server is not well: what does the compiler say? gopls
 * reports the same words for everything that can go wrong there (golang.org/issue/38990).
 */
#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "core/infer.h"
#include "core/probe.h"
#include "probes/go/go_run.h"

#define DEADLINE_NS (4 * NS_PER_S) /* the first time go compiles runtime/cgo as well */

static bool open_uses_c(const struct facts *facts) {
	facts_each (cgo_use, u, facts) {
		if (u->open) {
			return true;
		}
	}
	return false;
}

static int look(struct exam *exam, struct err *err) {
	const struct target *t = exam->target;
	const struct fact_cgo *cgo = facts_first(cgo, exam->facts);
	(void)err;
	if (!cgo || !cgo->enabled || str_empty(cgo->path) || !facts_hurt(exam->facts) ||
	    !open_uses_c(exam->facts) || !t->open_file || !t->server_go || t->do_not_run_go ||
	    infer_is_certain(exam->rules, exam->facts)) {
		return 0;
	}
	struct envset env;
	envset_copy(&env, &t->server);
	envset_set(&env, "GOPROXY", "off");
	envset_set(&env, "LC_ALL", "C");
	const char *const argv[] = {
		t->server_go, "list",
		"-e",         "-compiled",
		"-f",         "{{with .Error}}{{.Err}}{{end}}{{range .DepsErrors}}{{.Err}}{{end}}",
		".",          NULL};
	go_run_state(exam, "cgo", argv, &env, path_parent(exam->arena, t->open_file), DEADLINE_NS);
	return 0;
}

const struct probe probe_cgo_trial = {
	.id = "cgo_trial",
	.title = "what the C compiler says about the open file's package",
	.stage = STAGE_AFTER,
	.yields = FACT_BIT(trial),
	.look = look,
};
