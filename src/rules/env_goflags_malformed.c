/* SPDX-License-Identifier: MIT
 * GOFLAGS, or a build flag in the settings, is refused by go; or another variable has a value at
 * which go, or any program of Go, stops (an experiment of an older Go, GO111MODULE=yes,
 * GOMEMLIMIT=4GB). What go env -w has stored is env-goenv-file-leftover.
 *
 * Counter-check: `go version` reads GOFLAGS first; when it answered, GOFLAGS is acceptable to this
 * Go, whatever we think. Of other variables go itself must have spoken, and ended.
 */
#include "core/origin.h"
#include "core/refused.h"
#include "core/rule.h"

static bool go_accepted(const struct facts *facts) {
	const struct fact_go_run *run = facts_run(facts, "version");
	return run && run->started && run->exit_code == 0;
}

static bool refuses_flags(const struct fact_go_run *run) {
	return run && run->started && run->exit_code != 0 && str_has(run->err, "$GOFLAGS");
}

/* The spelling is right, and what the flag names is not there: only the load shows whether go wanted it. */
static bool names_absent(const struct fact_goflag_error *e) {
	return STR_IN(e->error, "no_program", "no_file");
}

/* The server works: what starts it keeps the variable from go. The extension of VS Code asks go by itself, too. */
static bool is_kept_from_go(const struct facts *facts) {
	const struct fact_editor *editor = facts_first(editor, facts);
	return facts_healthy(facts) && editor && !streq(editor->name, "vscode");
}

static const char *reason(const char *error) {
	if (streq(error, "no_program")) {
		return "names a program that is not there, and go runs its compiler through it";
	}
	if (streq(error, "no_file")) {
		return "names a file that does not exist";
	}
	if (streq(error, "non_flag")) {
		return "is no flag: each must start with - and have no blank inside";
	}
	return streq(error, "unknown") ? "is no flag that go knows"
	                               : "opens a quote that does not end";
}

static void check_goflags(const struct rule *self, const struct facts *facts, struct findings *out,
                          const struct fact_goflag_error *e) {
	const struct fact_go_run *run = facts_run(facts, "version");
	if (names_absent(e) ? !facts_hurt(facts) : go_accepted(facts) || is_kept_from_go(facts)) {
		return;
	}
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, arena_printf(out->arena, "GOFLAGS=%s", e->value),
		"GOFLAGS is \"%s\": \"%s\" %s", e->value, e->flag, reason(e->error));
	finding_about(out, f, "GOFLAGS");
	const struct fact_govar *var = facts_govar(facts, "GOFLAGS");
	finding_detail(out, f, "every go command stops at it; it is set %s",
	               var ? origin_words(facts, var) : "in the environment");
	if (run) {
		finding_cites(f, run);
	}
	finding_cites(f, e);
	if (var) {
		finding_cites(f, var);
		origin_fix(facts, out, f, var);
	}
}

/* Settings reach go list as arguments; only the load itself can prove that they are refused. */
static void check_setting(const struct rule *self, const struct facts *facts, struct findings *out,
                          const struct fact_goflag_error *e) {
	if (facts_healthy(facts)) {
		return;
	}
	const struct fact *said = facts_said(facts, "flag provided but not defined", NULL);
	said = said ? said : facts_said(facts, "usage: go list", NULL);
	said = said ? said : facts_said(facts, "malformed import path", NULL);
	struct finding *f =
		findings_add(out, self, said ? CONF_CERTAIN : CONF_LIKELY, e->source,
	                     "%s has \"%s\", which %s", e->source, e->flag, reason(e->error));
	finding_about(out, f, "GOFLAGS");
	finding_detail(out, f, "each member of the list is one argument, set in %s", e->where);
	finding_cites(f, e);
	finding_cite(f, said);
	finding_fix(out, f,
	            arena_printf(out->arena, "write one flag per member, as \"-tags=a,b\", in %s",
	                         e->where),
	            "%s", "");
}

static bool says_vendor(const char *flags) {
	const char *at = strstr(flags, "-mod=vendor");
	return at && strchr(" \t'\"", at[strlen("-mod=vendor")]);
}

static bool is_mod(const struct facts *facts) {
	const struct fact_mod_flag *flag = facts_first(mod_flag, facts);
	return flag && streq(flag->value, "mod");
}

/* "cannot use -json with -w": gopls asks for -json, so the other one comes from GOFLAGS if that has it. */
static const struct fact *quarrels(const struct facts *facts, const char *flags) {
	struct slice rest = slice_str(flags);
	struct slice word;
	while (slice_cut(&rest, ' ', &word)) {
		const char *flag = arena_slicedup(facts->arena, slice_trim(word));
		const char *words = arena_printf(facts->arena, "cannot use -json with %s", flag);
		const struct fact *said = flag[0] == '-' ? facts_said(facts, words, NULL) : NULL;
		if (said) {
			return said;
		}
	}
	return NULL;
}

static bool check_modfile(const struct rule *self, const struct facts *facts,
                          struct findings *out) {
	const struct fact_govar *var = facts_govar(facts, "GOFLAGS");
	const struct fact *said = refused_modfile(facts);
	if (!said) {
		return false;
	}
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, arena_printf(out->arena, "GOFLAGS=%s", var->value),
		"GOFLAGS is \"%s\": -modfile there suits go and stops gopls, which asks "
		"go for its version outside of modules",
		var->value);
	finding_about(out, f, "GOFLAGS");
	finding_detail(out, f, "it is set %s", origin_words(facts, var));
	finding_cite(f, said);
	finding_cites(f, var);
	origin_fix(facts, out, f, var);
	return true;
}

/* What our list of flags does not tell, go does: `cannot use -json with -w`, a value it refuses. */
static void check_words_of_go(const struct rule *self, const struct facts *facts,
                              struct findings *out) {
	const struct fact_govar *var = facts_govar(facts, "GOFLAGS");
	const struct fact_trial *trial = facts_trial(facts, "without GOFLAGS");
	const struct fact_go_run *version = facts_run(facts, "version");
	const struct fact_go_run *env = facts_run(facts, "env");
	const struct fact_go_run *list = facts_run(facts, "list");
	bool lists = list && list->started && list->exit_code != 0;
	const struct fact_go_run *run = refuses_flags(version) ? version : lists ? list : env;
	const struct fact *said = facts_said(facts, "$GOFLAGS", NULL);
	if (!said && str_has(var ? var->value : "", "-mod=")) {
		said = facts_said(facts, "-mod=", "not supported");
	}
	/* A vendor directory that is asked for and not right is no matter of spelling. */
	if (var && lists && says_vendor(var->value)) {
		return;
	}
	/* Nor is what -mod=mod makes go do: fetch, verify, write. */
	if (lists && is_mod(facts) && !refuses_flags(version) && !said) {
		return;
	}
	const struct fact *quarrel = var ? quarrels(facts, var->value) : NULL;
	bool proven = (trial && trial->better) || refuses_flags(version) || quarrel;
	said = said ? said : quarrel;
	if (!var || (!proven && !said)) {
		return;
	}
	struct finding *f = findings_add(out, self, proven ? CONF_CERTAIN : CONF_LIKELY,
	                                 arena_printf(out->arena, "GOFLAGS=%s", var->value),
	                                 "GOFLAGS is \"%s\", which go does not accept", var->value);
	finding_about(out, f, "GOFLAGS");
	finding_detail(out, f, "it is set %s", origin_words(facts, var));
	if (run && run->exit_code != 0) {
		finding_cites(f, run);
	}
	finding_cite(f, said);
	if (trial) {
		finding_cites(f, trial);
	}
	finding_cites(f, var);
	origin_fix(facts, out, f, var);
}

/* An experiment of an older Go, GO111MODULE=yes, GOMEMLIMIT=4GB. */
static void check_variable(const struct rule *self, const struct facts *facts, struct findings *out,
                           const char *name) {
	const char *line = NULL;
	const struct fact *proof = refused_variable(facts, name, &line);
	const struct fact_govar var = origin_of_var(facts, name);
	if (!proof || is_kept_from_go(facts) || str_empty(var.value) ||
	    streq(var.origin, "goenv") || streq(var.origin, "default")) {
		return;
	}
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, arena_printf(out->arena, "%s=%s", name, var.value),
		"%s is \"%s\", at which go stops: %s", name, var.value, line);
	finding_about(out, f, name);
	finding_detail(out, f, "it is set %s", origin_words(facts, &var));
	finding_cite(f, proof);
	const struct fact_govar *known = facts_govar(facts, name);
	if (known) {
		finding_cites(f, known);
	} else {
		origin_cite_judged(facts, f, name);
	}
	origin_fix(facts, out, f, &var);
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	for (size_t i = 0; refused_name(i); i++) {
		check_variable(self, facts, out, refused_name(i));
	}
	bool modfile = check_modfile(self, facts, out), found = modfile;
	facts_each (goflag_error, e, facts) {
		/* Were the file there, gopls would stop at the flag all the same. */
		if (modfile && streq(e->error, "no_file")) {
			continue;
		}
		if (streq(e->source, "GOFLAGS")) {
			check_goflags(self, facts, out, e);
			found = found || !go_accepted(facts) || names_absent(e);
		} else {
			check_setting(self, facts, out, e);
		}
	}
	if (!found && !facts_healthy(facts)) {
		check_words_of_go(self, facts, out);
	}
}

const struct rule rule_env_goflags_malformed = {
	.id = "env-goflags-malformed",
	.title = "GOFLAGS, a build flag setting or another variable is refused by go",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(govar),
	.explains = IDS("*mod-excluded-by-constraints"),
	.check = check,
};
