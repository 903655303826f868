/* SPDX-License-Identifier: MIT
 * When something is wrong and the judged environment is not the shell's: does the go of the shell do
 * better in the workspace? A shim may work by a variable that only the shell has.
 */
#include "base/clock.h"
#include "base/str.h"
#include "core/probe.h"
#include "gofile/goversion.h"
#include "probes/go/go_run.h"
#include "probes/go/shim.h"
#include "probes/search.h"
#include "probes/trust.h"

#define DEADLINE_NS (1500 * NS_PER_MS)

/* The editor's go cannot be used, or is of a version the workspace does not take. */
static bool is_wanted(struct exam *exam) {
	const struct fact_toolchain *t = facts_first(toolchain, exam->facts);
	const struct fact_go_run *version = facts_run(exam->facts, "version");
	bool failed = !version || !version->started || version->exit_code != 0;
	bool stuck = t && !streq(t->verdict, "none") && !t->present;
	return failed || stuck;
}

static bool same_environment(const struct target *t) {
	if (t->own.count != t->judged.count) {
		return false;
	}
	for (size_t i = 0; i < t->own.count; i++) {
		const char *value = NULL;
		struct slice name = envset_name(&t->own, i, &value);
		const char *other =
			envset_get(&t->judged, arena_strndup(t->own.arena, name.data, name.len));
		if (!other || !streq(other, value)) {
			return false;
		}
	}
	return true;
}

/* It lies in the workspace, or is a shim that a file of the workspace sends there. */
static bool comes_with_workspace(struct exam *exam, const char *go) {
	struct shim_identity id;
	if (exam->target->trusted) {
		return false;
	}
	if (trust_inside(exam, go) || !shim_identify(exam, go, &id)) {
		return trust_inside(exam, go);
	}
	struct shim_choice choice = shim_choose(exam, id.manager, &exam->target->own);
	return choice.odd_file && trust_inside(exam, choice.odd_file);
}

static int look(struct exam *exam, struct err *err) {
	(void)err;
	const struct target *t = exam->target;
	if (facts_healthy(exam->facts) || t->do_not_run_go || same_environment(t) ||
	    !is_wanted(exam)) {
		return 0;
	}
	const char *path = envset_get(&t->own, "PATH");
	const char *go = search_path_only(exam, path ? path : "", "go");
	if (!go || comes_with_workspace(exam, go)) {
		return 0;
	}
	struct envset env;
	envset_copy(&env, &t->own);
	shim_keep_still(&env);
	const char *const argv[] = {go, "version", NULL};
	struct run_result run =
		go_run_state(exam, "version in the shell", argv, &env, t->workspace, DEADLINE_NS);
	struct goversion_output out = {.version = ""};
	bool good = run.started && run.exit_code == 0 &&
	            goversion_parse_output(exam->arena, run.out, &out);
	FACTS_ADD(exam->facts, trial, run.ev, .what = "go of the shell", .subject = go,
	          .better = good, .detail = out.version ? out.version : "");
	return 0;
}

const struct probe probe_go_of_shell = {
	.id = "go_of_shell",
	.title = "whether the shell's go does better in the workspace",
	.stage = STAGE_AFTER,
	.yields = FACT_BIT(trial),
	.look = look,
};
