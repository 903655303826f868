/* SPDX-License-Identifier: MIT
 * What is missing is added by go, from the module cache where all of it is there. A go.sum with conflict markers keeps the
 * lines of both sides: it is a set. One that git still has comes from there. Of two checksums that contradict each other, go.sum's
 * and the module cache's, the one that a third confirms is taken, and none without.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"

static void drop_lines(struct plan *out, const struct fact_gosum *sum) {
	const char *dir = path_parent(out->arena, sum->path);
	static const char script[] =
		"/^(<{7}|={7}|>{7}|[|]{7})/d;/^[[:space:]]*$/d;"
		"/^[^[:space:]]+ +[^[:space:]]+ +[^[:space:]]+[[:space:]]*$/!d";
	const char *const argv[] = {"/bin/sed", "-i", "--follow-symlinks", "-E", script,
	                            sum->path,  NULL};
	const char *const announces[] = {sum->path, NULL};
	struct step *step = plan_run(out, dir, argv, announces);
	if (step) {
		step->what =
			arena_printf(out->arena, "drop what is no checksum from %s", sum->path);
	}
	out->why = "go reads no go.sum with such lines in it. What both sides of a conflict "
		   "have is kept: more checksums than are needed do no harm.";
}

/* Only read from git: a checkout would write its index anew. Programs that the repository's own configuration names are
 * not for us to run: git cat-file calls for a file system monitor, and of a partial clone for whatever its remote is
 * fetched with; with no protocol allowed the latter ends before it begins (git-config(1), git(1): GIT_ALLOW_PROTOCOL). */
static void from_git(struct plan *out, const struct fact_gosum *sum) {
	const char *dir = path_parent(out->arena, sum->path);
	static const char script[] = "exec /usr/bin/git -c core.hooksPath=/dev/null "
				     "-c core.fsmonitor=false cat-file blob :./go.sum >go.sum";
	const char *const argv[] = {"/bin/sh", "-c", script, NULL};
	const char *const announces[] = {sum->path, NULL};
	struct step *step = plan_run(out, dir, argv, announces);
	if (step) {
		step->what = arena_printf(out->arena, "write %s as git has it", sum->path);
		step->env = PLAN_WORDS(out, "GIT_ALLOW_PROTOCOL=none", "GIT_OPTIONAL_LOCKS=0");
	}
	out->why = "The checksums were lost, and git still has them.";
}

/* From the last line to the first: one that is taken out moves none that comes after. */
static void right_lines(const struct facts *facts, struct plan *out,
                        const struct fact_gosum_conflict *meant) {
	int64_t before = INT64_MAX;
	for (;;) {
		const struct fact_gosum_conflict *next = NULL;
		facts_each (gosum_conflict, c, facts) {
			if (streq(c->gosum, meant->gosum) && !str_empty(c->witness) &&
			    c->line < before && (!next || c->line > next->line)) {
				next = c;
			}
		}
		if (!next) {
			break;
		}
		before = next->line;
		size_t kept = strlen(next->text) - strlen(next->hash);
		plan_line(out, next->gosum, next->line, next->text,
		          next->also ? NULL
		                     : arena_printf(out->arena, "%.*s%s", (int)kept, next->text,
		                                    next->cached));
	}
	out->why = arena_printf(
		out->arena,
		"The module cache holds what was downloaded, and %s says the same of it: the "
		"checksum in go.sum is wrong.",
		streq(meant->witness, "git")
			? "go.sum as it was last committed"
			: "the answer of the checksum database, kept with it,");
	out->keeps = "the module cache, the checksum database and all other lines of go.sum";
}

static void let_go(const struct facts *facts, struct plan *out, const char *gomod, bool here) {
	const char *dir = path_parent(out->arena, gomod);
	const char *const announces[] = {path_join(out->arena, dir, "go.mod"),
	                                 path_join(out->arena, dir, "go.sum"), NULL};
	struct step *step = MEND_RUN_GO(out, facts, dir, announces, "mod", "tidy");
	mend_fetch(out, facts, step, here, false);
	out->why =
		"go reads go.mod and go.sum without changing them; `go mod tidy` writes into them "
		"what the imports need.";
}

static bool all_here(const struct facts *facts) {
	facts_each (gosum_gap, g, facts) {
		if (!g->in_cache) {
			return false;
		}
	}
	facts_each (gomod_gap, g, facts) {
		if (STR_IN(g->kind, "missing", "absent_package", "version")) {
			return false;
		}
	}
	return facts_first(mod_absent, facts) == NULL;
}

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_gosum *sum = finding_first(gosum, finding);
	const struct fact_gosum_gap *gap = finding_first(gosum_gap, finding);
	const struct fact_gomod_gap *mod = finding_first(gomod_gap, finding);
	const struct fact_gosum_conflict *conflict = finding_first(gosum_conflict, finding);
	const struct fact_govar *flags = finding_first(govar, finding);
	if (sum && (sum->conflict_line > 0 || sum->error_line > 0)) {
		drop_lines(out, sum);
	} else if (conflict && !str_empty(conflict->witness)) {
		right_lines(facts, out, conflict);
	} else if (conflict || (gap && streq(gap->kind, "mismatch"))) {
		plan_unable(
			out,
			"%s and the module cache contradict each other about %s %s; which of the "
			"two is right has to be found out first",
			conflict ? conflict->gosum : gap->gosum,
			conflict ? conflict->module : gap->module,
			conflict ? conflict->version : gap->version);
	} else if (gap && sum && !sum->exists && sum->in_git) {
		from_git(out, sum);
	} else if (flags && finding_first(trial, finding)) {
		out->why =
			"-mod=mod makes go write into go.mod, which it may not; without it there "
			"is nothing to write.";
		mend_goflags(out, facts, "-mod=mod");
	} else if (mod) {
		let_go(facts, out, mod->gomod, all_here(facts));
	} else if (gap) {
		let_go(facts, out, gap->gosum, all_here(facts));
	} else {
		plan_unable(out, "what keeps go from writing there is not a matter of go.mod");
	}
}

const struct fix fix_mod_gosum_or_gomod_stale = {
	.cause = "mod-gosum-or-gomod-stale",
	.title = "let go bring go.mod and go.sum up to date",
	.plan = plan,
};
