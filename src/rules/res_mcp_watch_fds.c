/* SPDX-License-Identifier: MIT
 * A gopls mcp was started in HOME or / and watches everything below it.
 *
 * An agent's server that stands in a module's directory watches that and is nothing to speak of; nor
 * is one in HOME that watches nothing (gopls v0.23 and later) or a handful of directories. What it
 * takes counts for the whole user: it explains that nothing is left for the editor (res-inotify).
 */
#include "core/rule.h"

#define MANY 1000

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_watch_budget *exhausted = NULL;

	if (!facts_first(health, facts)) {
		return;
	}
	facts_each (watch_budget, b, facts) {
		exhausted = b->exhausted ? b : exhausted;
	}
	facts_each (mcp_watch, m, facts) {
		int64_t held = m->watches > m->fds ? m->watches : m->fds;

		if (!m->home || held < (exhausted ? 1 : MANY) ||
		    (exhausted && exhausted->pid != m->pid && held < MANY)) {
			continue;
		}
		struct finding *f = findings_add(
			out, self, CONF_CERTAIN,
			arena_printf(out->arena, "process %lld (gopls mcp) in %s",
		                     (long long)m->pid, m->cwd),
			"gopls mcp (process %lld, %s) was started in %s and watches all below it: "
			"%lld directories, %lld open files",
			(long long)m->pid, m->version, m->cwd, (long long)m->watches,
			(long long)m->fds);
		finding_cites(f, m);
		if (exhausted) {
			finding_cites(f, exhausted);
			finding_about(out, f, exhausted->where);
		}
		struct fix_advice *end = finding_fix(out, f, "end it; the agent starts another",
		                                     "kill %lld", (long long)m->pid);

		end->disruptive = true;
		end->reversible = false;
		finding_fix(out, f, "let the agent start it in the module's directory", "%s",
		            "cd MODULE && gopls mcp");
		finding_fix(out, f, "newer releases watch less",
		            "go install golang.org/x/tools/gopls@latest");
	}
}

const struct rule rule_res_mcp_watch_fds = {
	.id = "res-mcp-watch-fds",
	.title = "gopls mcp watches a whole home directory",
	.wave = 2,
	.severity = SEV_WARNING,
	.needs = FACT_BIT(mcp_watch),
	.explains = IDS("res-inotify", "*mod-stale-after-external-change"),
	.check = check,
};
