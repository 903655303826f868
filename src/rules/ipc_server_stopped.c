/* SPDX-License-Identifier: MIT
 * The server itself stands still: stopped by a signal, held by a debugger, its cgroup frozen or out of processor time,
 * or wedged. It holds its pipe, so the editor waits for ever and says nothing.
 *
 * Not this: one that has used up its files (res-nofile) or processes (res-nproc-pids), whose socket somebody else holds
 * (ipc-remote-socket-stale-or-foreign), a server of another workspace, the program a debugger holds at a breakpoint, a server that waits for a
 * child (ipc-server-waits-on-child) or for an editor that stands still itself (ipc-editor-does-not-read).
 */
#include "core/rule.h"

/* A disk or a host that is slow has answered by then. */
#define SILENT_MS 4500

static bool stands_still(const struct fact_wait_leaf *l) {
	return streq(l->kind, "stopped") || streq(l->kind, "traced") || streq(l->kind, "frozen") ||
	       streq(l->kind, "throttled");
}

static bool is_it(const struct facts *facts, const struct fact_wait_leaf *l) {
	bool wedged = streq(l->kind, "inside") || streq(l->kind, "disk") ||
	              streq(l->kind, "memory") || streq(l->kind, "lock") ||
	              streq(l->kind, "fifo") || streq(l->kind, "reader");

	if ((streq(l->origin, "trial") && facts_healthy(facts)) || l->healthy || !l->settled) {
		return false;
	}
	if (streq(l->role, "server")) {
		return stands_still(l) || wedged || streq(l->kind, "net") ||
		       streq(l->kind, "prompt");
	}
	return streq(l->role, "target") && stands_still(l);
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	facts_each (wait_leaf, l, facts) {
		if (!is_it(facts, l)) {
			continue;
		}
		bool slow = streq(l->kind, "net") || streq(l->kind, "disk");
		bool sure = (!streq(l->kind, "inside") || l->proven) &&
		            (!slow || l->since_ms >= SILENT_MS);
		const char *subject = arena_printf(out->arena, "%s", l->name);
		struct finding *f = findings_add(out, self, sure ? CONF_CERTAIN : CONF_LIKELY,
		                                 subject, "%s", l->text);

		finding_about(out, f, arena_printf(out->arena, "%lld", (long long)l->pid));
		finding_cites(f, l);
		facts_each (wait_unread, u, facts) {
			if (u->pid == l->pid || u->pid == l->target) {
				finding_cites(f, u);
			}
		}
		finding_cites_links(f, facts, l->target);
		if (!str_empty(l->cure)) {
			struct fix_advice *fix = finding_fix(out, f, l->cure, "%s", l->command);

			fix->disruptive = l->disruptive;
			fix->reversible = !l->disruptive;
		}
	}
}

const struct rule rule_ipc_server_stopped = {
	.id = "ipc-server-stopped",
	.title = "The running server is stopped, frozen or wedged",
	.wave = 2,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(wait_leaf),
	.check = check,
};
