/* SPDX-License-Identifier: MIT
 * mod-gosum-or-gomod-stale: go.sum lacks a checksum, or go.mod a requirement, that the imports
 * need, and go reads both without changing them. gopls then says that no required module provides
 * the package, which is true only when go.mod lacks it.
 * Counter-checks: a checksum nothing imports needs is not asked for; with vendoring go.sum is not
 * asked; with -mod=mod go adds what is missing, unless it says that it cannot; a module that is not on the machine is a matter of the network; an import
 * that another module of this workspace provides is mod-nested-not-in-workspace.
 * A checksum of go.sum that contradicts the module cache is wrong when a third agrees with the cache; when the third agrees
 * with go.sum it is net-content-altered.
 */
#include "base/path.h"
#include "core/origin.h"
#include "core/rule.h"
#include "core/storage.h"

static const struct fact_gosum *gosum_of(const struct facts *facts, const char *path) {
	facts_each (gosum, g, facts) {
		if (streq(g->path, path)) {
			return g;
		}
	}
	return NULL;
}

/* A gap behind a dependency is shown at the import of that dependency. */
static void settle(const struct facts *facts, struct finding *f) {
	const struct fact *said = facts_said(facts, "error while importing", NULL);
	f->severity = facts_healthy(facts) && !said ? SEV_NOTE : SEV_ERROR;
	finding_cite(f, said);
}

static const char *dir_of(struct findings *out, const char *path) {
	return str_shell_quote(out->arena, path_parent(out->arena, path));
}

static bool check_malformed(const struct rule *self, const struct facts *facts,
                            struct findings *out) {
	bool any = false;
	facts_each (gosum, g, facts) {
		if (g->error_line == 0 && g->conflict_line == 0) {
			continue;
		}
		struct finding *f = findings_add(
			out, self, CONF_CERTAIN, g->path, "%s %s (line %lld), so go loads nothing",
			g->path,
			g->conflict_line > 0 ? "holds merge conflict markers"
					     : "holds a line that is no checksum",
			(long long)(g->conflict_line > 0 ? g->conflict_line : g->error_line));
		finding_cites(f, g);
		finding_fix(out, f, "drop the broken lines, then let go add what is missing",
		            "cd %s && sed -i -E '/^(<{7}|={7}|>{7})/d' go.sum && go mod tidy",
		            dir_of(out, g->path));
		settle(facts, f);
		any = true;
	}
	return any;
}

static void add_sum_fixes(struct findings *out, struct finding *f, const struct fact_gosum *sum,
                          const struct fact_gosum_gap *gap) {
	const char *dir = dir_of(out, gap->gosum);
	if (sum && sum->ignored_by_git) {
		finding_detail(out, f, "git ignores go.sum here, so no clone brings it along");
	}
	if (sum && !sum->exists && sum->in_git) {
		finding_fix(out, f, "get go.sum back from git", "cd %s && git checkout -- go.sum",
		            dir);
	}
	finding_fix(out, f,
	            gap->in_cache ? "let go write the checksums (the module itself is already here)"
	                          : "let go fetch the module and write the checksums",
	            "cd %s && go mod tidy", dir);
	if (sum && sum->ignored_by_git) {
		finding_fix(out, f, "write them and keep go.sum in git from now on",
		            "cd %s && go mod tidy && git add -f go.sum", dir);
	}
}

/* The commands that put the lines right, in one. */
static const char *right_lines(struct findings *out, const struct facts *facts,
                               const struct fact_gosum_conflict *first) {
	struct strbuf text;
	strbuf_init(&text, out->arena);
	strbuf_printf(&text, "cd %s && sed -i", dir_of(out, first->gosum));
	facts_each (gosum_conflict, c, facts) {
		if (str_empty(c->witness) || !streq(c->gosum, first->gosum)) {
			continue;
		}
		const char *script = c->also ? arena_printf(out->arena, "%lldd", (long long)c->line)
		                             : arena_printf(out->arena, "%llds|%s|%s|",
		                                            (long long)c->line, c->hash, c->cached);
		strbuf_printf(&text, " -e %s", str_shell_quote(out->arena, script));
	}
	strbuf_printf(&text, " %s", path_base(first->gosum));
	return text.data;
}

/* A line that go stops at, because the module cache has another checksum; one that somebody can tell to be wrong first. */
static bool check_conflicts(const struct rule *self, const struct facts *facts,
                            struct findings *out) {
	const struct fact_gosum_conflict *worst = NULL;
	facts_each (gosum_conflict, c, facts) {
		bool known = worst && !str_empty(worst->witness);
		if (str_empty(c->against) && (!worst || (!known && !str_empty(c->witness)))) {
			worst = c;
		}
	}
	if (!worst) {
		return facts_first(gosum_conflict, facts) != NULL;
	}
	bool git = streq(worst->witness, "git");
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, worst->gosum,
		"%s line %lld has another checksum for %s%s %s than %sthe module cache, so go "
		"speaks of a security error and does not use it",
		worst->gosum, (long long)worst->line, worst->is_gomod ? "the go.mod of " : "",
		worst->module, worst->version,
		git                         ? "the last commit and "
		: str_empty(worst->witness) ? ""
					    : "the checksum database and ");
	finding_cites(f, worst);
	facts_each (gosum_conflict, c, facts) {
		if (c != worst && str_empty(c->against)) {
			finding_cites(f, c);
		}
	}
	if (str_empty(worst->witness)) {
		finding_detail(out, f,
		               "find out which of the two is right before anything is changed: "
		               "the module was published twice, or go.sum was edited");
		finding_fix(out, f, "see who changed the line", "cd %s && git log -p -S %s -- %s",
		            dir_of(out, worst->gosum), str_shell_quote(out->arena, worst->hash),
		            path_base(worst->gosum));
	} else {
		finding_fix(out, f,
		            git ? "write the checksum there that the last commit has"
		                : "write the checksum there that the checksum database answered",
		            "%s", right_lines(out, facts, worst));
	}
	settle(facts, f);
	return true;
}

/* -mod=mod adds a checksum, and for that asks the checksum database and writes go.sum: the words
 * that tell of either having failed, or NULL. */
static const struct fact *cannot_add(const struct facts *facts) {
	const char *file = NULL;
	const char *refusal = NULL;
	const struct fact *refused = storage_modfile_refused(facts, &file, &refusal);
	return refused ? refused : facts_said(facts, "verifying ", NULL);
}

static bool adds_itself(const struct facts *facts) {
	const struct fact_mod_flag *flag = facts_first(mod_flag, facts);
	return flag && streq(flag->value, "mod");
}

static void check_sums(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_gosum_gap *gap = facts_first(gosum_gap, facts);
	if (!gap || (adds_itself(facts) && !cannot_add(facts))) {
		return;
	}
	const struct fact_gosum *sum = gosum_of(facts, gap->gosum);
	const char *title;
	if (sum && !sum->exists) {
		title = arena_printf(out->arena, "%s does not exist%s, so go will not use %s %s",
		                     gap->gosum, sum->ignored_by_git ? " (git ignores it)" : "",
		                     gap->module, gap->version);
	} else if (streq(gap->kind, "mismatch")) {
		title = arena_printf(
			out->arena,
			"%s has another checksum for %s %s than the module in the module cache",
			gap->gosum, gap->module, gap->version);
	} else {
		title = arena_printf(out->arena,
		                     "%s lacks the checksum of %s%s %s, which the open "
		                     "code needs",
		                     gap->gosum, streq(gap->kind, "zip") ? "" : "the go.mod of ",
		                     gap->module, gap->version);
	}
	struct finding *f = findings_add(out, self, CONF_CERTAIN, gap->gosum, "%s", title);
	facts_each (gosum_gap, g, facts) {
		finding_cites(f, g);
	}
	if (sum) {
		finding_cites(f, sum);
	}
	if (adds_itself(facts)) {
		finding_detail(out, f, "-mod=mod lets go add it, which it could not do");
		finding_cite(f, cannot_add(facts));
	}
	if (streq(gap->kind, "mismatch")) {
		finding_detail(out, f,
		               "find out which of the two is right before anything is changed: "
		               "the module was published twice, or go.sum was edited");
		finding_fix(out, f, "see who changed the line",
		            "cd %s && git log -p -S %s -- go.sum", dir_of(out, gap->gosum),
		            str_shell_quote(out->arena, gap->module));
	} else {
		add_sum_fixes(out, f, sum, gap);
	}
	settle(facts, f);
}

/* Said by mod-nested-not-in-workspace, and by tc-local-too-old. */
static bool is_other(const struct fact_gomod_gap *g) {
	return streq(g->kind, "local") || streq(g->kind, "newer_go");
}

/* Gaps that stop the whole load come first: `updates to go.mod needed`. */
static const struct fact_gomod_gap *worst_gap(const struct facts *facts) {
	const struct fact_gomod_gap *first = NULL;
	facts_each (gomod_gap, g, facts) {
		bool whole = !streq(g->kind, "missing") && !streq(g->kind, "absent_package");
		if (!is_other(g) && whole) {
			return g;
		}
		first = first || is_other(g) ? first : g;
	}
	return first;
}

static bool check_requirements(const struct rule *self, const struct facts *facts,
                               struct findings *out) {
	const struct fact_gomod_gap *gap = worst_gap(facts);
	if (!gap) {
		return false;
	}
	struct finding *f;
	if (streq(gap->kind, "missing")) {
		f = findings_add(
			out, self, CONF_CERTAIN, gap->gomod,
			"%s requires no module that provides %s (imported in %s line %lld)",
			gap->gomod, gap->import, gap->file, (long long)gap->line);
		finding_fix(out, f, "add the requirement", "cd %s && go get %s",
		            dir_of(out, gap->gomod), str_shell_quote(out->arena, gap->import));
	} else if (streq(gap->kind, "absent_package")) {
		f = findings_add(out, self, CONF_CERTAIN, gap->gomod,
		                 "%s (imported in %s line %lld)", gap->text, gap->file,
		                 (long long)gap->line);
		finding_fix(out, f, "take a version that has it", "cd %s && go get %s",
		            dir_of(out, gap->gomod), str_shell_quote(out->arena, gap->import));
	} else {
		f = findings_add(out, self, CONF_CERTAIN, gap->gomod,
		                 "%s must be updated before go loads anything: %s", gap->gomod,
		                 gap->text);
		finding_fix(out, f, "let go update it", "cd %s && go mod tidy",
		            dir_of(out, gap->gomod));
	}
	finding_cites(f, gap);
	facts_each (gomod_gap, g, facts) {
		if (g != gap && !is_other(g)) {
			finding_cites(f, g);
		}
	}
	settle(facts, f);
	return true;
}

/* -mod=mod, and a go.mod this user may not change. A read-only mount is fs-readonly. */
static bool check_unwritable(const struct rule *self, const struct facts *facts,
                             struct findings *out) {
	const char *file = NULL;
	const char *refusal = NULL;
	const struct fact *said = storage_modfile_refused(facts, &file, &refusal);
	if (!said || !str_has(refusal, "permission denied") || facts_healthy(facts)) {
		return false;
	}
	const struct fact_mod_flag *flag = facts_first(mod_flag, facts);
	struct finding *f = findings_add(
		out, self, said->kind == FACT_go_run ? CONF_CERTAIN : CONF_LIKELY, file,
		"%s is not as go wants it, and -mod=mod in %s cannot change it: %s", file,
		flag->from, refusal);
	finding_cite(f, said);
	finding_cites(f, flag);
	const struct fact_trial *trial = facts_trial(facts, "without GOFLAGS");
	const struct fact_govar *goflags = facts_govar(facts, "GOFLAGS");
	if (trial && trial->better && goflags) {
		finding_cites(f, trial);
		finding_detail(out, f, "without GOFLAGS go has nothing to change, and loads");
		origin_fix(facts, out, f, goflags);
	}
	finding_fix(out, f, "make it yours, then let go bring it up to date",
	            "cd %s && sudo chown \"$(id -un)\" . go.* && chmod u+w . go.* && go mod tidy",
	            dir_of(out, file));
	return true;
}

/* One finding: the first thing go stumbles over; the cure is the same. */
static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	if (!check_malformed(self, facts, out) && !check_conflicts(self, facts, out) &&
	    !check_unwritable(self, facts, out) && !check_requirements(self, facts, out)) {
		check_sums(self, facts, out);
	}
}

const struct rule rule_mod_gosum_or_gomod_stale = {
	.id = "mod-gosum-or-gomod-stale",
	.title = "go.sum or go.mod lacks what the imports need",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(gosum_gap) |
                 FACT_BIT(gomod_gap), /* gosum_conflict: where somebody had to look */
	.check = check,
};
