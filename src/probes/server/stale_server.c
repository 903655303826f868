/* SPDX-License-Identifier: MIT
 * Counter-checks of an error in the code: does the compiler accept what a gopls that is older than the
 * Go it drives calls an error? Does it, when it compiles for this machine and not for another
 * platform, or with its own library and not with that of another version which GOROOT names? Made
 * last, since they cost a compilation.
 */
#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "core/infer.h"
#include "core/probe.h"
#include "gofile/goversion.h"
#include "probes/go/go_run.h"
#include "probes/go/goroot.h"

#define COMPILE_DEADLINE_NS (3 * NS_PER_S)
#define MARGIN_NS           (400 * NS_PER_MS)

/* Built with an older Go than the one that runs, or released before it. */
static bool is_behind(struct exam *exam) {
	const struct fact_server_age *age = facts_first(server_age, exam->facts);
	int runs = age ? goversion_minor(age->runs) : -1;
	int knows = age ? goversion_minor(age->knows) : -1;
	return age && (goversion_minor(age->built) < runs || (knows > 0 && knows < runs));
}

/* Where the server's own parser or type checker complains of Go code; the open file before others.
 * What it says in the name of go ("go list") is no matter of its age. */
static const struct fact_diagnostic *complaint(struct exam *exam) {
	const struct fact_diagnostic *first = NULL;
	facts_each (diagnostic, d, exam->facts) {
		bool own = streq(d->source, "compiler") || streq(d->source, "syntax");
		if (!own || !streq(d->severity, "error") || !str_ends(d->path, ".go")) {
			continue;
		}
		bool open = streq(d->path, exam->target->open_file);
		if (!first || (open && !streq(first->path, exam->target->open_file))) {
			first = d;
		}
	}
	return first;
}

static bool is_other(struct exam *exam, const char *name, const char *own) {
	const struct fact_govar *v = facts_govar(exam->facts, name);
	return v && !str_empty(v->value) && !streq(v->value, own);
}

/* GOOS or GOARCH are not this machine's. */
static bool is_foreign(struct exam *exam) {
	return is_other(exam, "GOOS", "linux") || is_other(exam, "GOARCH", goroot_host_arch());
}

/* The installation of the go that runs, when GOROOT names a whole one of another version. */
static const char *own_root(struct exam *exam) {
	const struct fact_goroot *own = NULL;
	const struct fact_goroot *named = NULL;
	facts_each (goroot, root, exam->facts) {
		own = root->own ? root : own;
		named = !root->own && root->complete ? root : named;
	}
	bool mixed = own && named && !str_empty(named->version) && !str_empty(own->version) &&
	             !streq(own->version, named->version);
	return mixed ? own->root : NULL;
}

/* go reports a package that does not compile in .Error; a test file is part of a package of its
 * own. */
static void compile(struct exam *exam, const char *name, const struct envset *base,
                    const struct fact_diagnostic *d) {
	const struct target *t = exam->target;
	const char *path = d->path;
	struct envset env;
	envset_copy(&env, base);
	envset_set(&env, "GOPROXY", "off");
	static const char format[] = "{{range .GoFiles}}file {{.}}{{\"\\n\"}}{{end}}"
				     "{{range .CgoFiles}}file {{.}}{{\"\\n\"}}{{end}}"
				     "{{with .Error}}error {{.Err}}{{\"\\n\"}}{{end}}";
	const char *const argv[] = {
		t->server_go,
		"list",
		"-e",
		"-export",
		str_ends(path, "_test.go") ? "-test=true" : "-test=false",
		"-f",
		format,
		".",
		NULL,
	};
	int64_t left = exam->deadline_ns - MARGIN_NS - world_now_ns(exam->world);
	struct run_result run =
		go_run_state(exam, name, argv, &env, path_parent(exam->arena, path),
	                     left < COMPILE_DEADLINE_NS ? left : COMPILE_DEADLINE_NS);
	const char *own_line = arena_printf(exam->arena, "file %s", path_base(path));
	struct slice rest = run.out;
	struct slice line;
	bool refused = false;
	bool compiled = false;
	while (slice_line(&rest, &line)) {
		refused = refused || slice_starts(line, "error ");
		/* The file may be left out of the build: then the compiler has not seen it. */
		compiled = compiled || slice_eq(line, own_line);
	}
	if (run.started && !run.timed_out && run.exit_code == 0 && compiled) {
		FACTS_ADD(exam->facts, trial, run.ev, .what = name, .subject = path,
		          .better = !refused, .detail = d->text);
	}
}

static void compile_for_here(struct exam *exam, const struct fact_diagnostic *d) {
	struct envset env;
	envset_copy(&env, &exam->target->server);
	envset_set(&env, "GOOS", "linux");
	envset_set(&env, "GOARCH", goroot_host_arch());
	compile(exam, "compile for this machine", &env, d);
}

static void compile_with_own_library(struct exam *exam, const struct fact_diagnostic *d,
                                     const char *root) {
	struct envset env;
	envset_copy(&env, &exam->target->server);
	envset_set(&env, "GOROOT", root);
	compile(exam, "compile with its own GOROOT", &env, d);
}

static int look(struct exam *exam, struct err *err) {
	(void)err;
	const struct target *t = exam->target;
	const struct fact_diagnostic *d = complaint(exam);
	const struct fact_trial *other = facts_trial(exam->facts, "other gopls");
	const char *root = own_root(exam);
	bool foreign = is_foreign(exam);
	if (!d || !t->server_go || t->do_not_run_go || (!is_behind(exam) && !foreign && !root) ||
	    (other && other->better) || infer_is_certain(exam->rules, exam->facts) ||
	    exam->deadline_ns - MARGIN_NS - world_now_ns(exam->world) < NS_PER_MS * 200) {
		return 0;
	}
	if (root) {
		compile_with_own_library(exam, d, root);
	} else if (foreign) {
		compile_for_here(exam, d);
	} else {
		compile(exam, "compile", &t->server, d);
	}
	return 0;
}

const struct probe probe_stale_server = {
	.id = "stale_server",
	.title = "whether the compiler accepts what the server calls an error",
	.stage = STAGE_AFTER,
	.yields = FACT_BIT(trial) | FACT_BIT(go_run),
	.look = look,
};
