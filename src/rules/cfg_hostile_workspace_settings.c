/* SPDX-License-Identifier: MIT
 * The workspace brings a program along and makes the editor or go run it: -toolexec, an alternate
 * tool, a packages driver, a directory on PATH.
 *
 * The same in the user's own settings, or a program outside the workspace, is the user's own will.
 */
#include "core/rule.h"

/* A packages driver that nobody can start is mod-packages-driver-broken, and no danger. */
static bool cannot_start(const struct facts *facts, const char *program) {
	const struct fact_packages_driver *d = facts_first(packages_driver, facts);
	return d && streq(d->path, program) && !streq(d->state, "ok") &&
	       !streq(d->state, "unknown");
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	facts_each (setting_program, p, facts) {
		if (!p->inside || cannot_start(facts, p->program)) {
			continue;
		}
		const char *where = str_empty(p->file) ? ""
		                                       : arena_printf(out->arena, " (%s line %lld)",
		                                                      p->file, (long long)p->line);
		struct finding *f = findings_add(
			out, self, CONF_CERTAIN,
			arena_printf(out->arena, "%s: %s", p->key, p->program),
			"%s%s makes the editor run %s, which comes with this workspace", p->key,
			where, p->program);
		finding_about(out, f, p->program);
		finding_detail(out, f, "it was not run, so nothing else was tried");
		finding_cites(f, p);
		facts_each (setting, s, facts) {
			if (s->effective && s->line == p->line && streq(s->file, p->file)) {
				finding_cites(f, s);
			}
		}
		if (!str_empty(p->file)) {
			finding_fix(out, f,
			            arena_printf(out->arena,
			                         "take %s out of line %lld of that file", p->key,
			                         (long long)p->line),
			            "%s", "");
		}
		finding_fix(out, f, "read that program; when it may run, say so",
		            "dialtone check --trust");
	}
}

const struct rule rule_cfg_hostile_workspace_settings = {
	.id = "cfg-hostile-workspace-settings",
	.title = "the workspace makes the tools run a program of its own",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(setting_program),
	.check = check,
};
