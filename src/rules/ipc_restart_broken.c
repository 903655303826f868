/* SPDX-License-Identifier: MIT
 * The editor restarted its server, or tried to, and is left with a pipe nobody reads.
 *
 * Told from three sides: the editor runs, no gopls of it does, and its log of this run ends with a
 * write to a closed pipe or a stop without a new start; a fresh gopls is well. Not this: a server that
 * cannot start (then the fresh one is not well either), one that was given up after crashes (the log
 * says so: its crash is the cause), an editor that has opened no Go file yet (its log says nothing),
 * gopls' own "broken pipe" when its editor was closed.
 */
#include "core/rule.h"

static const struct fact_log_event *last_word(const struct facts *facts) {
	const struct fact_log_event *found = NULL;

	facts_each (log_event, l, facts) {
		bool starts = streq(l->kind, "start") || streq(l->kind, "started");
		bool explained = streq(l->kind, "gave-up") || streq(l->kind, "crash") ||
		                 streq(l->kind, "exit");

		if (!l->current || streq(l->source, "gopls")) {
			continue;
		}
		if (streq(l->kind, "broken-pipe") || streq(l->kind, "restart-failed") ||
		    streq(l->kind, "restart")) {
			found = found && streq(l->kind, "restart") ? found : l;
		} else if (starts || explained) {
			found = NULL;
		}
	}
	return found;
}

static bool server_runs(const struct facts *facts, const struct fact_editor_process *p) {
	facts_each (running_server, s, facts) {
		bool its = s->here || (s->editor_pid > 0 && s->editor_pid == p->pid);

		if (its && (streq(s->role, "server") || streq(s->role, "forwarder"))) {
			return true;
		}
	}
	return false;
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_editor_process *p = facts_first(editor_process, facts);
	const struct fact_log_event *l = last_word(facts);

	if (!p || !l || !facts_healthy(facts) || server_runs(facts, p)) {
		return;
	}
	struct finding *f = findings_add(
		out, self, CONF_LIKELY,
		arena_printf(out->arena, "process %lld (%s)", (long long)p->pid, p->comm),
		"the editor (process %lld, %s) has lost its gopls and started no other: %s line "
		"%lld "
		"says \"%s\", no gopls of it runs, and a fresh one is well",
		(long long)p->pid, p->comm, l->file, (long long)l->line, l->text);

	finding_cites(f, l);
	finding_cites(f, p);
	finding_fix(out, f,
	            "reload the window (VS Code: Developer: Reload Window; Neovim: :edit; Helix: "
	            ":lsp-restart, or :quit-all and again)",
	            "%s", "");
}

const struct rule rule_ipc_restart_broken = {
	.id = "ipc-restart-broken",
	.title = "the editor's restart of its server left a dead pipe",
	.wave = 2,
	.severity = SEV_WARNING,
	.needs = FACT_BIT(log_event) | FACT_BIT(running_server),
	.check = check,
};
