/* SPDX-License-Identifier: MIT
 * mod-replace-missing: a module the open file needs is replaced by a directory that is not there,
 * or is no module. gopls then claims that no required module provides the package, which is false.
 * Counter-check: a replacement nothing needs, or of another version, harms nothing.
 */
#include "core/rule.h"

#include "base/path.h"

static const char *defect(const struct fact_replace_target *r) {
	return !r->exists ? "does not exist" : "holds no go.mod";
}

/* "../lib (/home/u/src/lib)": as the user knows it, and where that is. */
static const char *place(struct arena *arena, const struct fact_replace_target *r) {
	bool same = str_empty(r->written) || streq(r->written, r->target);
	return same ? r->target : arena_printf(arena, "%s (%s)", r->written, r->target);
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	facts_each (replace_target, r, facts) {
		if (r->exists && r->has_gomod) {
			continue;
		}
		const struct fact *said = facts_said(facts, "error while importing", NULL);
		bool hurts = r->needed && (said || !facts_healthy(facts));
		struct finding *f = findings_add(out, self, CONF_CERTAIN, r->target,
		                                 "%s line %lld replaces %s by %s, which %s",
		                                 r->file, (long long)r->line, r->module,
		                                 place(out->arena, r), defect(r));
		finding_cites(f, r);
		finding_about(out, f, r->module);
		const char *dir = str_shell_quote(out->arena, path_parent(out->arena, r->file));
		const char *tool = str_ends(r->file, ".work") ? "work" : "mod";
		finding_fix(out, f, "put the module there (clone it, or correct the path)", "ls %s",
		            str_shell_quote(out->arena, path_parent(out->arena, r->target)));
		if (!r->placeholder) {
			finding_fix(out, f, "use the published version again",
			            "cd %s && go %s edit -dropreplace=%s", dir, tool,
			            str_shell_quote(out->arena, r->module));
		}
		f->severity = hurts ? SEV_ERROR : SEV_NOTE;
	}
}

const struct rule rule_mod_replace_missing = {
	.id = "mod-replace-missing",
	.title = "A replace points to a directory that is not there or is no module",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(replace_target),
	.explains = IDS("mod-gosum-or-gomod-stale", "mod-nested-not-in-workspace"),
	.check = check,
};
