/* SPDX-License-Identifier: MIT
 * Counter-checks: the go command fails; does it work when one variable is taken away? And what does
 * it say about the packages of the open file?
 */
#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "core/infer.h"
#include "core/probe.h"
#include "core/storage.h"
#include "probes/go/go_run.h"
#include "probes/scratch.h"

#define TRIAL_DEADLINE_NS (700 * NS_PER_MS)
#define LIST_DEADLINE_NS  (2500 * NS_PER_MS)

static bool failed(const struct fact_go_run *run) {
	return run && (!run->started || run->exit_code != 0);
}

/* The question that failed, with one variable changed; value NULL takes it away. Where it says where modules
 * are kept, a directory of our own takes its place: go must not fetch anything into another one of the user's. */
static void try_without(struct exam *exam, const char *variable, const char *value) {
	const struct target *t = exam->target;
	bool version = failed(facts_run(exam->facts, "version"));
	const char *what = version ? "version" : "env";
	const char *name = arena_printf(exam->arena, "%s without %s", what, variable);
	struct envset env;
	envset_copy(&env, &t->server);
	bool modules = streq(variable, "GOPATH") || streq(variable, "GOMODCACHE");
	const char *scratch =
		modules ? scratch_make(exam->arena, envset_get(&t->own, "TMPDIR")) : NULL;
	if (modules && !scratch) {
		return;
	}
	envset_set(&env, "GOPROXY", "off");
	if (value || modules) {
		envset_set(&env, variable, modules ? scratch : value);
	} else {
		envset_unset(&env, variable);
	}
	/* A build cache that cannot be used is a matter of spare_caches; go must not take another
	 * one of the user's meanwhile. */
	const struct fact_govar *cache = facts_govar(exam->facts, "GOCACHE");
	if (cache && storage_is_odd(exam->facts, "GOCACHE")) {
		envset_set(&env, "GOCACHE", cache->value);
	}
	const char *const argv[] = {t->server_go, what, version ? NULL : "-json", NULL};
	struct run_result run =
		go_run_state(exam, name, argv, &env, t->workspace, TRIAL_DEADLINE_NS);
	scratch_remove(scratch);
	FACTS_ADD(exam->facts, trial, run.ev,
	          .what = arena_printf(exam->arena, "without %s", variable), .subject = variable,
	          .better = run.started && run.exit_code == 0);
}

static bool comes_from(struct exam *exam, const char *name, const char *origin) {
	const struct fact_govar *v = facts_govar(exam->facts, name);
	return v && streq(v->origin, origin);
}

static void try_variables(struct exam *exam) {
	static const char *const names[] = {"GOFLAGS",    "GOROOT", "GOTOOLCHAIN",  "GOPATH",
	                                    "GOMODCACHE", "GOWORK", "GOEXPERIMENT", "GODEBUG",
	                                    "GOARCH",     "GOOS"};
	bool from_file = false;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *value = envset_get(&exam->target->server, names[i]);
		if (!str_empty(value)) {
			try_without(exam, names[i], NULL);
		}
		from_file = from_file || comes_from(exam, names[i], "goenv");
	}
	if (from_file) {
		try_without(exam, "GOENV", "off");
	}
}

/* go list over the package of the open file; the network is switched off, since this is only about
 * what is here. */
static void list_packages(struct exam *exam) {
	const struct target *t = exam->target;
	if (!t->open_file) {
		return;
	}
	struct envset env;
	envset_copy(&env, &t->server);
	envset_set(&env, "GOPROXY", "off");
	const char *dir = path_parent(exam->arena, t->open_file);
	const char *const argv[] = {
		t->server_go, "list",
		"-e",         "-deps",
		"-f",         "{{if .Error}}{{.ImportPath}}\t{{.Error.Err}}{{\"\\n\"}}{{end}}",
		".",          NULL};
	go_run_state(exam, "list", argv, &env, dir, LIST_DEADLINE_NS);
}

static int look(struct exam *exam, struct err *err) {
	(void)err;
	const struct target *t = exam->target;
	if (facts_healthy(exam->facts) || !t->server_go || t->do_not_run_go) {
		return 0;
	}
	const struct fact_go_run *version = facts_run(exam->facts, "version");
	const struct fact_go_run *env = facts_run(exam->facts, "env");
	bool hangs = (version && version->timed_out) || (env && env->timed_out);
	if ((failed(version) || failed(env)) && !hangs) {
		try_variables(exam);
	} else if (env && !hangs && !infer_is_certain(exam->rules, exam->facts)) {
		list_packages(exam);
	}
	return 0;
}

const struct probe probe_go_trials = {
	.id = "go_trials",
	.title = "counter-checks with the go command when something is wrong",
	.stage = STAGE_AFTER,
	.yields = FACT_BIT(trial),
	.look = look,
};
