/* SPDX-License-Identifier: MIT
 * mod-gowork-missing-dir: the go.work of the opened folder, or one above that lists its module, uses
 * a directory that holds no go.mod. go then loads none of its modules.
 * Counter-check: a go.work above that does not list the module is mod-gowork-stray-parent.
 */
#include "base/path.h"
#include "core/rule.h"
#include "gofile/gowork.h"

static bool is_its_own(const struct facts *facts, const char *work) {
	const struct fact_work_member *m = facts_first(work_member, facts);
	bool listed = m && m->member && streq(m->work, work);
	facts_each (gowork, w, facts) {
		if (streq(w->path, work)) {
			return str_empty(w->error) && streq(w->role, "active") &&
			       (listed || (!w->above_workspace && streq(w->from, "workspace")));
		}
	}
	return false;
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact *said = facts_said(facts, "does not contain a module", NULL);
	facts_each (work_use, u, facts) {
		if (u->has_gomod || !is_its_own(facts, u->work)) {
			continue;
		}
		struct finding *f =
			findings_add(out, self, CONF_CERTAIN, u->dir,
		                     "%s line %lld uses %s, which holds no go.mod, so go loads no "
		                     "module of it",
		                     u->work, (long long)u->line, u->dir);
		const char *dir = path_parent(out->arena, u->work);
		finding_cites(f, u);
		finding_cite(f, said);
		finding_about(out, f, u->work);
		finding_fix(out, f, "drop the directory from go.work",
		            "cd %s && go work edit -dropuse=%s", str_shell_quote(out->arena, dir),
		            str_shell_quote(out->arena, gowork_use_path(out->arena, dir, u->dir)));
		f->severity = facts_healthy(facts) && !said ? SEV_NOTE : SEV_ERROR;
	}
}

const struct rule rule_mod_gowork_missing_dir = {
	.id = "mod-gowork-missing-dir",
	.title = "go.work uses a directory that is gone",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(gowork) | FACT_BIT(work_use),
	.check = check,
};
