/* SPDX-License-Identifier: MIT
 * mod-packages-driver-broken: gopls asks another program than go for packages, and that program
 * cannot be started or gives no answer. The go command itself works, so nothing in a terminal shows
 * it.
 * Counter-check: it gives no answer to a request of dialtone's own either, or the server does better
 * with GOPACKAGESDRIVER=off. A driver that only repeats a complaint of go is not at fault itself. A driver the workspace brings is
 * not run without trust (cfg-hostile-workspace-settings).
 */
#include "base/path.h"
#include "core/origin.h"
#include "core/rule.h"

static const char *defect(const char *state) {
	static const struct {
		const char *state, *words;
	} known[] = {
		{"absent", "does not exist"},
		{"dangling", "is a link to nothing"},
		{"directory", "is a directory"},
		{"special", "is no regular file"},
		{"no_exec_bit", "is not executable"},
		{"noexec_mount", "lies on a filesystem mounted noexec"},
	};
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		if (streq(known[i].state, state)) {
			return known[i].words;
		}
	}
	return NULL;
}

static const char *name_of(struct arena *arena, const struct fact_packages_driver *d) {
	return str_empty(d->value) ? d->path : arena_printf(arena, "GOPACKAGESDRIVER=%s", d->value);
}

static void add_fixes(const struct facts *facts, struct findings *out, struct finding *f,
                      const struct fact_packages_driver *d) {
	const struct fact_govar *var = facts_govar(facts, "GOPACKAGESDRIVER");
	if (streq(d->from, "path")) {
		finding_fix(out, f, "let gopls ask go, whatever lies on PATH",
		            "export GOPACKAGESDRIVER=off");
	} else if (streq(d->from, "env") && var && streq(var->origin, "env")) {
		finding_cites(f, var);
		origin_cite_judged(facts, f, "GOPACKAGESDRIVER");
		origin_fix(facts, out, f, var);
	} else if (!str_empty(d->where)) {
		finding_fix(out, f,
		            arena_printf(out->arena, "remove GOPACKAGESDRIVER in %s", d->where),
		            "%s", "");
	} else {
		finding_fix(out, f, "take it out of the environment, then restart the editor",
		            "unset GOPACKAGESDRIVER");
	}
	if (!str_empty(d->path) && streq(d->state, "no_exec_bit")) {
		finding_fix(out, f, "make it executable", "chmod +x %s",
		            str_shell_quote(out->arena, d->path));
	}
}

/* What its own answer says against it, or NULL. */
static const char *failure(struct arena *arena, const struct fact_go_run *run) {
	if (!run || !run->started || run->timed_out || str_has(run->err, "go: ")) {
		return NULL;
	}
	if (run->exit_code != 0) {
		return run->signal
		               ? arena_printf(arena, "ends by signal %lld", (long long)run->signal)
		               : arena_printf(arena, "ends with status %lld",
		                              (long long)run->exit_code);
	}
	struct slice out = slice_trim(slice_str(run->out));
	if (out.len == 0) {
		return "prints nothing";
	}
	return out.data[0] == '{' ? NULL : "prints something else than the JSON it is asked for";
}

/* It waits for something that is named: that is the cause, and it is where it shows (ipc-server-waits-on-child). */
static bool waits_for_more(const struct facts *facts) {
	facts_each (wait_leaf, l, facts) {
		if (!l->healthy && l->settled && !streq(l->kind, "inside") &&
		    !streq(l->kind, "hidden") &&
		    (streq(l->role, "child") || streq(l->role, "other"))) {
			return true;
		}
	}
	return false;
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_packages_driver *d = facts_first(packages_driver, facts);
	if (!d || facts_healthy(facts) || streq(d->state, "unknown")) {
		return;
	}
	const struct fact_go_run *run = facts_run(facts, "packages driver");
	const char *bad = defect(d->state);
	bad = bad ? bad : failure(out->arena, run);
	const struct fact_trial *trial = facts_trial(facts, "without GOPACKAGESDRIVER");
	const struct fact *said = str_empty(d->path) ? NULL : facts_said(facts, d->path, NULL);
	said = said ? said : facts_said(facts, "packages.Load error", NULL);
	bool better = trial && trial->better;
	if (!bad && (!better || waits_for_more(facts))) {
		return;
	}
	struct finding *f = findings_add(out, self, CONF_CERTAIN, name_of(out->arena, d),
	                                 bad ? "gopls asks %s%s for packages, and it %s"
	                                     : "gopls asks %s%s for packages in "
	                                       "place of go, and without "
	                                       "it everything works%s",
	                                 streq(d->from, "path") ? "" : "GOPACKAGESDRIVER ",
	                                 str_empty(d->path) ? d->value : d->path, bad ? bad : "");
	finding_about(out, f, "GOPACKAGESDRIVER");
	if (streq(d->from, "path")) {
		finding_detail(out, f,
		               "no variable names it: gopls takes a gopackagesdriver from PATH by "
		               "its name alone");
	} else if (!str_empty(d->where)) {
		finding_detail(out, f, "set in %s", d->where);
	}
	finding_cites(f, d);
	if (run && failure(out->arena, run)) {
		finding_cites(f, run);
	}
	finding_cite(f, said);
	if (better) {
		finding_cites(f, trial);
	}
	add_fixes(facts, out, f, d);
}

const struct rule rule_mod_packages_driver_broken = {
	.id = "mod-packages-driver-broken",
	.title = "The program gopls asks for packages in place of go fails",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(packages_driver),
	.explains = IDS("*ipc-server-waits-on-child", "*mod-gosum-or-gomod-stale",
                        "*mod-no-gomod-at-root", "*mod-nested-not-in-workspace",
                        "*mod-excluded-by-constraints"),
	.check = check,
};
