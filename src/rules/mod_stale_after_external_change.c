/* SPDX-License-Identifier: MIT
 * Files were changed outside the editor and the running server was not told: what it says is of
 * yesterday.
 *
 * Only when a fresh server is well on the same files (else the errors are real), when no editor made
 * the change, and when nobody watches the directory. Not this: watches that ran out (res-inotify),
 * a gopls that is not the one on disk (bin-replaced-while-running).
 */
#include "core/rule.h"

static const char *kind_words(struct arena *arena, const struct fact_external_change *c) {
	return streq(c->kind, "checkout")    ? arena_printf(arena, "git (%s)", c->what)
	       : streq(c->kind, "generated") ? "a generator"
	                                     : "a tool";
}

static const struct fact_running_server *server_of(const struct facts *facts, int64_t pid) {
	facts_each (running_server, s, facts) {
		if (s->pid == pid) {
			return s;
		}
	}
	return NULL;
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	facts_each (external_change, c, facts) {
		const struct fact_running_server *s = server_of(facts, c->pid);

		if (c->watched || !s || !facts_healthy(facts)) {
			continue;
		}
		struct finding *f = findings_add(
			out, self, CONF_LIKELY, c->path,
			"%s changed %s%s after the running gopls (process %lld) began, and no "
			"process watches the directory to tell it: a fresh one has no trouble",
			kind_words(out->arena, c), c->path,
			c->count > 1 ? arena_printf(out->arena, " and %lld more",
		                                    (long long)c->count - 1)
				     : "",
			(long long)c->pid);
		finding_cites(f, c);
		finding_cites(f, s);
		finding_fix(out, f,
		            "restart the server: in VS Code the command Go: Restart Language "
		            "Server, in "
		            "Neovim :LspRestart",
		            "%s", "");
		struct fix_advice *end = finding_fix(out, f, "end it; the editor starts another",
		                                     "kill %lld", (long long)c->pid);

		end->disruptive = true;
		end->reversible = false;
		finding_fix(out, f,
		            "for good, with gopls v0.22 or newer: let it watch the files itself",
		            "\"gopls\": {\"fileWatcher\": \"fsnotify\"}");
	}
}

const struct rule rule_mod_stale_after_external_change = {
	.id = "mod-stale-after-external-change",
	.title = "files changed outside the editor and the running server was not told",
	.wave = 1,
	.severity = SEV_WARNING,
	.needs = FACT_BIT(external_change),
	.check = check,
};
