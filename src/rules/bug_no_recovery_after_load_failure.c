/* SPDX-License-Identifier: MIT
 * The cause is gone, and the running server keeps its failed load.
 *
 * Only when a fresh server is well, what was missing came after the running one began, and that one
 * still has the failure in its memory. A server that fetched the module itself at its start has not.
 * Not this: files of the workspace that changed (mod-stale-after-external-change), another gopls or Go
 * than the one that runs (bin-replaced-while-running), a server of another folder.
 */
#include "core/rule.h"

#define LONG_NS (INT64_C(120) * 1000 * 1000 * 1000) /* no first load takes that for one module */

static const struct fact_running_server *server_of(const struct facts *facts, int64_t pid) {
	facts_each (running_server, s, facts) {
		if (s->pid == pid) {
			return s;
		}
	}
	return NULL;
}

static bool is_proof(const struct fact_mended *m, const struct fact_running_server *s) {
	if (!str_empty(m->kept)) {
		return true;
	}
	return !m->read && streq(m->what, "module") && m->at_ns > s->start_ns + LONG_NS;
}

static void add(const struct rule *self, struct findings *out, const struct fact_mended *m,
                const struct fact_running_server *s) {
	const char *thing = streq(m->what, "module")
	                            ? arena_printf(out->arena, "%s@%s", m->module, m->version)
	                            : m->path;
	bool kept = !str_empty(m->kept);
	struct finding *f = findings_add(
		out, self, CONF_LIKELY,
		arena_printf(out->arena, "process %lld (gopls)", (long long)m->pid),
		"the running gopls (process %lld) began before %s was there or could be used "
		"(%s)%s%s%s: "
		"a fresh one has no trouble",
		(long long)m->pid, thing, m->path, kept ? ", and still has in mind \"" : "",
		kept ? m->kept : "", kept ? "\"" : "");

	finding_cites(f, m);
	finding_cites(f, s);
	finding_detail(out, f,
	               "it loads again only when it is told that a file of the module has "
	               "changed in a way that matters");
	finding_fix(out, f,
	            "restart the server: in VS Code the command Go: Restart Language Server, in "
	            "Neovim :LspRestart",
	            "%s", "");
	struct fix_advice *end = finding_fix(out, f, "end it; the editor starts another",
	                                     "kill %lld", (long long)m->pid);

	end->disruptive = true;
	end->reversible = false;
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	int64_t told = 0;

	if (!facts_healthy(facts)) {
		return;
	}
	facts_each (mended, m, facts) {
		const struct fact_running_server *s = server_of(facts, m->pid);

		if (s && m->pid != told && is_proof(m, s)) {
			add(self, out, m, s);
			told = m->pid;
		}
	}
}

const struct rule rule_bug_no_recovery_after_load_failure = {
	.id = "bug-no-recovery-after-load-failure",
	.title = "the running server keeps a failed load whose cause is gone",
	.wave = 2,
	.severity = SEV_WARNING,
	.needs = FACT_BIT(mended),
	.check = check,
};
