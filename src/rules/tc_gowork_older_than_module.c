/* SPDX-License-Identifier: MIT
 * The go line of go.work is older than that of a module it uses: from Go 1.21 on, nothing in the
 * workspace loads (cmd/go/internal/modload/init.go; a module below go 1.21 is let pass).
 *
 * Not this: a module that go.work does not use is loaded by gopls as if there were no go.work; Go
 * before 1.21 does not compare; a go.work that is newer than the Go at hand (tc-local-too-old,
 * tc-download-unavailable) stops go before it compares.
 */
#include "base/path.h"
#include "core/rule.h"
#include "gofile/goversion.h"

#define ASSUMED_LINE "1.18" /* without a go line in go.work */
#define STRICT_SINCE "1.21" /* both of the Go that runs and of the module */

static const struct fact_gowork *work_in_force(const struct facts *facts) {
	facts_each (gowork, w, facts) {
		if (streq(w->role, "active")) {
			return w;
		}
	}
	return NULL;
}

static const struct fact_work_use *use_of(const struct facts *facts, const struct fact_gomod *g) {
	facts_each (work_use, u, facts) {
		if (streq(path_parent(facts->arena, g->path), u->dir)) {
			return u;
		}
	}
	return NULL;
}

static bool is_newer(const struct fact_gomod *g, const char *line) {
	return goversion_compare(g->go, STRICT_SINCE) >= 0 && goversion_compare(g->go, line) > 0;
}

static bool is_strict(const struct facts *facts) {
	const struct fact_toolchain *t = facts_first(toolchain, facts);
	return t && !str_empty(t->runs) && goversion_compare(t->runs, STRICT_SINCE) >= 0;
}

/* A go.work with two modules needs the highest line, and go work use gives it that. */
static void add_fixes(struct findings *out, struct finding *f, const struct fact_gowork *work,
                      const struct fact_gomod *highest) {
	const char *dir = str_shell_quote(out->arena, path_parent(out->arena, work->path));
	finding_fix(out, f,
	            arena_printf(out->arena, "raise its go line to %s, then restart the server",
	                         highest->go),
	            "cd %s && go work use", dir);
	struct fix_advice *off = finding_fix(
		out, f, "work on that module by itself, from the shell that starts the editor",
		"export GOWORK=off");
	off->disruptive = true;
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_gowork *work = work_in_force(facts);
	const struct fact_work_member *m = facts_first(work_member, facts);
	if (!work || !m || !m->member || !str_empty(work->error) || !is_strict(facts) ||
	    facts_healthy(facts)) {
		return;
	}
	const char *line = str_empty(work->go) ? ASSUMED_LINE : work->go;
	const struct fact_gomod *highest = NULL;
	size_t count = 0;
	facts_each (gomod, g, facts) {
		bool other = !highest || !streq(g->path, highest->path);
		if (use_of(facts, g) && is_newer(g, line)) {
			count += other;
			highest =
				!highest || goversion_compare(g->go, highest->go) > 0 ? g : highest;
		}
	}
	if (!highest) {
		return;
	}
	struct finding *f =
		findings_add(out, self, CONF_CERTAIN, work->path,
	                     "%s %s Go %s, but %s, which it uses, asks for Go %s", work->path,
	                     str_empty(work->go) ? "has no go line, which means" : "says", line,
	                     highest->path, highest->go);
	finding_detail(out, f, "go loads no module of a workspace that is older than one of them%s",
	               count > 1 ? "; more than one is" : "");
	finding_cites(f, work);
	finding_cites(f, highest);
	finding_cites(f, use_of(facts, highest));
	finding_cites(f, facts_first(toolchain, facts));
	finding_cite(f, facts_said(facts, "listed in go.work", "go work use"));
	add_fixes(out, f, work, highest);
}

const struct rule rule_tc_gowork_older_than_module = {
	.id = "tc-gowork-older-than-module",
	.title = "go.work is older than a module it uses",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(gowork) | FACT_BIT(gomod) | FACT_BIT(toolchain),
	.explains = IDS("*mod-no-gomod-at-root", "*mod-gosum-or-gomod-stale",
                        "*mod-inconsistent-vendoring"),
	.check = check,
};
